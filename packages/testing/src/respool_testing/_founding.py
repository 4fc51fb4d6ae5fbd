"""How a fake cluster begins: all nodes know each other, and the primaries have their slots and replicas."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from ._engine.failure import review
from ._engine.slots import SLOTS, slot_span
from ._node import FakeNode


def found(nodes: Sequence[FakeNode], primaries: int) -> None:
    """Let nodes know each other, share the slots out evenly, and give each of the first ones its replicas."""
    leaders = nodes[:primaries]
    bounds = [-(-SLOTS * number // primaries) for number in range(primaries + 1)]
    shares = [slot_span(first, end - 1) for first, end in itertools.pairwise(bounds)]
    for node in nodes:
        view = node._view
        view.epoch = primaries
        for other in nodes:
            view.know(other.id, other._place)
        for number, (leader, share) in enumerate(zip(leaders, shares, strict=True)):
            view.give(share, view.nodes[leader.id])
            view.nodes[leader.id].epoch = number + 1
        for number, replica in enumerate(nodes[primaries:]):
            record, leader = view.nodes[replica.id], leaders[number % primaries]
            record.primary, record.shard = leader.id, leader.id
        review(view, 0)
