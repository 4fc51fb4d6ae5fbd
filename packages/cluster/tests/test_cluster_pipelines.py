"""Pipelines of the cluster client: to several nodes in order, and transactions to the one node they belong to."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from respool.errors import ConnectionError, DataError, RedisClusterError, ResponseError
from respool_cluster import Node, RedisCluster
from respool_cluster._map.slot import key_slot
from respool_testing import FakeCluster, FakeNode


@pytest_asyncio.fixture
async def client(respool_cluster: FakeCluster) -> AsyncIterator[RedisCluster[bytes]]:
    seed = respool_cluster.nodes[0]
    async with RedisCluster([Node(seed.host, seed.port)]) as client:
        yield client


def another(cluster: FakeCluster, key: str) -> FakeNode:
    return next(node for node in cluster.primaries if node is not cluster.owner_of(key))


async def test_results_of_several_nodes_come_in_order(client: RedisCluster[bytes]) -> None:
    async with client.pipeline(transaction=False) as pipe:
        for number in range(30):
            pipe.set(f"k{number}", number)
        for number in range(30):
            pipe.get(f"k{number}")
        results = await pipe.execute()
    assert results == [True] * 30 + [b"%d" % number for number in range(30)]


async def test_one_error_is_one_result(client: RedisCluster[bytes]) -> None:
    await client.set("text", "x")
    pipe = client.pipeline(transaction=False)
    pipe.incr("text")
    pipe.incr("n")
    failed, counted = await pipe.execute(raise_on_error=False)
    assert isinstance(failed, ResponseError)
    assert counted == 1


async def test_each_command_follows_its_slot(
    respool_cluster: FakeCluster, client: RedisCluster[bytes]
) -> None:
    await client.ping()
    await respool_cluster.migrate_slots([key_slot(b"k")], to=another(respool_cluster, "k"))
    pipe = client.pipeline(transaction=False)
    for key in ("k", "other", "k", "k"):
        pipe.incr(key)
    assert await pipe.execute() == [1, 1, 2, 3]


async def test_a_transaction_is_executed_by_the_node_of_its_keys(client: RedisCluster[bytes]) -> None:
    async with client.pipeline() as pipe:
        counted = pipe.incr("{t}n")
        pipe.set("{t}k", "v")
        pipe.get("{t}k")
        assert await pipe.execute() == [1, True, b"v"]
    assert await counted == 1


async def test_a_transaction_over_several_slots_is_refused_unsent(
    respool_cluster: FakeCluster, client: RedisCluster[bytes]
) -> None:
    pipe = client.pipeline()
    pipe.incr("a")
    pipe.incr("b")
    with pytest.raises(RedisClusterError, match="slots 3300, 15495"):
        await pipe.execute()
    assert not any(each.name == "MULTI" for node in respool_cluster.nodes for each in node.server.log)


async def test_a_transaction_follows_its_slot(
    respool_cluster: FakeCluster, client: RedisCluster[bytes]
) -> None:
    await client.ping()
    await respool_cluster.migrate_slots([key_slot(b"k")], to=another(respool_cluster, "k"))
    pipe = client.pipeline()
    pipe.incr("k")
    pipe.incr("k")
    assert await pipe.execute() == [1, 2]


async def test_a_transaction_waits_for_a_slot_on_its_way(
    respool_cluster: FakeCluster, client: RedisCluster[bytes]
) -> None:
    await client.set("k", 1)
    slot, target = key_slot(b"k"), another(respool_cluster, "k")
    respool_cluster.begin_migration(slot, target)
    respool_cluster.move_keys(slot)
    pipe = client.pipeline()
    pipe.incr("k")
    executing = asyncio.ensure_future(pipe.execute())
    await asyncio.wait([executing], timeout=0.01)
    await respool_cluster.migrate_slots([slot], to=target)
    assert await executing == [2]


async def test_a_transaction_waits_for_an_heir(
    respool_cluster: FakeCluster, client: RedisCluster[bytes]
) -> None:
    await client.ping()
    victim = respool_cluster.owner_of("k")
    await respool_cluster.kill(victim)
    pipe = client.pipeline()
    pipe.incr("k")
    executing = asyncio.ensure_future(pipe.execute())
    await asyncio.wait([executing], timeout=0.01)
    await respool_cluster.failover(victim)
    assert await executing == [1]


async def test_a_transaction_that_may_have_been_executed_is_not_repeated(
    respool_cluster: FakeCluster, client: RedisCluster[bytes]
) -> None:
    respool_cluster.owner_of("k").server.faults.on("EXEC").drop_connection(when="after_execute").times(1)
    pipe = client.pipeline()
    pipe.incr("k")
    with pytest.raises(ConnectionError) as caught:
        await pipe.execute()
    assert caught.value.maybe_executed
    assert await client.get("k") == b"1"


async def test_an_aborted_transaction_names_its_reason(client: RedisCluster[bytes]) -> None:
    pipe = client.pipeline()
    pipe.execute_command("SET", "k")
    with pytest.raises(ResponseError, match="wrong number of arguments"):
        await pipe.execute()


async def test_cancelled_it_leaves_no_future_behind(
    respool_cluster: FakeCluster, client: RedisCluster[bytes]
) -> None:
    await client.ping()
    await respool_cluster.kill(respool_cluster.owner_of("k"))
    pipe = client.pipeline()
    counted = pipe.incr("k")
    executing = asyncio.ensure_future(pipe.execute())
    await asyncio.wait([executing], timeout=0.01)
    executing.cancel()
    await asyncio.wait([executing])
    assert counted.cancelled()


async def test_what_blocks_is_refused(client: RedisCluster[bytes]) -> None:
    with pytest.raises(DataError, match="blocking"):
        client.pipeline().blpop("k", timeout=1)
