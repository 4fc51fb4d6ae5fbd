"""Asking nodes for the topology, and how often that may be done. Knows nothing of the requests that wait for it."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Collection, Iterable, Sequence
from functools import partial
from typing import cast

from respool import ConnectionPool
from respool.errors import AuthenticationError, RedisClusterError
from respool.lowlevel import RetryPolicy, build_request
from respool_cluster._node import Node
from respool_cluster._topology import Topology, parse_slots

WAVE = 3
"""Nodes asked first; the others only if none of these knows."""

WAVE_SECONDS = 1.0
"""Seconds in which one of them has to answer."""

_QUIET_SECONDS = 1.0


class Pace:
    """Keeps refreshes apart: the first at once, each that follows within a second after a growing pause."""

    def __init__(self, uniform: Callable[[float, float], float] = random.uniform) -> None:
        self._policy = RetryPolicy(base=0.01, cap=0.1, uniform=uniform)
        self._streak = 0
        self._last = -_QUIET_SECONDS

    def next_pause(self, now: float) -> float:
        """Return the seconds to wait before the refresh that is wanted at `now`."""
        self._streak = 0 if now - self._last >= _QUIET_SECONDS else self._streak + 1
        return self._policy.delay(self._streak) if self._streak else 0.0

    def finished(self, now: float) -> None:
        """Take note that a refresh is over."""
        self._last = now


def waves(
    topology: Topology | None, seeds: Sequence[Node], suspects: Collection[Node] = ()
) -> list[list[Node]]:
    """Return whom to ask: a few primaries first, then everybody we ever heard of. Suspects are not asked."""
    shards = () if topology is None else topology.shards
    primaries = [shard.primary for shard in shards if shard.primary not in suspects]
    random.shuffle(primaries)
    first = primaries[:WAVE]
    known = topology.nodes() if topology is not None else ()
    rest = [node for node in dict.fromkeys((*known, *seeds)) if node not in first]
    return [wave for wave in (first, [node for node in rest if node not in suspects]) if wave]


async def discover(plan: Iterable[Sequence[Node]], pool_of: Callable[[Node], ConnectionPool]) -> Topology:
    """Ask wave after wave; return the first sound answer.

    Raises `RedisClusterError` with each node's reason when there is none, or the refusal of our credentials.
    """
    reasons: dict[Node, BaseException] = {}
    for wave in plan:
        topology = await _ask({_ask_topology(pool_of(node), node): node for node in wave}, reasons)
        if topology is not None:
            return topology
    refused = next((each for each in reasons.values() if isinstance(each, AuthenticationError)), None)
    if refused is not None:
        raise refused
    told = "; ".join(f"{node}: {reason}" for node, reason in reasons.items())
    raise RedisClusterError(f"no node of the cluster could be asked for its slots ({told})")


def _ask_topology(pool: ConnectionPool, node: Node) -> asyncio.Future[object]:
    """Ask one node who serves which slot; the result is a `Topology`."""
    request = build_request((b"CLUSTER", b"SLOTS"), convert=partial(parse_slots, asked=node))
    pool.line.send(request)
    return request


async def _ask(
    asked: dict[asyncio.Future[object], Node], reasons: dict[Node, BaseException]
) -> Topology | None:
    pending = set(asked)
    until = asyncio.get_running_loop().time() + WAVE_SECONDS
    try:
        while pending and (left := until - asyncio.get_running_loop().time()) > 0:
            done, pending = await asyncio.wait(pending, timeout=left, return_when=asyncio.FIRST_COMPLETED)
            for request in done:
                if request.exception() is None:
                    return cast("Topology", request.result())
    finally:
        _collect(asked, reasons)
    return None


def _collect(asked: dict[asyncio.Future[object], Node], reasons: dict[Node, BaseException]) -> None:
    """Give up what is still under way, and note why the others failed."""
    for request, node in asked.items():
        if request.cancel():
            reasons[node] = TimeoutError(f"no answer within {WAVE_SECONDS:g} s")
        elif (error := request.exception()) is not None:
            reasons[node] = error
