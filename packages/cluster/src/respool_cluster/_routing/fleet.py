"""The ways to the nodes of a cluster: made when first asked for, let go of when their nodes left. Knows no slots."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from functools import partial

from respool import BaseConnection
from respool_cluster._map.node import Node
from respool_cluster._pool.guarded_pool import GuardedPool
from respool_cluster._routing.outlet import Outlet, Rescuer, WatchedPool


class Fleet:
    """Owns one outlet for each node, with its pool, until the node leaves or all is closed."""

    def __init__(
        self,
        make_pool: Callable[[Node], WatchedPool],
        rescuer: Rescuer,
        on_suspect: Callable[[Node, BaseConnection], None],
        on_fork: Callable[[], None],
    ) -> None:
        self._make_pool = make_pool
        self._rescuer = rescuer
        self._on_suspect = on_suspect
        self._on_fork = on_fork
        self._outlets: dict[Node, Outlet] = {}
        self._retiring: set[asyncio.Task[None]] = set()

    def outlet(self, node: Node) -> Outlet:
        """Return the way to a node."""
        outlet = self._outlets.get(node)
        if outlet is None:
            pool = self._make_pool(node)
            pool.suspected = partial(self._on_suspect, node)
            pool.forked = self._on_fork
            outlet = self._outlets[node] = Outlet(node, pool, self._rescuer)
        return outlet

    def pool_of(self, node: Node) -> GuardedPool:
        """Return the connections to a node."""
        return self.outlet(node).pool

    def nodes(self) -> set[Node]:
        """Return the nodes there are ways to."""
        return set(self._outlets)

    def leave(self, node: Node) -> None:
        """Close every connection to a node at once: nobody answers there."""
        if node in self._outlets:
            self._outlets[node].pool.disconnect()

    def keep_only(self, staying: Collection[Node]) -> None:
        """Let go of all other nodes: the replies under way may still arrive."""
        for node in self._outlets.keys() - staying:
            self._end(self._outlets[node])
            self._retire(self._outlets.pop(node))

    @staticmethod
    def _end(outlet: Outlet) -> None:
        if isinstance(outlet.pool, WatchedPool):
            outlet.pool.is_over = True

    def _retire(self, outlet: Outlet) -> None:
        task = asyncio.get_running_loop().create_task(outlet.pool.aclose())
        self._retiring.add(task)
        task.add_done_callback(self._retiring.discard)

    async def aclose(self) -> None:
        """Wait for the replies under way, then close every connection."""
        for outlet in self._outlets.values():
            self._end(outlet)
        await asyncio.gather(*(outlet.pool.aclose() for outlet in self._outlets.values()), *self._retiring)
