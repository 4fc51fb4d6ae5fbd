"""A pool of connections to one node, which does not try it again and again while it cannot be reached."""

from __future__ import annotations

from respool import BaseConnection, ConnectionPool
from respool_cluster._breaker import Breaker
from respool_cluster._connection import ClusterConnection


class GuardedPool(ConnectionPool):
    """A pool whose connections share one breaker. Between two tries, what needs a new connection fails at once."""

    def __init__(self, **options: object) -> None:
        self._breaker = Breaker()
        super().__init__(**options)  # type: ignore[arg-type]  # the pool's and its connections' own

    def make_connection(self) -> BaseConnection:
        """Return a new connection to this node."""
        connection = super().make_connection()
        if isinstance(connection, ClusterConnection):
            connection.breaker = self._breaker
        return connection
