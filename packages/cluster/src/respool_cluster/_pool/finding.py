"""From nodes that may answer to a connection to one of them: who is tried when, and who waits for room."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from math import inf

from respool import BaseConnection
from respool.errors import ConnectionError, RedisClusterError, RedisError, TimeoutError
from respool_cluster._map.manager import NodeManager
from respool_cluster._map.node import Node
from respool_cluster._map.topology import Topology
from respool_cluster._pool.node_pool import Full, NodePool
from respool_cluster._pool.node_pools import NodePools

ROOM_SECONDS = 0.1
"""How long a look for room is put off at most: a connection may come free, or be lost, without any release."""


class Finder:
    """Finds connections. With `patience` a caller waits so many seconds for room; without, it is told at once."""

    def __init__(self, nodes: NodeManager, pools: NodePools, patience: float | None) -> None:
        self._nodes = nodes
        self._pools = pools
        self._patience = patience

    async def find(
        self, candidates: Callable[[Topology], list[Node]], *, acquire: bool = True
    ) -> BaseConnection:
        """Go from candidate to candidate; then ask the cluster anew, once, and go to those not tried yet."""
        failure: RedisError = RedisClusterError("no node of the cluster may answer")
        tried: set[Node] = set()
        topology = await self._nodes.known()
        while untried := [node for node in candidates(topology) if node not in tried]:
            for node in untried:
                tried.add(node)
                pool = self._pools.pool_of(node)
                try:
                    return await self._get_from(pool, acquire)
                except Full:
                    raise
                except (ConnectionError, TimeoutError) as exc:
                    if pool.is_full:
                        raise
                    failure = exc
            topology = await self._look_again(failure)
        raise failure

    async def _get_from(self, pool: NodePool, acquire: bool) -> BaseConnection:
        """Get a connection to one node, waiting for room in the cluster's limit if that is wanted."""
        loop = asyncio.get_running_loop()
        end = loop.time() + (self._patience or 0)
        while True:
            try:
                return await pool.get_connection(acquire=acquire)
            except Full:
                if self._patience is None:
                    raise
                if loop.time() >= end:
                    break
                await self._pools.released.wait(min(end - loop.time(), ROOM_SECONDS))
        raise Full(
            f"No connection available: all {self._pools.limit} to the {self._pools.describe()} stayed in use "
            f"for {self._patience:g} s"
        )

    async def _look_again(self, failure: RedisError) -> Topology:
        try:
            return await self._nodes.initialize()
        except RedisError:
            raise failure from None  # that nobody knows better is not what the caller asked for


def patience_of(blocking: bool, timeout: float | None) -> float | None:
    """Return how long to wait for room: None for not at all, endless where nobody said how long."""
    if not blocking:
        return None
    return inf if timeout is None else timeout
