"""What a silent node costs: the others are asked about it, and one that was replaced is left at once."""

from __future__ import annotations

import asyncio

import pytest

from packages.core.tests.waiting import come_true
from respool import Connection
from respool.errors import ConnectionError
from respool_cluster import Node, RedisCluster
from respool_cluster._map.suspicion import is_replaced, is_silent
from respool_cluster._map.topology import Shard, Topology
from respool_testing import FakeCluster

ONE, TWO, THREE = Node("one", 1), Node("two", 2), Node("three", 3)
TOPOLOGY = Topology((Shard(ONE, (TWO,)),) * 16384)


@pytest.mark.parametrize(
    ("node", "was_primary", "replaced"),
    [
        (ONE, True, False),
        (TWO, False, False),
        (TWO, True, True),
        (THREE, True, True),
        (THREE, False, True),
    ],
)
def test_replaced_is_what_is_gone_or_demoted(node: Node, was_primary: bool, replaced: bool) -> None:
    assert is_replaced(TOPOLOGY, node, was_primary=was_primary) is replaced


async def test_a_hung_primary_is_left_when_another_is_promoted(respool_cluster: FakeCluster) -> None:
    seed = respool_cluster.nodes[0]
    async with RedisCluster([Node(seed.host, seed.port)], stream_timeout=30) as client:
        await client.set("k", "v")
        victim = respool_cluster.owner_of("k")
        respool_cluster.hang(victim)
        write, read = client.set("k", "w"), client.get("k")
        await respool_cluster.failover(victim)
        assert await asyncio.wait_for(read, 5) == b"v"
        with pytest.raises(ConnectionError) as caught:
            await write
        assert caught.value.maybe_executed
        assert await client.set("k", "x")


async def test_a_slow_node_that_nobody_replaced_is_not_punished(respool_cluster: FakeCluster) -> None:
    seed = respool_cluster.nodes[0]
    async with RedisCluster([Node(seed.host, seed.port)]) as client:
        await client.ping()
        victim = respool_cluster.owner_of("k")
        respool_cluster.hang(victim)
        write = client.set("k", "v")
        before = topology_requests(respool_cluster)
        await come_true(lambda: topology_requests(respool_cluster) > before + 1)
        respool_cluster.resume(victim)
        assert await write


async def test_reads_are_answered_by_replicas_where_wanted(respool_cluster: FakeCluster) -> None:
    seed = respool_cluster.nodes[0]
    async with RedisCluster([Node(seed.host, seed.port)], read_from_replicas=True) as client:
        await client.set("k", "v")
        owner = respool_cluster.owner_of("k")
        assert await client.get("k") == b"v"
        assert "GET" not in {each.name for each in owner.server.log}
        for replica in respool_cluster.replicas_of(owner):
            await respool_cluster.kill(replica)
        assert await client.get("k") == b"v"


def topology_requests(cluster: FakeCluster) -> int:
    return sum(each.words[:2] == (b"CLUSTER", b"SLOTS") for node in cluster.nodes for each in node.server.log)


def test_a_connection_that_was_never_used_is_not_silent() -> None:
    assert not is_silent(Connection())
