"""Which replica of a shard answers a read: in what order they are asked. Decides only, by what is known of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import count
from math import inf
from typing import Protocol

from respool_cluster._map.node import Node

EXPLORED = 16
"""Of so many reads, one goes to the replica whose turn it is: what is known of the others would grow old."""

MOST_SHARDS = 10_000
"""Whose turns are remembered."""


class KnownNode(Protocol):
    """What an order may ask about a replica."""

    @property
    def seconds(self) -> float | None:
        """How long it takes to answer; None if it has not answered yet."""

    @property
    def zone(self) -> str | None:
        """Where it stands; None before it was asked, empty if it does not tell."""


class ReplicaOrder:
    """Replicas take turns. Subclasses prefer some of them."""

    wants_zone = False
    """Whether nodes are to be asked for their availability zone."""

    def __init__(self) -> None:
        self._turns: dict[Sequence[Node], count[int]] = {}

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"

    def order(self, replicas: tuple[Node, ...], known: Callable[[Node], KnownNode]) -> list[Node]:
        """Return the replicas of one shard, the one to ask first."""
        turn = self._next_turn(replicas)
        first = turn % len(replicas)
        in_turn = [*replicas[first:], *replicas[:first]]
        return self.prefer(in_turn, known, explores=turn % EXPLORED == 0)

    def prefer(
        self, in_turn: list[Node], known: Callable[[Node], KnownNode], *, explores: bool
    ) -> list[Node]:
        """Return replicas, whose turns come in this order, as they are to be asked. To be overridden."""
        return in_turn

    def _next_turn(self, replicas: tuple[Node, ...]) -> int:
        # Each shard has turns of its own: read alternately, two would always get the same replica with one counter.
        turns = self._turns.get(replicas)
        if turns is None:
            if len(self._turns) >= MOST_SHARDS:  # of clusters that are long gone
                self._turns.clear()
            turns = self._turns[replicas] = count(1)
        return next(turns)


class LowestLatency(ReplicaOrder):
    """Prefers the replica that answers fastest: by the mean time between request and reply, the latest weighing most.

    That is taken from the requests themselves, so it has the server's load in it, and costs no probes.
    """

    def prefer(
        self, in_turn: list[Node], known: Callable[[Node], KnownNode], *, explores: bool
    ) -> list[Node]:
        """Return those first that never answered, then the faster ones; now and then, whose turn it is."""
        return in_turn if explores else sorted(in_turn, key=lambda node: known(node).seconds or 0.0)


class SameZone(ReplicaOrder):
    """Prefers replicas in an availability zone: traffic within one is faster, and often free.

    Servers tell their zone since Valkey 8.1 (`availability-zone` in their configuration); so do some managed services.
    """

    wants_zone = True

    def __init__(self, zone: str) -> None:
        super().__init__()
        self.zone = zone

    def __repr__(self) -> str:
        return f"SameZone({self.zone!r})"

    def prefer(
        self, in_turn: list[Node], known: Callable[[Node], KnownNode], *, explores: bool
    ) -> list[Node]:
        """Return those first that stand there, then those not asked yet; now and then, these before all others."""
        ranks = {self.zone: 0, None: -1 if explores else 1}
        return sorted(in_turn, key=lambda node: ranks.get(known(node).zone, inf))


def order_of(wanted: bool | ReplicaOrder) -> ReplicaOrder | None:
    """Return the order that `read_from_replicas` asks for; None for no replicas at all."""
    if isinstance(wanted, ReplicaOrder):
        return wanted
    return ReplicaOrder() if wanted else None
