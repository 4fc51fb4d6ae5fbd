"""Scenes of a real cluster: slots on the move, primaries that go, die or hang, a restart of everything."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial

from benchmarks.chaos.cluster_nodes import Nodes, running
from benchmarks.chaos.listening import Hall
from benchmarks.chaos.oracle import Crew, Oracle, W
from benchmarks.chaos.outcome import Outcome, Promise
from benchmarks.chaos.scene import Recovery, Scene, figures, recover, steady, with_recovery
from respool_cluster._map.slot import key_slot

GROUP, VICTIM = "0", 0
RESHARDED_SLOTS = 60

SETTLING_SECONDS = 2.0
"""Until the others talk to a node that was started again. Asked to take over before, it may never hear from its
primary, which keeps all its clients waiting until both have given up."""

SMOOTH = Promise(errors=0)
KILLED = Promise(back=0.25, others_percent=90, longest_call=10)
HEARD = Promise(back=0.5, back_since_fault=2.5, others_percent=90)
HUNG = Promise(back=0.5, back_since_fault=2.5, others_percent=90, longest_call=10)


@asynccontextmanager
async def counting(nodes: Nodes) -> AsyncIterator[Oracle]:
    """Run callers for the length of the block; afterwards what they know is settled."""
    async with nodes.client() as client:
        oracle = Oracle(client, nodes.keys())
        async with oracle:
            yield oracle
        await oracle.settle()


@asynccontextmanager
async def listening(nodes: Nodes) -> AsyncIterator[Hall]:
    """Run speakers and a subscriber for the length of the block."""
    async with nodes.client() as client, nodes.client() as listener, listener.pubsub() as sub:
        hall = Hall(client, sub, nodes.keys())
        async with hall:
            yield hall


Act = Callable[[Nodes, Crew[W]], Awaitable[Recovery | None]]
Watch = Callable[[Nodes], AbstractAsyncContextManager[Crew[W]]]


async def play(name: str, act: Act[W], watch: Watch[W], binary: str) -> Outcome:
    """Let an act happen on a cluster of its own; return the figures."""
    async with running(binary) as nodes:
        async with watch(nodes) as crew:
            recovery = await act(nodes, crew)
            await steady()
        outcome = figures(name, crew)
        return outcome if recovery is None else with_recovery(outcome, crew, recovery)


async def ask(nodes: Nodes, crew: Crew[W]) -> None:
    """Move slots one by one to a node that owns none, and stay in the middle of it for a while each time."""
    source, target = nodes.primaries[VICTIM], await nodes.add()
    await steady()
    for caller in crew.groups[GROUP][:5]:
        slot = key_slot(caller.key.encode())
        await nodes.begin_move(slot, source, target)
        await source.ask("MIGRATE", target.host, target.port, caller.key, 0, 5000)
        await steady(0.3)
        await nodes.end_move(slot, source, target)


async def reshard(nodes: Nodes, crew: Crew[W]) -> None:
    """Move slots from one primary to another, those in use among them."""
    await steady()
    used = [key_slot(caller.key.encode()) for caller in crew.groups[GROUP]]
    unused = [slot for slot in nodes.shares[VICTIM] if slot not in used]
    slots = [*used, *unused[: RESHARDED_SLOTS - len(used)]]
    await nodes.move(slots, nodes.primaries[VICTIM], nodes.primaries[VICTIM + 1])


async def planned(nodes: Nodes, crew: Crew[W]) -> Recovery:
    """Let every replica take over from its primary, one after the other."""
    recoveries = []
    for primary, replica, group in zip(nodes.primaries, nodes.replicas, crew.groups, strict=True):
        handing_over = partial(asyncio.ensure_future, nodes.hand_over(replica, primary))
        promoted = partial(replica.until_role, b"master")
        recoveries.append(await recover(crew, group, handing_over, promoted))
    return max(recoveries, key=lambda each: each.back - each.promoted)


async def killed(nodes: Nodes, crew: Crew[W]) -> Recovery:
    """Kill a primary."""
    return await recover(
        crew, GROUP, nodes.primaries[VICTIM].kill, partial(nodes.replicas[VICTIM].until_role, b"master")
    )


async def hung(nodes: Nodes, crew: Crew[W]) -> Recovery:
    """Freeze a primary, and let it go on when it was replaced."""
    victim = nodes.primaries[VICTIM]
    recovery = await recover(
        crew, GROUP, victim.freeze, partial(nodes.replicas[VICTIM].until_role, b"master")
    )
    await steady(0.5)
    victim.thaw()
    return recovery


async def rolling(nodes: Nodes, crew: Crew[W]) -> None:
    """Restart every node: replicas as they are, primaries once their replica has taken over."""
    await steady()
    for primary, replica in zip(nodes.primaries, nodes.replicas, strict=True):
        await replica.restart()
        await replica.until("master_link_status:up", "INFO", "replication")
        await replica.until("cluster_state:ok", "CLUSTER", "INFO")
        await steady(SETTLING_SECONDS)
        await nodes.hand_over(replica, primary)
        await primary.restart()
        await primary.until("master_link_status:up", "INFO", "replication")
        await steady(0.5)


def _scene(name: str, act: Act[W], watch: Watch[W], promise: Promise) -> Scene:
    assert act.__doc__ is not None
    return Scene(name, act.__doc__, partial(play, name, act, watch), promise)


SCENES = (
    _scene("cluster-ask", ask, counting, SMOOTH),
    _scene("cluster-reshard", reshard, counting, SMOOTH),
    _scene("cluster-planned", planned, counting, SMOOTH),
    _scene("cluster-killed", killed, counting, KILLED),
    _scene("cluster-hung", hung, counting, HUNG),
    _scene("cluster-rolling", rolling, counting, SMOOTH),
    _scene("subscriber-reshard", reshard, listening, HEARD),
    _scene("subscriber-planned", planned, listening, HEARD),
    _scene("subscriber-killed", killed, listening, HEARD),
    _scene("subscriber-hung", hung, listening, HEARD),
)
