"""Asking nodes for the topology, and how often that may be done. Knows nothing of the requests that wait for it."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import cast

from respool import ConnectionPool
from respool.errors import AuthenticationError, RedisClusterError, RedisError
from respool.lowlevel import RetryPolicy, build_request
from respool_cluster._map.epochs import is_older, newest, parse_epochs
from respool_cluster._map.node import Node
from respool_cluster._map.topology import Topology, parse_slots

WAVE = 3
"""Nodes asked first; others only if none of these knows."""

GROWTH = 10
"""Times as many are asked the next time."""

WAVE_SECONDS = 1.0
"""Seconds in which one of them has to answer."""

STAGGER_SECONDS = 0.001
"""For each node of a cluster: how long a look is put off at most."""

MOST_STAGGER_SECONDS = 0.1

_QUIET_SECONDS = 1.0

_HURRIED = 300
"""Refreshes in a row before they become rare: some fifteen seconds."""


class Pace:
    """Keeps refreshes apart: the first at once, each that follows within a second after a growing pause.

    A failover is over in seconds, and should be noticed at once. What takes longer is asked about less often.
    """

    def __init__(self, uniform: Callable[[float, float], float] = random.uniform) -> None:
        self._policy = RetryPolicy(base=0.01, cap=0.1, uniform=uniform)
        self._patient_policy = RetryPolicy(base=0.01, cap=0.8, uniform=uniform)
        self._streak = 0
        self._last = -_QUIET_SECONDS

    def next_pause(self, now: float) -> float:
        """Return the seconds to wait before the refresh that is wanted at `now`."""
        self._streak = 0 if now - self._last >= _QUIET_SECONDS else self._streak + 1
        policy = self._policy if self._streak < _HURRIED else self._patient_policy
        return policy.delay(self._streak) if self._streak else 0.0

    def finished(self, now: float) -> None:
        """Take note that a refresh is over."""
        self._last = now


def waves(
    topology: Topology | None, seeds: Sequence[Node], suspects: Collection[Node] = ()
) -> list[Sequence[Node]]:
    """Return whom to ask: a few primaries first, then more and more of all we ever heard of. Suspects are not asked."""
    shards = () if topology is None else topology.shards
    primaries = [shard.primary for shard in shards if shard.primary not in suspects]
    random.shuffle(primaries)
    first = primaries[:WAVE]
    known = topology.nodes() if topology is not None else ()
    rest = [node for node in dict.fromkeys((*seeds, *known)) if node not in (*first, *suspects)]
    return [wave for wave in (first, *_growing(rest)) if wave]


def _growing(nodes: Sequence[Node]) -> Iterator[Sequence[Node]]:
    """Part nodes so that a large cluster is not asked all at once, and that it takes few steps all the same."""
    size, begin = WAVE * GROWTH, 0
    while begin < len(nodes):
        yield nodes[begin : begin + size]
        begin, size = begin + size, size * GROWTH


def stagger(topology: Topology | None) -> float:
    """Return the most seconds by which to put off a look: the larger the cluster, the more clients it has.

    They all learn of a change at the same moment.
    """
    return 0.0 if topology is None else min(MOST_STAGGER_SECONDS, STAGGER_SECONDS * len(topology.nodes()))


async def discover(
    plan: Iterable[Sequence[Node]],
    pool_of: Callable[[Node], ConnectionPool],
    known: Callable[[], Topology | None] = lambda: None,
) -> Topology:
    """Ask wave after wave; return the first sound answer that is not older than what is `known` by then.

    Where all are older, the newest of them: that cluster was made anew. Raises `RedisClusterError` with each node's
    reason when there is none, or the refusal of our credentials.
    """
    reasons: dict[Node, BaseException] = {}
    outdated: list[Topology] = []

    def is_good(answer: Topology) -> bool:
        before = known()
        if before is None or not is_older(answer, before):
            return True
        outdated.append(answer)
        return False

    for wave in plan:
        asked = {asyncio.ensure_future(_ask_topology(pool_of(node), node, known())): node for node in wave}
        topology = await _first(asked, is_good, reasons)
        if topology is not None:
            return topology
    if outdated:
        return newest(outdated)
    raise _failure(reasons)


def _failure(reasons: Mapping[Node, BaseException]) -> BaseException:
    refused = next((each for each in reasons.values() if isinstance(each, AuthenticationError)), None)
    if refused is not None:
        return refused
    told = "; ".join(f"{node}: {reason}" for node, reason in reasons.items())
    return RedisClusterError(f"no node of the cluster could be asked for its slots ({told})")


async def _ask_topology(pool: ConnectionPool, node: Node, known: Topology | None) -> Topology:
    """Ask one node who serves which slot, and since which epoch; the second is not told everywhere."""
    slots = build_request((b"CLUSTER", b"SLOTS"), convert=partial(parse_slots, asked=node, known=known))
    nodes = build_request((b"CLUSTER", b"NODES"), convert=parse_epochs)
    line = pool.line
    line.send(slots)
    line.send(nodes)
    try:
        topology = cast("Topology", await slots.future)
    except BaseException:
        if not nodes.future.cancel():
            nodes.future.exception()  # the same trouble, seen to
        raise
    try:
        return topology.with_epochs(cast("dict[str, int]", await nodes.future))
    except RedisError:  # managed services may not tell
        return topology


async def _first(
    asked: dict[asyncio.Task[Topology], Node],
    is_good: Callable[[Topology], bool],
    reasons: dict[Node, BaseException],
) -> Topology | None:
    """Return the first good answer that comes in time; None if there is none."""
    pending = set(asked)
    until = asyncio.get_running_loop().time() + WAVE_SECONDS
    try:
        while pending and (left := until - asyncio.get_running_loop().time()) > 0:
            done, pending = await asyncio.wait(pending, timeout=left, return_when=asyncio.FIRST_COMPLETED)
            for answer in done:
                if not answer.cancelled() and answer.exception() is None and is_good(answer.result()):
                    return answer.result()
    finally:
        _collect(asked, reasons)
    return None


def _collect(asked: dict[asyncio.Task[Topology], Node], reasons: dict[Node, BaseException]) -> None:
    """Give up what is still under way, and note why the others failed."""
    for answer, node in asked.items():
        if answer.cancel():
            reasons[node] = TimeoutError(f"no answer within {WAVE_SECONDS:g} s")
        elif not answer.cancelled() and (error := answer.exception()) is not None:
            reasons[node] = error
