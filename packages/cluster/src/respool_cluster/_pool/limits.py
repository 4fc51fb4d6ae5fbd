"""How many connections there may be, to the whole cluster and to each node. Numbers only."""

from __future__ import annotations

from dataclasses import dataclass

DEFAULT_LIMIT = 32
"""Connections to the whole cluster where nobody said otherwise; one for each node, if that is more."""


@dataclass(frozen=True)
class Limits:
    """What was asked for. `given` is None where nobody said anything."""

    given: int | None
    per_node: bool
    blocking: bool

    def whole(self, nodes: int) -> int:
        """Return the limit of a cluster with so many nodes; each node's own, if it is meant so."""
        return max(DEFAULT_LIMIT, nodes) if self.given is None else self.given

    def share(self, nodes: int) -> int | None:
        """Return the limit of one node's own pool; None where that of the whole cluster is enough."""
        if self.per_node:
            return self.whole(nodes)
        if not self.blocking:
            return None
        return max(1, self.whole(nodes) // max(1, nodes))
