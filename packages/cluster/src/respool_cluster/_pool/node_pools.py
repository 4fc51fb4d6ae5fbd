"""The pools of all nodes of a cluster, with one limit for them together. Knows no slots and opens nothing by itself."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from weakref import WeakKeyDictionary

from respool import BaseConnection, PoolStats
from respool.errors import ConnectionError
from respool_cluster._map.node import Node
from respool_cluster._pool.limits import Limits
from respool_cluster._pool.news import News
from respool_cluster._pool.node_pool import Full, NodePool
from respool_cluster._pool.tally import add_up


class NodePools:
    """Has a pool for each node from when it is first wanted. `make_pool` is told the node and its share of the limit.

    `describe` and `count` tell the name of the whole and how many nodes it has.
    """

    def __init__(
        self,
        limits: Limits,
        make_pool: Callable[[Node, int | None], NodePool],
        describe: Callable[[], str],
        count: Callable[[], int],
    ) -> None:
        self.released = News()
        """Told whenever there may be room again."""

        self._limits = limits
        self._make_pool = make_pool
        self.describe = describe
        self._count = count
        self._pools: dict[Node, NodePool] = {}
        self._homes: WeakKeyDictionary[BaseConnection, NodePool] = WeakKeyDictionary()

    @property
    def limit(self) -> int:
        """How many connections there may be now, in all or to each node."""
        return self._limits.whole(self._count())

    def stats(self) -> PoolStats:
        """Return how many connections there are to all nodes, and what they are held for."""
        return add_up(self.limit, [pool.stats() for pool in self._pools.values()])

    def pool_of(self, node: Node) -> NodePool:
        """Return the pool of a node."""
        pool = self._pools.get(node)
        if pool is None:
            pool = self._pools[node] = self._make_pool(node, self._limits.share(self._count()))
        return pool

    def take_in(self, connection: BaseConnection, pool: NodePool) -> None:
        """Take note of a connection that was made for one of the pools."""
        self._homes[connection] = pool

    def release(self, connection: BaseConnection) -> None:
        """Give a leased connection back. One that is not leased raises `ConnectionError`."""
        home = self._homes.get(connection)
        if home is None:
            raise ConnectionError(f"{connection!r} is not leased from this pool")
        home.release(connection)
        self.released.tell()

    def make_room(self) -> None:
        """See that one more connection may be made, at the expense of one that nobody uses. Raises `Full`."""
        limit = self.limit
        if self._limits.per_node or self.stats().size < limit:
            return
        for pool in list(self._pools.values()):
            for connection in pool.spare():
                connection.close()
                if self.stats().size < limit:
                    return
        raise Full(
            f"Too many connections: all {limit} to the {self.describe()} are in use; "
            "release one sooner or raise max_connections"
        )

    def adapt(self, staying: Collection[Node]) -> None:
        """Let go of nodes that left or are due another share, unless somebody has connections to them."""
        share = self._limits.share(self._count())
        for node, pool in list(self._pools.items()):
            if (node not in staying or pool.max_connections != share) and not pool.in_use:
                del self._pools[node]
                pool.disconnect()

    def leave(self, node: Node) -> None:
        """Close every connection to a node at once: nobody answers there."""
        if node in self._pools:
            self._pools[node].disconnect()

    def disconnect(self) -> None:
        """Close every connection now."""
        for pool in self._pools.values():
            pool.disconnect()

    def forget(self) -> None:
        """Close every connection and keep only what is leased, which holds its slot until it is released."""
        self.disconnect()
        self._pools = {node: pool for node, pool in self._pools.items() if pool.stats().size}

    async def aclose(self) -> None:
        """Wait for the replies under way, then close every connection."""
        await asyncio.gather(*(pool.aclose() for pool in self._pools.values()))
