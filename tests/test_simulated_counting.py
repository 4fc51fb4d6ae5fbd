"""A cluster in virtual time, callers that count, each a key, and a seed that decides what happens to the nodes.

What is planned costs nobody anything. What is not may fail calls, but loses nothing that was acknowledged, does
nothing twice, keeps nobody waiting for ever, and once it is over all is as before.
"""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import Awaitable, Callable

from benchmarks.chaos.oracle import Oracle
from benchmarks.chaos.truth import Truth
from respool_cluster import Node, RedisCluster
from respool_cluster._map.slot import key_slot
from respool_testing import FakeCluster
from respool_testing.simulation import Simulation, simulate_many

SEEDS = range(int(os.environ.get("RESPOOL_SEEDS", "8")))
KEYS = [f"k{number}" for number in range(8)]
NODE_TIMEOUT = 2.0
# What a hung or unreachable node may cost, with default settings: its replacement is elected meanwhile.
LONGEST_SECONDS = 12.0
RECOVERY_SECONDS = 15.0
STEPS = 6

Disturb = Callable[[Simulation, FakeCluster], Awaitable[None]]


async def counted(simulation: Simulation, disturb: Disturb) -> Oracle:
    """Count while a cluster is disturbed, until everybody is served again; return what the callers saw."""
    async with FakeCluster(node_timeout=NODE_TIMEOUT) as cluster:
        async with RedisCluster([Node(cluster.nodes[0].host, cluster.nodes[0].port)]) as client:
            await client.ping()
            oracle = Oracle(client, {"all": KEYS}, think_seconds=0.02)
            async with oracle:
                for _ in range(STEPS):
                    await asyncio.sleep(simulation.random.uniform(0, 1))
                    await disturb(simulation, cluster)
                await mend(simulation, cluster)
                await asyncio.wait_for(oracle.back("all", simulation.seconds), RECOVERY_SECONDS)
            await oracle.settle()
        await cluster.assert_nothing_open()
    return oracle


async def mend(simulation: Simulation, cluster: FakeCluster) -> None:
    simulation.network.heal()
    for node in cluster.nodes:
        cluster.resume(node)
        if not node.alive:
            # Otherwise one that nobody replaced yet would come back empty, which is no client's fault.
            await cluster.restart(node, lose_data=False)


async def by_plan(simulation: Simulation, cluster: FakeCluster) -> None:
    """Hand over, move slots with their keys, or leave one on the way to a node that owns nothing yet."""
    chance = simulation.random
    primary = chance.choice(cluster.primaries)
    kind = chance.choice(["failover", "slots", "new node"])
    if kind == "failover":
        if cluster.replicas_of(primary):
            await cluster.failover(primary)
    elif kind == "slots":
        await cluster.migrate_slots(
            some_slots(chance, cluster.slots_of(primary)), chance.choice(cluster.primaries)
        )
    elif len(cluster.nodes) < 8:
        await half_move(chance, cluster)


def some_slots(chance: random.Random, slots: list[int]) -> list[int]:
    """Choose slots, those that are counted in among them."""
    used = [slot for slot in map(key_slot_of, KEYS) if slot in slots]
    return sorted({*used, *chance.sample(slots, min(20, len(slots)))})


def key_slot_of(key: str) -> int:
    return key_slot(key.encode())


async def half_move(chance: random.Random, cluster: FakeCluster) -> None:
    """Move a slot to a new node; for a while its keys are here, then there."""
    target = await cluster.add_node()
    slot = key_slot_of(chance.choice(KEYS))
    cluster.begin_migration(slot, target)
    await asyncio.sleep(chance.uniform(0, 0.2))
    cluster.move_keys(slot)
    await asyncio.sleep(chance.uniform(0, 0.2))
    cluster.finish_migration(slot)


async def by_accident(simulation: Simulation, cluster: FakeCluster) -> None:
    """Kill, hang or cut off a primary, or lose its connections; sometimes, do something planned meanwhile."""
    chance = simulation.random
    kind = chance.choice(["reset", "kill", "hang", "cut", "plan", "mend"])
    living = [node for node in cluster.primaries if node.alive]
    primary = chance.choice(living)
    if kind == "reset":
        simulation.network.reset(f"*:{primary.port}")
    elif kind == "plan":
        await mend(
            simulation, cluster
        )  # slots on their way to a dead node stay open until somebody repairs them
        await by_plan(simulation, cluster)
    elif kind == "mend":
        await mend(simulation, cluster)
    elif len(living) == len(cluster.primaries):  # two at once, and nobody could elect anybody
        await mend(simulation, cluster)
        if kind == "kill":
            await cluster.kill(primary)
        elif kind == "hang":
            cluster.hang(primary)
        else:
            simulation.network.cut(f"*:{primary.port}")


def truths(oracle: Oracle) -> list[Truth]:
    return [caller.truth for caller in oracle.callers]


async def planned_holds(simulation: Simulation) -> None:
    oracle = await counted(simulation, by_plan)
    assert dict(oracle.errors) == {}
    assert [(truth.lost, truth.duplicated) for truth in truths(oracle)] == [(0, 0)] * len(KEYS)
    assert max(caller.longest_seconds for caller in oracle.callers) < 1.0


async def accidents_hold(simulation: Simulation) -> None:
    oracle = await counted(simulation, by_accident)
    assert [(truth.lost, truth.duplicated) for truth in truths(oracle)] == [(0, 0)] * len(KEYS)
    assert max(caller.longest_seconds for caller in oracle.callers) < LONGEST_SECONDS


def test_what_is_planned_costs_nobody_anything() -> None:
    simulate_many(planned_holds, seeds=SEEDS, limit=1000)


def test_accidents_lose_nothing_and_do_nothing_twice() -> None:
    simulate_many(accidents_hold, seeds=SEEDS, limit=1000)
