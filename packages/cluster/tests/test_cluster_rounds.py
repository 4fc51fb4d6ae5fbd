"""Looks at the cluster although nothing happened: about once a minute, in virtual time, until the client is closed."""

from __future__ import annotations

import asyncio

from respool_cluster import Node, RedisCluster
from respool_cluster._map.rounds import SECONDS
from respool_testing import FakeCluster
from respool_testing.simulation import Simulation, simulate


def looks(cluster: FakeCluster) -> int:
    return sum(each.words[:2] == (b"CLUSTER", b"SLOTS") for node in cluster.nodes for each in node.server.log)


def test_a_client_looks_at_the_cluster_now_and_then() -> None:
    async def main(simulation: Simulation) -> None:
        async with FakeCluster(node_timeout=None) as cluster:
            async with RedisCluster([Node(cluster.nodes[0].host, cluster.nodes[0].port)]) as client:
                await client.set("k", "v")
                before = looks(cluster)
                await asyncio.sleep(10 * SECONDS)
                # Three are asked for each look.
                assert 5 * 3 <= looks(cluster) - before <= 20 * 3
            after = looks(cluster)
            await asyncio.sleep(10 * SECONDS)
            assert looks(cluster) == after

    simulate(main)
