"""A pool of connections to one service: it asks the sentinels where they lead and closes those that went stale."""

from __future__ import annotations

import random
from weakref import WeakSet

from respool import BaseConnection, ConnectionPool
from respool.errors import DataError, ReplicaNotFoundError
from respool_sentinel._connection import SentinelManagedConnection, Target
from respool_sentinel._discovery import Discovery
from respool_sentinel._views import Address


class SentinelConnectionPool(ConnectionPool):
    """Connections to the primary of a service or, with `is_primary=False`, to its replicas in turn.

    With no usable replica they lead to the primary. When a sentinel announces a new primary, every connection
    to the old one is closed at once. `check_connection` has the role of each server asked for on connect. Full, it
    raises `ConnectionError`; other keyword arguments are those of `ConnectionPool`.
    """

    def __init__(
        self,
        service_name: str | bytes,
        sentinel_manager: Discovery,
        is_primary: bool = True,
        check_connection: bool = True,
        **kwargs: object,
    ) -> None:
        self.service_name = service_name.decode() if isinstance(service_name, bytes) else service_name
        self.sentinel_manager = sentinel_manager
        self.is_primary = is_primary
        self.check_connection = check_connection
        self._turn: int | None = None
        self._made: WeakSet[SentinelManagedConnection[object]] = WeakSet()
        kwargs.setdefault("connection_class", SentinelManagedConnection)
        super().__init__(**kwargs)  # type: ignore[arg-type]  # the caller's own: told by the constructor
        sentinel_manager.watch(self)

    async def rotate_replicas(self) -> list[Address]:
        """Return the usable replicas, starting one further at each call; the primary where there is none.

        Raises `PrimaryNotFoundError` where there is neither.
        """
        return [target.address for target in await self._replica_targets()]

    async def targets(self) -> list[Target]:
        """Return where the next connection shall try to lead, the best first. For its connections alone."""
        return [await self._primary_target()] if self.is_primary else await self._replica_targets()

    def on_primary(self, address: Address) -> None:
        """Close every connection that should not lead where it does now. For the discovery alone."""
        for connection in list(self._made):
            if connection.target is not None and connection.target.contradicts(address):
                connection.close()

    async def _primary_target(self) -> Target:
        return Target(await self.sentinel_manager.discover_primary(self.service_name), "primary")

    async def _replica_targets(self) -> list[Target]:
        try:
            replicas = sorted(await self.sentinel_manager.discover_replicas(self.service_name))
        except ReplicaNotFoundError:
            return [await self._primary_target()]
        # From anywhere, so that many processes do not begin with the same one.
        self._turn = random.randrange(len(replicas)) if self._turn is None else self._turn + 1
        first = self._turn % len(replicas)
        return [Target(address, "replica") for address in replicas[first:] + replicas[:first]]

    def make_connection(self) -> BaseConnection:
        """Return a new connection, which asks this pool where it leads."""
        if not issubclass(self.connection_class, SentinelManagedConnection):
            raise DataError(f"{self.connection_class.__name__} is no SentinelManagedConnection")
        connection = self.connection_class(self, **self.connection_kwargs)  # type: ignore[arg-type]  # the same
        self._made.add(connection)
        return connection
