"""Which replica answers: in turn, the fastest, the one nearby; the primary where none does."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from respool import Connection
from respool_cluster import (
    ClusterConnectionPool,
    LowestLatency,
    Node,
    RedisCluster,
    ReplicaOrder,
    SameZone,
)
from respool_cluster._map.replicas import EXPLORED, order_of
from respool_cluster._pool.acquaintance import parse_zone
from respool_testing import FakeCluster

A, B, C = Node("a", 1), Node("b", 2), Node("c", 3)


@dataclass
class Known:
    """What is known of a node."""

    seconds: float | None = None
    zone: str | None = None


def firsts(order: ReplicaOrder, known: dict[Node, Known], times: int = EXPLORED - 1) -> Counter[Node]:
    """Count who is asked first, the exploring read left out."""
    return Counter(order.order((A, B, C), known.__getitem__)[0] for _ in range(times))


NOTHING = {node: Known() for node in (A, B, C)}


def test_replicas_take_turns() -> None:
    assert firsts(ReplicaOrder(), NOTHING) == {A: 5, B: 5, C: 5}


def test_shards_that_are_read_alternately_have_turns_of_their_own() -> None:
    order = ReplicaOrder()
    seen = set()
    for _ in range(2):
        seen.add(order.order((A, B), NOTHING.__getitem__)[0])
        order.order((B, C), NOTHING.__getitem__)
    assert seen == {A, B}


def test_the_fastest_is_asked_first() -> None:
    known = {A: Known(0.003), B: Known(0.001), C: Known(0.002)}
    assert firsts(LowestLatency(), known) == {B: EXPLORED - 1}


def test_one_that_never_answered_is_asked_so_that_it_is_known() -> None:
    assert firsts(LowestLatency(), {A: Known(0.003), B: Known(), C: Known(0.002)}) == {B: EXPLORED - 1}


def test_now_and_then_a_slow_one_is_asked_all_the_same() -> None:
    known = {A: Known(0.003), B: Known(0.001), C: Known(0.002)}
    assert firsts(LowestLatency(), known, times=3 * EXPLORED)[B] < 3 * EXPLORED


def test_those_nearby_take_turns() -> None:
    known = {A: Known(zone="here"), B: Known(zone="there"), C: Known(zone="here")}
    counted = firsts(SameZone("here"), known, times=30)
    assert counted[B] == 0
    assert min(counted[A], counted[C]) >= 9


def test_one_that_was_never_asked_goes_before_one_far_away() -> None:
    known = {A: Known(zone="there"), B: Known(zone=""), C: Known()}
    assert set(firsts(SameZone("here"), known)) == {C}


@pytest.mark.parametrize(("wanted", "kind"), [(True, ReplicaOrder), (SameZone("z"), SameZone)])
def test_an_order_may_be_given_or_just_wanted(wanted: bool | ReplicaOrder, kind: type[ReplicaOrder]) -> None:
    assert type(order_of(wanted)) is kind


def test_without_a_wish_there_is_no_order() -> None:
    assert order_of(False) is None
    assert repr(SameZone("z")) == "SameZone('z')"


@pytest.mark.parametrize(
    ("info", "zone"),
    [
        (b"# Server\r\navailability_zone:eu-1a\r\nuptime:1\r\n", "eu-1a"),
        (b"# Server\r\navailability_zone:\r\n", ""),
        ("availability_zone:eu-1a", "eu-1a"),
        (b"# Server\r\n", ""),
        (None, ""),
    ],
)
def test_a_zone_is_read_from_info(info: object, zone: str) -> None:
    assert parse_zone(info) == zone


async def reads(cluster: FakeCluster, read_from_replicas: bool | ReplicaOrder) -> Counter[int]:
    """Read many times; return how many reads each node answered."""
    seed = Node(cluster.nodes[0].host, cluster.nodes[0].port)
    async with RedisCluster([seed], read_from_replicas=read_from_replicas) as client:
        await client.set("k", "v")
        for _ in range(2 * EXPLORED):
            assert await client.get("k") == b"v"
    return Counter(
        {
            node.port: sum(each.name == "GET" and each.executed for each in node.server.log)
            for node in cluster.nodes
        }
    )


@pytest.mark.parametrize("make", [ReplicaOrder, LowestLatency, lambda: SameZone("eu-1a")])
async def test_the_client_reads_from_replicas_in_any_order(make: Callable[[], ReplicaOrder]) -> None:
    async with FakeCluster(primaries=1, replicas=2) as cluster:
        counted = await reads(cluster, make())
        assert counted[cluster.primaries[0].port] == 0
        assert all(counted[node.port] for node in cluster.replicas)


async def test_the_client_reads_nearby() -> None:
    async with FakeCluster(primaries=1, replicas=2) as cluster:
        near, far = cluster.replicas
        near.server.faults.on("INFO").reply_with(b"availability_zone:here")
        far.server.faults.on("INFO").reply_with(b"availability_zone:there")
        counted = await reads(cluster, SameZone("here"))
        assert counted[near.port] > counted[far.port]


async def test_the_pool_reads_in_that_order_too(respool_cluster: FakeCluster) -> None:
    seed = Node(respool_cluster.nodes[0].host, respool_cluster.nodes[0].port)
    async with ClusterConnectionPool([seed], read_from_replicas=LowestLatency()) as pool:
        assert pool.read_from_replicas is True
        connection = await pool.get_connection(b"GET", "k")
        assert isinstance(connection, Connection)
        assert connection.port in {node.port for node in respool_cluster.replicas}
        pool.release(connection)
