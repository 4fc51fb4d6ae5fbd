"""Scenes of a real service behind sentinels: primaries that are replaced, die or hang, sentinels that do."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, fields
from functools import partial

from benchmarks.chaos.oracle import Oracle
from benchmarks.chaos.outcome import Outcome, Promise
from benchmarks.chaos.scene import Recovery, Scene, figures, recover, steady, with_recovery
from benchmarks.chaos.sentinel_nodes import CALLERS, SERVICE, Service, running
from benchmarks.chaos.sentinel_watch import Watch, counting_writes, watching
from respool import Redis
from respool_sentinel import Sentinel, SentinelClient

GROUP = "all"
DEMOTION_SECONDS = 12.0
"""Sentinels give a primary that they replaced so long to find out by itself. It goes on taking writes meanwhile."""


@dataclass(frozen=True)
class Departure(Outcome):
    """What a scene came to where the old primary lives on."""

    left: float | None = None
    """Seconds from the first announcement of the new primary to the last write that the old one took."""


@dataclass(frozen=True)
class Parting(Promise):
    """What may come of it: `left` at most. What the old primary took before, no client can save."""

    left: float = 0.5

    def broken(self, outcome: Outcome) -> list[str]:
        """Name what was promised and did not come true."""
        left = outcome.left if isinstance(outcome, Departure) else None
        late = left is not None and left > self.left
        return [*super().broken(outcome), *(["left too late"] if late else [])]


SMOOTH = Promise(errors=0)
REPLACED = Parting(lost=float("inf"), back=0.5, longest_call=10)
"""The old primary goes on taking writes until the first sentinel tells of the new one, and nobody can know before."""

DIED = Parting(lost=float("inf"), back=0.5, longest_call=10)
"""What a primary acknowledged and did not pass on dies with it."""


@asynccontextmanager
async def counting(service: Service) -> AsyncIterator[Oracle]:
    """Run callers for the length of the block; afterwards what they know is settled."""
    async with Sentinel(service.addresses) as sentinel:
        client: Redis[bytes] = sentinel.primary_for(SERVICE)
        oracle = Oracle(client, {GROUP: [f"k{number}" for number in range(CALLERS)]})
        async with oracle:
            yield oracle
        await oracle.settle()


Act = Callable[[Service, Oracle, Watch], Awaitable[Recovery | None]]


async def play(name: str, act: Act, binary: str) -> Outcome:
    """Let an act happen to a service of its own; return the figures."""
    async with running(binary) as service, watching(service.addresses) as watch:
        async with counting(service) as oracle:
            recovery = await act(service, oracle, watch)
            await steady()
        outcome = figures(name, oracle)
        if recovery is None:
            return outcome
        return _with_departure(with_recovery(outcome, oracle, recovery), watch)


def _with_departure(outcome: Outcome, watch: Watch) -> Departure:
    told = {each.name: getattr(outcome, each.name) for each in fields(outcome)}
    if watch.left is not None:
        told["reasons"] = {**outcome.reasons, f"left {watch.left:.3f} s after the announcement": 1}
    return Departure(**told, left=watch.left)


async def failover(service: Service, oracle: Oracle, watch: Watch) -> Recovery:
    """Have a sentinel replace a primary that lives on."""
    async with (
        SentinelClient(*service.addresses[-1]) as operator,
        counting_writes(watch, service.servers[0]),
    ):
        recovery = await _replace(watch, oracle, lambda: asyncio.ensure_future(operator.failover(SERVICE)))
        await steady(DEMOTION_SECONDS)
        return recovery


async def killed(service: Service, oracle: Oracle, watch: Watch) -> Recovery:
    """Kill the primary."""
    return await _replace(watch, oracle, service.servers[0].kill)


async def hung(service: Service, oracle: Oracle, watch: Watch) -> Recovery:
    """Freeze the primary, and let it go on when it was replaced."""
    recovery = await _replace(watch, oracle, service.servers[0].freeze)
    await steady(0.5)
    service.servers[0].thaw()
    return recovery


async def without_one(service: Service, oracle: Oracle, watch: Watch) -> Recovery:
    """Kill a sentinel, and then the primary."""
    await steady()
    service.sentinels[0].kill()
    await steady()
    return await killed(service, oracle, watch)


async def stale(service: Service, oracle: Oracle, watch: Watch) -> Recovery:
    """Freeze a sentinel, kill the primary, and let the sentinel tell what it knows."""
    service.sentinels[0].freeze()
    recovery = await killed(service, oracle, watch)
    service.sentinels[0].thaw()
    await steady()
    return recovery


async def alone(service: Service, oracle: Oracle, watch: Watch) -> None:
    """Kill all sentinels, one after the other."""
    for sentinel in service.sentinels:
        await steady()
        sentinel.kill()


async def _replace(watch: Watch, oracle: Oracle, break_it: Callable[[], object]) -> Recovery:
    """Promotion is when the first sentinel tells of it: nobody can believe it before."""
    return await recover(oracle, GROUP, break_it, watch.until_announced)


def _scene(name: str, act: Act, promise: Promise) -> Scene:
    assert act.__doc__ is not None
    return Scene(name, act.__doc__, partial(play, name, act), promise)


SCENES = (
    _scene("sentinel-failover", failover, REPLACED),
    _scene("sentinel-killed", killed, DIED),
    _scene("sentinel-hung", hung, DIED),
    _scene("sentinel-without-one", without_one, DIED),
    _scene("sentinel-stale", stale, DIED),
    _scene("sentinel-alone", alone, SMOOTH),
)
