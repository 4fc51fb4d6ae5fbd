"""The shape of a cell: a name, what its figures mean, and how to take one sample of one peer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeAlias

from benchmarks.effort import Effort
from benchmarks.peers.door import Address, Peer


@dataclass(frozen=True)
class Metric:
    """One figure of a sample."""

    name: str
    unit: str
    higher_is_better: bool


@dataclass(frozen=True)
class Setting:
    """Whom to measure, where, and how much."""

    peer: Peer
    nodes: tuple[Address, ...]
    effort: Effort

    @property
    def at(self) -> Address:
        """Where the one server listens."""
        return self.nodes[0]


Sample: TypeAlias = dict[str, float]
"""The figures of one sample, by the names of the cell's metrics."""


@dataclass(frozen=True)
class Cell:
    """`measure` opens what it needs and closes it.

    A `fresh` cell wants a process that did nothing before; one `on_cluster`, a cluster instead of one server.
    """

    name: str
    title: str
    metrics: tuple[Metric, ...]
    measure: Callable[[Setting], Awaitable[Sample]]
    fresh: bool = False
    on_cluster: bool = False
