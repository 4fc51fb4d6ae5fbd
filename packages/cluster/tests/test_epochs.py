"""Old accounts of a cluster do not displace newer ones: told by literal replies, by nodes cut off, by any history."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from respool import ConnectionPool
from respool_cluster import ClusterConnectionPool, Node
from respool_cluster._map.discovery import discover, stagger
from respool_cluster._map.epochs import is_older, newest, parse_epochs
from respool_cluster._map.slot import SLOTS, key_slot
from respool_cluster._map.topology import Shard, Topology
from respool_testing import FakeCluster

A, B, C = Node("a", 1), Node("b", 2), Node("c", 3)


def told(primary: Node, epoch: int, *replicas: Node) -> Topology:
    return Topology((Shard(primary, replicas),) * SLOTS, epochs={primary: epoch})


def test_epochs_are_read_by_id() -> None:
    lines = (
        b"07c3 127.0.0.1:30004@31004,hostname4 slave e7d1 0 1426238317239 4 connected\n"
        b"67ed 127.0.0.1:30002@31002,hostname2 master - 0 1426238316232 2 connected 5461-10922\n"
        b"nonsense\n"
    )
    assert parse_epochs(lines) == {"07c3": 4, "67ed": 2}


def test_what_is_no_account_of_nodes_has_no_epochs() -> None:
    assert parse_epochs(None) == parse_epochs([b"a"]) == {}


def test_who_had_the_slots_before_is_older() -> None:
    assert is_older(told(A, 1, B), told(B, 2, A))
    assert not is_older(told(B, 2, A), told(A, 1, B))


def test_the_same_owner_is_never_older() -> None:
    assert not is_older(told(A, 1), told(A, 2))


def test_without_epochs_nothing_is_older() -> None:
    without = Topology((Shard(A),) * SLOTS)
    assert not is_older(without, told(B, 2))
    assert not is_older(told(B, 2), without)


def test_a_promotion_learnt_from_moved_makes_older_what_came_before() -> None:
    before = told(A, 7, B)
    assert is_older(before, before.moved(5, B))
    assert not is_older(told(B, 8, A), before.moved(5, B))


def test_a_moved_slot_makes_older_what_came_before() -> None:
    slots = (*(Shard(A),) * 100, *(Shard(B),) * (SLOTS - 100))
    before = Topology(slots, epochs={A: 3, B: 1})
    assert is_older(before, before.moved(5, B))


def test_the_newest_of_several_accounts_is_found() -> None:
    accounts = [told(A, 1), told(B, 3), told(C, 2)]
    assert all(newest(order).epochs == {B: 3} for order in itertools.permutations(accounts))


@given(st.lists(st.tuples(st.integers(0, SLOTS - 1), st.sampled_from([A, B, C])), max_size=20))
def test_no_history_makes_the_present_older_than_the_past(history: list[tuple[int, Node]]) -> None:
    past = Topology((Shard(A, (B,)),) * SLOTS, epochs={A: 1})
    present = past
    for slot, node in history:
        present = present.moved(slot, node)
    assert not is_older(present, past)
    assert not is_older(present, present)


@given(st.lists(st.tuples(st.integers(0, SLOTS - 1), st.sampled_from([A, B, C])), max_size=20))
def test_whatever_moved_every_slot_has_the_owner_it_moved_to_last(history: list[tuple[int, Node]]) -> None:
    topology = Topology((Shard(A),) * SLOTS, epochs={A: 1})
    owners = dict.fromkeys(range(SLOTS), A)
    for slot, node in history:
        topology = topology.moved(slot, node)
        owners[slot] = node
    assert {slot: shard.primary for slot, shard in enumerate(topology.slots) if shard} == owners


def test_larger_clusters_are_asked_at_more_different_moments() -> None:
    shards = tuple(Shard(Node("n", port)) for port in range(1000))
    assert stagger(None) == 0.0
    assert stagger(told(A, 1, B)) < stagger(Topology((shards * 17)[:SLOTS]))


async def account_of(cluster: FakeCluster, place: int) -> Topology:
    """Return what one node of a cluster tells."""
    node = Node(cluster.nodes[place].host, cluster.nodes[place].port)
    async with ConnectionPool(host=node.host, port=node.port) as pool:
        return await discover([[node]], lambda node: pool)


async def test_nodes_tell_their_epochs(respool_cluster: FakeCluster) -> None:
    account = await account_of(respool_cluster, 0)
    assert set(account.epochs) == set(account.nodes())


async def test_one_that_hides_them_is_believed_all_the_same(respool_cluster: FakeCluster) -> None:
    respool_cluster.nodes[0].server.faults.on("CLUSTER NODES").reply_error("NOPERM not for you")
    account = await account_of(respool_cluster, 0)
    assert account.is_whole
    assert account.epochs == {}


async def test_a_node_that_is_behind_does_not_turn_the_map_back() -> None:
    async with FakeCluster(primaries=3, replicas=1) as cluster:
        old = await account_of(cluster, 0)
        await cluster.failover(cluster.primaries[1])
        new = await account_of(cluster, 0)
    assert is_older(old, new)
    assert not is_older(new, old)


async def test_if_all_are_behind_the_cluster_was_made_anew(respool_cluster: FakeCluster) -> None:
    nodes = [Node(node.host, node.port) for node in respool_cluster.nodes[:2]]
    pools = {node: ConnectionPool(host=node.host, port=node.port) for node in nodes}
    before = Topology((Shard(Node("gone", 1)),) * SLOTS, epochs={Node("gone", 1): 1000})
    found = await discover([nodes], pools.__getitem__, lambda: before)
    assert found.shards != before.shards
    for pool in pools.values():
        await pool.aclose()


async def test_a_primary_that_missed_a_failover_of_another_convinces_nobody() -> None:
    async with FakeCluster(node_timeout=None) as cluster:
        old = cluster.owner_of("k")
        stale = next(node for node in cluster.primaries if node is not old)
        seeds = [Node(node.host, node.port) for node in cluster.nodes]
        async with ClusterConnectionPool(seeds) as pool:
            await pool.warm_up()
            cluster.partition([stale])
            heir = await cluster.failover(old)
            pool.nodes.moved(key_slot(b"k"), Node(heir.host, heir.port))
            for _ in range(30):  # it is asked among others, and often the first to answer
                await pool.nodes.initialize()
                assert pool.nodes.slots[key_slot(b"k")][0].port == heir.port
