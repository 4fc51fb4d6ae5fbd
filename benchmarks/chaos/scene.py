"""A scene: something happens to a deployment while callers count, and it is taken down what they notice."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, replace

from benchmarks.chaos.oracle import Crew, W
from benchmarks.chaos.outcome import Outcome, Promise

STEADY_SECONDS = 1.5
"""Before anything happens, and after it is over."""

LEAST_SECONDS = 0.5
"""A throughput over less says nothing."""


@dataclass(frozen=True)
class Scene:
    """`play` is given the executable of a server, starts what it needs, and returns the figures."""

    name: str
    title: str
    play: Callable[[str], Coroutine[None, None, Outcome]]
    promise: Promise


@dataclass(frozen=True)
class Recovery:
    """When something broke for a group of callers, was replaced, and worked again. Moments of the loop's clock."""

    group: str
    began: float
    fault: float
    promoted: float
    back: float


async def steady(seconds: float = STEADY_SECONDS) -> float:
    """Let the callers do their work; return the moment when that began."""
    began = asyncio.get_running_loop().time()
    await asyncio.sleep(seconds)
    return began


async def recover(
    oracle: Crew[W],
    group: str,
    break_it: Callable[[], object],
    promoted: Callable[[], Awaitable[object]],
) -> Recovery:
    """Break what serves a group; wait until it was replaced, and until all of the group are served again."""
    time = asyncio.get_running_loop().time
    began = await steady()
    fault = time()
    break_it()
    await promoted()
    replaced = time()
    return Recovery(group, began, fault, replaced, await oracle.back(group, replaced))


def figures(name: str, oracle: Crew[W]) -> Outcome:
    """Return what the callers saw, all calls being over and settled."""
    callers = oracle.callers
    return Outcome(
        scene=name,
        calls=sum(len(caller.replies) for caller in callers),
        errors=sum(oracle.errors.values()),
        lost=sum(caller.truth.lost for caller in callers),
        duplicated=sum(caller.truth.duplicated for caller in callers),
        longest_call=max(caller.longest_seconds for caller in callers),
        reasons=dict(oracle.errors.most_common(4)),
    )


def with_recovery(outcome: Outcome, oracle: Crew[W], recovery: Recovery) -> Outcome:
    """Return the figures with what it took to recover."""
    return replace(
        outcome,
        promotion=recovery.promoted - recovery.fault,
        back=recovery.back - recovery.promoted,
        others_percent=_percent(oracle, recovery),
    )


def _percent(oracle: Crew[W], recovery: Recovery) -> float | None:
    """Return the throughput of the other groups until all was well again; None for less than a blink."""
    if recovery.back - recovery.fault < LEAST_SECONDS:
        return None
    before = oracle.rate_without(recovery.group, recovery.began, recovery.fault)
    during = oracle.rate_without(recovery.group, recovery.fault, recovery.back)
    return 100 * during / before if before else None
