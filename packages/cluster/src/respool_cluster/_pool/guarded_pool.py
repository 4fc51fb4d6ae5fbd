"""A pool of connections to one node, which share what they learn about it."""

from __future__ import annotations

from respool import BaseConnection, ConnectionPool
from respool_cluster._pool.acquaintance import Acquaintance
from respool_cluster._pool.connection import ClusterConnection


class GuardedPool(ConnectionPool):
    """A pool that does not try its node again and again: between two tries, what needs a new connection fails at once.

    With `asks_zone` its connections ask where the node stands.
    """

    def __init__(self, **options: object) -> None:
        self._acquaintance = Acquaintance()
        self._acquaintance.wants_zone = bool(options.pop("asks_zone", False))
        super().__init__(**options)  # type: ignore[arg-type]  # the pool's and its connections' own

    @property
    def zone(self) -> str | None:
        """Where the node stands; None before it was asked, empty if it does not tell."""
        return self._acquaintance.zone

    @property
    def seconds(self) -> float | None:
        """How long the node takes to answer, on the connections that are shared; None if it has not answered yet."""
        means = [each.average_response_time for each in self.shared() if each.is_connected]
        return max(means) if means and all(means) else None

    def make_connection(self) -> BaseConnection:
        """Return a new connection to this node."""
        connection = super().make_connection()
        if isinstance(connection, ClusterConnection):
            connection.acquaintance = self._acquaintance
        return connection
