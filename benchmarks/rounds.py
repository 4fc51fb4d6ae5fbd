"""The order of a run: every cell in every placement, the peers taking turns in each round, in an order that is drawn.

Neighbours in time see the same machine, so what is compared is taken close together; and nobody always goes
first. A peer that failed in one round is not asked again for that row.
"""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import TypeAlias

from benchmarks.cells import Cell
from benchmarks.crew import Crew
from benchmarks.effort import Effort
from benchmarks.orders import Answer, Order
from benchmarks.placement import Placement
from benchmarks.results import Outcome, Row
from benchmarks.target import Target

Ask: TypeAlias = Callable[[str], Awaitable[Answer]]
"""Takes one sample of a peer."""


def turns(peers: Sequence[str], rounds: int, seed: int) -> Iterator[list[str]]:
    """Yield for each round the peers in the order in which they are measured; the same for the same seed."""
    draw = random.Random(seed)
    for _ in range(rounds):
        yield draw.sample(peers, len(peers))


async def take_row(
    cell: Cell, placement: Placement, ask: Ask, peers: Sequence[str], rounds: int, seed: int
) -> Row:
    """Measure one cell in one placement."""
    outcomes = {peer: Outcome() for peer in peers}
    for order in turns(peers, rounds, seed):
        for peer in order:
            outcome = outcomes[peer]
            if outcome.failure is None:
                answer = await ask(peer)
                outcome.failure = answer.failure
                outcome.samples.append(answer.sample)
    for outcome in outcomes.values():
        if outcome.failure is not None:
            outcome.samples.clear()
    return Row(cell.name, cell.title, placement.name, list(cell.metrics), outcomes)


async def measure(
    target: Target,
    crew: Crew,
    cell: Cell,
    placement: Placement,
    peers: Sequence[str],
    effort: Effort,
    seed: int,
) -> Row:
    """Move the server to its place and measure one row."""
    target.place(placement)

    async def ask(peer: str) -> Answer:
        return await crew.follow(
            peer, Order(cell.name, target.nodes, placement.client, effort), fresh=cell.fresh
        )

    return await take_row(cell, placement, ask, peers, effort.rounds, seed)
