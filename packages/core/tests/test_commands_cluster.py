"""The typed commands on a cluster, asked of one node."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Literal

import pytest
import pytest_asyncio

from packages.core.tests.typed import client_of, needs, needs_redis_7
from packages.core.tests.waiting import until
from respool import Redis
from respool.errors import DataError, ResponseError
from respool_testing import RealServer, ServerProcess

STRANGER = "0" * 40


@pytest_asyncio.fixture
async def node(real_server: ServerProcess) -> AsyncIterator[RealServer]:
    needs_redis_7(real_server)
    options = ["--cluster-enabled", "yes", "--enable-debug-command", "yes"]
    async with RealServer(real_server.binary, options) as node:
        yield node


@pytest_asyncio.fixture
async def redis(node: RealServer, any_protocol: Literal[2, 3]) -> AsyncIterator[Redis[bytes]]:
    async with client_of(node, any_protocol) as redis:
        yield redis


@pytest_asyncio.fixture
async def serving(redis: Redis[bytes]) -> Redis[bytes]:
    await redis.cluster_addslotsrange((0, 16383))
    return redis


async def put_a_key(redis: Redis[bytes]) -> None:
    """Make the key `{a}:0` by a way that is open already: a fresh cluster takes writes after two seconds only."""
    await redis.execute_command("DEBUG", "POPULATE", 1, "{a}")


async def test_slots_are_taken_and_given_up(redis: Redis[bytes]) -> None:
    assert await redis.cluster_addslots(1, 2, 3) is True
    assert await redis.cluster_addslotsrange((10, 20), (30, 40)) is True
    assert await redis.cluster_delslots(2) is True
    assert await redis.cluster_delslotsrange((10, 19)) is True
    (node,) = await redis.cluster_nodes()
    assert node.slots == ["1", "3", "20", "30-40"]
    assert await redis.cluster_flushslots() is True
    assert await redis.cluster_slots() == []


async def test_a_node_tells_of_itself(serving: Redis[bytes], node: RealServer) -> None:
    (told,) = await serving.cluster_nodes()
    assert told.id == await serving.cluster_myid()
    assert {"myself", "master"} <= told.flags
    assert (told.primary_id, told.slots, told.link_state) == (None, ["0-16383"], "connected")
    assert (await serving.cluster_info())["cluster_slots_assigned"] == "16384"
    assert await serving.cluster_links() == []
    assert await serving.cluster_count_failure_reports(told.id) == 0
    assert await serving.cluster_replicas(told.id) == []


async def test_slots_and_shards(serving: Redis[bytes], node: RealServer) -> None:
    (slots,) = await serving.cluster_slots()
    assert (slots.start, slots.end, slots.primary.port, slots.replicas) == (0, 16383, node.port, [])
    (shard,) = await serving.cluster_shards()
    assert shard.slots == [(0, 16383)]
    (member,) = shard.nodes
    assert (member.port, member.tls_port, member.role, member.health) == (node.port, None, "master", "online")


async def test_a_shard_has_an_id(serving: Redis[bytes]) -> None:
    await needs(serving, "CLUSTER|MYSHARDID", why="Redis >= 7.2")
    assert len(await serving.cluster_myshardid()) == 40


async def test_keys_of_slots(serving: Redis[bytes]) -> None:
    await put_a_key(serving)
    slot = await serving.cluster_keyslot("a")
    assert slot == 15495
    assert await serving.cluster_countkeysinslot(slot) == 1
    assert await serving.cluster_getkeysinslot(slot, 10) == [b"{a}:0"]


async def test_figures_of_slots(serving: Redis[bytes]) -> None:
    await needs(serving, "CLUSTER|SLOT-STATS", why="Redis >= 8.2")
    await put_a_key(serving)
    assert (await serving.cluster_slot_stats(slotsrange=(15495, 15496)))[15495]["key-count"] == 1
    first = await serving.cluster_slot_stats(orderby="key-count", limit=1, order="DESC")
    assert list(first) == [15495]
    with pytest.raises(DataError, match="give either"):
        await serving.cluster_slot_stats()


async def test_slots_move(serving: Redis[bytes]) -> None:
    own = await serving.cluster_myid()
    assert await serving.cluster_setslot(1, "STABLE") is True
    assert await serving.cluster_setslot(1, "NODE", own) is True
    with pytest.raises(ResponseError, match="Unknown node"):
        await serving.cluster_setslot(1, "NODE", STRANGER)


async def test_nodes_meet_and_part(redis: Redis[bytes], real_server: ServerProcess) -> None:
    async with (
        RealServer(real_server.binary, ["--cluster-enabled", "yes"]) as node,
        Redis.from_url(node.url) as other,
    ):
        other_id = await other.cluster_myid()
        assert await redis.cluster_meet(node.host, node.port, node.port + 10000) is True
        nodes = await until(redis.cluster_nodes, lambda nodes: other_id in {each.id for each in nodes})
        assert len(nodes) == 2
        await until(redis.cluster_links, lambda links: {each.node for each in links} == {other_id})
        assert await redis.cluster_forget(other_id) is True


async def test_a_node_becomes_a_replica(redis: Redis[bytes], real_server: ServerProcess) -> None:
    async with (
        RealServer(real_server.binary, ["--cluster-enabled", "yes"]) as node,
        Redis.from_url(node.url) as other,
    ):
        own_id = await redis.cluster_myid()
        await redis.cluster_meet(node.host, node.port)
        await until(other.cluster_nodes, lambda nodes: own_id in {each.id for each in nodes})
        assert await other.cluster_replicate(own_id) is True
        (replica,) = await until(lambda: redis.cluster_replicas(own_id), bool)
        assert replica.primary_id == own_id


async def test_what_only_replicas_do(redis: Redis[bytes]) -> None:
    with pytest.raises(ResponseError, match="replica"):
        await redis.cluster_failover("FORCE")
    with pytest.raises(ResponseError, match="Unknown node"):
        await redis.cluster_replicate(STRANGER)


async def test_epochs_and_files(redis: Redis[bytes]) -> None:
    assert await redis.cluster_set_config_epoch(7) is True
    assert await redis.cluster_bumpepoch() == "STILL 7"
    assert await redis.cluster_saveconfig() is True
    assert await redis.cluster_reset("HARD") is True
