"""Transactions on watched keys while their slot moves and its primary hands over: each adds one, and only one."""

from __future__ import annotations

import asyncio

from respool import Pipeline, Watched
from respool_cluster import Node, RedisCluster
from respool_cluster._map.slot import key_slot
from respool_testing import FakeCluster
from respool_testing.simulation import Simulation, simulate_many

SLOT = key_slot(b"t")
TIMES = 8


async def add_one(watched: Watched[str], pipe: Pipeline[str]) -> None:
    value = int(await watched.get("{t}n") or 0)
    pipe.set("{t}n", value + 1)


async def add(client: RedisCluster[str]) -> None:
    for _ in range(TIMES):
        await client.transaction(add_one, "{t}n")


async def disturb(cluster: FakeCluster, simulation: Simulation) -> None:
    """Move the slot by degrees, and have its primary hand over to a replica."""
    for number in range(4):
        await asyncio.sleep(simulation.random.uniform(0, 0.01))
        source = cluster.owner_of("{t}")
        if number == 2:
            await cluster.failover(source)
            continue
        target = simulation.random.choice([node for node in cluster.primaries if node is not source])
        cluster.begin_migration(SLOT, target)
        await asyncio.sleep(simulation.random.uniform(0, 0.005))
        cluster.move_keys(SLOT)
        await asyncio.sleep(simulation.random.uniform(0, 0.005))
        await cluster.migrate_slots([SLOT], to=target)


def test_no_transaction_is_lost_or_executed_twice() -> None:
    async def main(simulation: Simulation) -> None:
        async with FakeCluster(seed=simulation.seed) as cluster:
            seeds = [Node(node.host, node.port) for node in cluster.nodes]
            async with RedisCluster(seeds, decode_responses=True) as client:
                await asyncio.gather(disturb(cluster, simulation), *(add(client) for _ in range(3)))
                assert await client.get("{t}n") == str(3 * TIMES)

    simulate_many(main, seeds=range(15))
