"""Blocking commands of the cluster client: on a connection of their own, at the node of their keys."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from respool.errors import ConnectionError, RedisClusterError, ResponseError
from respool_cluster import Node, RedisCluster
from respool_cluster._map.slot import key_slot
from respool_testing import FakeCluster, FakeNode


@pytest_asyncio.fixture
async def client(respool_cluster: FakeCluster) -> AsyncIterator[RedisCluster[bytes]]:
    async with RedisCluster([Node(*_address(respool_cluster.nodes[0]))]) as client:
        yield client


def _address(node: FakeNode) -> tuple[str, int]:
    return node.host, node.port


def another(cluster: FakeCluster, key: str) -> FakeNode:
    return next(node for node in cluster.primaries if node is not cluster.owner_of(key))


async def until_blocked(node: FakeNode) -> None:
    await node.server.until(lambda: any(each.blocked for each in node.server.connections))


async def test_one_that_blocks_keeps_nobody_waiting(client: RedisCluster[bytes]) -> None:
    popped = client.blpop("k", timeout=0)
    assert await client.rpush("k", "v") == 1
    assert await popped == (b"k", b"v")


async def test_words_that_block_are_known_by_their_name(client: RedisCluster[bytes]) -> None:
    await client.rpush("k", "v")
    assert await client.execute_command("BLPOP", "k", 0) == [b"k", b"v"]


async def test_cancelled_it_pops_for_nobody(
    respool_cluster: FakeCluster, client: RedisCluster[bytes]
) -> None:
    popped = client.blpop("k", timeout=0)
    await until_blocked(respool_cluster.owner_of("k"))
    popped.cancel()
    server = respool_cluster.owner_of("k").server
    await server.until(lambda: not any(each.blocked for each in server.connections))
    await client.rpush("k", "v")
    assert await client.lrange("k", 0, -1) == [b"v"]


async def test_it_follows_a_slot_that_moves_while_it_waits(
    respool_cluster: FakeCluster, client: RedisCluster[bytes]
) -> None:
    popped = client.blpop("k", timeout=0)
    await until_blocked(respool_cluster.owner_of("k"))
    target = another(respool_cluster, "k")
    await respool_cluster.migrate_slots([key_slot(b"k")], to=target)
    await until_blocked(target)
    await client.rpush("k", "v")
    assert await popped == (b"k", b"v")


async def test_it_is_asked_for_where_its_key_went(
    respool_cluster: FakeCluster, client: RedisCluster[bytes]
) -> None:
    await client.rpush("k", "v")
    slot, target = key_slot(b"k"), another(respool_cluster, "k")
    respool_cluster.begin_migration(slot, target)
    respool_cluster.move_keys(slot)
    assert await client.blpop("k", timeout=1) == (b"k", b"v")


async def test_a_dead_primary_is_waited_for(
    respool_cluster: FakeCluster, client: RedisCluster[bytes]
) -> None:
    await client.rpush("k", "v")
    victim = respool_cluster.owner_of("k")
    await respool_cluster.kill(victim)
    popped = client.blpop("k", timeout=1)
    await asyncio.wait([popped], timeout=0.01)
    await respool_cluster.failover(victim)
    assert await popped == (b"k", b"v")


async def test_one_that_lost_its_connection_is_not_repeated(
    respool_cluster: FakeCluster, client: RedisCluster[bytes]
) -> None:
    owner = respool_cluster.owner_of("k")
    owner.server.faults.on("BLPOP").drop_connection(when="after_execute").times(1)
    await client.rpush("k", "v", "w")
    with pytest.raises(ConnectionError) as caught:
        await client.blpop("k", timeout=0)
    assert caught.value.maybe_executed


async def test_a_server_error_is_the_callers(client: RedisCluster[bytes]) -> None:
    await client.set("k", "text")
    with pytest.raises(ResponseError, match="WRONGTYPE"):
        await client.blpop("k", timeout=1)


async def test_keys_in_several_slots_are_refused(client: RedisCluster[bytes]) -> None:
    with pytest.raises(RedisClusterError, match="several slots"):
        await client.blpop(["a", "b"], timeout=1)
