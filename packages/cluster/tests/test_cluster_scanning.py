"""Iterating over the keys of a cluster, while slots move and nodes are replaced."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from respool.errors import ConnectionError, TimeoutError
from respool.replies import ClusterNode
from respool_cluster import Node, RedisCluster
from respool_cluster._client.holding import Holding, Progress, read_holding
from respool_cluster._map.slot import SLOTS, key_slot
from respool_cluster._map.topology import Shard, Topology
from respool_testing import FakeCluster, FakeNode

KEYS = {f"k{number}" for number in range(60)}
A, B = Node("a", 1), Node("b", 2)
EVERY_SLOT = frozenset(range(SLOTS))


@pytest_asyncio.fixture
async def client(respool_cluster: FakeCluster) -> AsyncIterator[RedisCluster[str]]:
    seed = respool_cluster.nodes[0]
    async with RedisCluster([Node(seed.host, seed.port)], decode_responses=True) as client:
        await client.mset(dict.fromkeys(KEYS, "v"))
        yield client


def another(cluster: FakeCluster, node: FakeNode) -> FakeNode:
    return next(each for each in cluster.primaries if each is not node)


def line(*slots: str, id: str = "A") -> ClusterNode:
    return ClusterNode(
        id, "a:1@2,name", frozenset({"myself", "master"}), None, 0, 0, 1, "connected", [*slots]
    )


def test_a_node_tells_its_slots_and_those_on_their_way() -> None:
    told = read_holding([line("0-2", "7", "[1->-B]", "[9-<-B]")], A)
    assert told == Holding("A", frozenset({0, 2, 7}), {1: "B"}, frozenset({9}), {"A": Node("a", 1)})
    assert told.concerns({9})
    assert told.concerns({1})
    assert not told.concerns({3})


def test_a_node_that_says_nothing_of_itself_has_nothing() -> None:
    assert not read_holding([], A).concerns({1})


def test_a_slot_that_was_given_away_meanwhile_is_not_done() -> None:
    progress, topology = Progress(), Topology((Shard(A),) * SLOTS)
    kept = Holding("A", EVERY_SLOT - {5})
    assert progress.seen(A, Holding("A", EVERY_SLOT), kept, topology)
    assert progress.pending == {5}


def test_a_slot_on_its_way_is_done_behind_the_node_that_gets_it() -> None:
    progress, topology = Progress(), Topology((Shard(A),) * SLOTS)
    giving = Holding("A", EVERY_SLOT - {5}, {5: "B"}, others={"B": B})
    progress.seen(A, giving, giving, topology)
    assert progress.pending == {5}
    assert progress.next_node(topology) == B
    getting = Holding("B", coming=frozenset({5}))
    assert progress.seen(B, getting, getting, topology)
    assert progress.next_node(topology) is None


def test_a_slot_that_went_back_is_asked_for_again() -> None:
    progress, topology = Progress(), Topology((Shard(A),) * SLOTS)
    giving = Holding("A", EVERY_SLOT - {5}, {5: "B"}, others={"B": B})
    progress.seen(A, giving, giving, topology)
    assert not progress.seen(B, Holding("B", coming=frozenset({5})), Holding("B"), topology)
    assert progress.next_node(topology) == A


async def test_keys_of_all_nodes_are_told_once(client: RedisCluster[str]) -> None:
    assert sorted([key async for key in client.scan_iter(count=5)]) == sorted(KEYS)


async def test_only_keys_that_match_are_told(client: RedisCluster[str]) -> None:
    await client.rpush("list", "v")
    assert {key async for key in client.scan_iter(match="k1?")} == {f"k{number}" for number in range(10, 20)}
    assert [key async for key in client.scan_iter(type="list")] == ["list"]


async def test_keys_that_move_behind_the_iterator_are_told(
    respool_cluster: FakeCluster, client: RedisCluster[str]
) -> None:
    seen: set[str] = set()
    first = respool_cluster.primaries[0]
    async for key in client.scan_iter(count=1):
        if not seen:  # the first node is being scanned: what the last has moves there
            last = respool_cluster.primaries[-1]
            slots = [key_slot(each.encode()) for each in KEYS if respool_cluster.owner_of(each) is last]
            await respool_cluster.migrate_slots(slots, to=first)
        seen.add(key)
    assert seen == KEYS


async def test_keys_on_their_way_are_told(respool_cluster: FakeCluster, client: RedisCluster[str]) -> None:
    slot, owner = key_slot(b"k1"), respool_cluster.owner_of("k1")
    respool_cluster.begin_migration(slot, another(respool_cluster, owner))
    respool_cluster.move_keys(slot)
    assert {key async for key in client.scan_iter()} == KEYS


async def test_a_node_that_is_replaced_is_begun_anew(
    respool_cluster: FakeCluster, client: RedisCluster[str]
) -> None:
    seen: set[str] = set()
    async for key in client.scan_iter(count=1):
        if not seen:
            await respool_cluster.failover(respool_cluster.primaries[-1])
        seen.add(key)
    assert seen == KEYS


async def test_a_node_that_stays_dead_is_told_of(respool_cluster: FakeCluster) -> None:
    seed, victim = respool_cluster.nodes[0], respool_cluster.primaries[-1]
    async with RedisCluster([Node(seed.host, seed.port)], stream_timeout=0.2) as client:
        await client.ping()
        await respool_cluster.kill(victim)
        with pytest.raises((ConnectionError, TimeoutError), match=str(victim.port)):
            _ = [key async for key in client.scan_iter()]


async def test_what_a_key_holds_is_iterated_where_it_is(client: RedisCluster[str]) -> None:
    await client.hset("h", mapping={"f": "v"})
    await client.sadd("s", "m")
    await client.zadd("z", {"m": 1})
    assert [pair async for pair in client.hscan_iter("h")] == [("f", "v")]
    assert [member async for member in client.sscan_iter("s")] == ["m"]
    assert [member async for member in client.zscan_iter("z")] == [("m", 1.0)]
