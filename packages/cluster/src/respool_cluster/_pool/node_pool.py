"""The connections to one node of a cluster. What all nodes have in common, it asks of their owner."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Protocol
from weakref import WeakSet

from respool import BaseConnection
from respool.errors import ConnectionError
from respool.lowlevel import ValueT
from respool_cluster._map.node import Node
from respool_cluster._pool.guarded_pool import GuardedPool


class Full(ConnectionError):
    """No connection is free, and waiting for one was not wanted. It says nothing about the node."""


class Owner(Protocol):
    """What a node's pool asks of the cluster's."""

    queue_class: type[asyncio.Queue[BaseConnection | None]]
    blocking: bool
    timeout: float | None

    def make_room(self) -> None:
        """See that one more connection may be made. Raises `Full` where none may."""

    def on_made(self, connection: BaseConnection, pool: NodePool) -> None: ...

    def on_node_suspect(self, node: Node, connection: BaseConnection) -> None: ...


class NodePool(GuardedPool):
    """A pool whose limit is its own, and its owner's besides. `address` is where the node is reached."""

    def __init__(
        self, node: Node, owner: Owner, max_connections: int | None, *, address: Node, **options: object
    ) -> None:
        self.node = node
        self._owner: Owner | None = None  # the connection made to check the options takes nobody's room
        self._made: WeakSet[BaseConnection] = WeakSet()
        self._in_hand: WeakSet[BaseConnection] = WeakSet()
        super().__init__(host=address.host, port=address.port, max_connections=max_connections, **options)
        self._owner = owner

    async def get_connection(
        self, command_name: bytes | None = None, *args: ValueT, acquire: bool = True, **kwargs: object
    ) -> BaseConnection:
        """Return a connection to this node; see `ConnectionPool.get_connection`."""
        connection = await super().get_connection(command_name, *args, acquire=acquire, **kwargs)
        self._in_hand.add(connection)
        return connection

    def release(self, connection: BaseConnection) -> None:
        """Give a leased connection back; see `ConnectionPool.release`."""
        super().release(connection)
        self._in_hand.discard(connection)

    @property
    def in_use(self) -> bool:
        """Whether somebody has a connection to this node, or waits for one."""
        stats = self.stats()
        return bool(stats.leased or stats.opening or stats.waiting or self._in_hand)

    @property
    def is_full(self) -> bool:
        """Whether its own limit is reached, which says nothing about the node."""
        stats = self.stats()
        return stats.limit is not None and stats.size >= stats.limit

    def spare(self) -> Iterator[BaseConnection]:
        """Tell which connections may be closed without anybody noticing."""
        for connection in list(self._made):
            if (
                connection.is_connected
                and connection not in self._in_hand
                and not connection.requests_pending
            ):
                yield connection

    def make_connection(self) -> BaseConnection:
        """Return a new connection to this node. Raises `Full` where the cluster may have no more."""
        if self._owner is None:
            return super().make_connection()
        self._owner.make_room()
        connection = super().make_connection()
        self._made.add(connection)
        self._owner.on_made(connection, self)
        return connection

    def make_queue(self) -> asyncio.Queue[BaseConnection | None]:  # type: ignore[override]  # None never comes out
        """Return a queue of the owner's `queue_class`."""
        assert self._owner is not None
        return self._owner.queue_class()

    def patience(self) -> float | None:
        """Return how long one may wait for a connection here. Raises `Full` for not at all."""
        if self._owner is not None and self._owner.blocking:
            return self._owner.timeout
        try:
            return super().patience()
        except ConnectionError as exc:
            raise Full(str(exc)) from None

    def on_suspect(self, connection: BaseConnection) -> None:
        """Pass on that this node takes suspiciously long."""
        if self._owner is not None:
            self._owner.on_node_suspect(self.node, connection)
