"""Nodes that are silent: the others are asked about them until they speak again or are seen to be replaced.

A server busy with a slow script is silent, too, so silence alone is no reason to leave it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection

from respool import BaseConnection
from respool.errors import RedisError
from respool_cluster._map.node import Node
from respool_cluster._map.topology import Topology

INTERVAL_SECONDS = 0.2
"""Between two looks while a node is silent: how long a promotion may go unnoticed."""

_SILENT_SECONDS = 0.9


class Suspicion:
    """Keeps an eye on silent nodes. `look` asks the cluster, but not the nodes it is given.

    `leave` is called for a node that was replaced: what waits for its replies waits in vain.
    """

    def __init__(
        self,
        look: Callable[[Collection[Node]], Awaitable[Topology]],
        leave: Callable[[Node], None],
    ) -> None:
        self._look = look
        self._leave = leave
        self._silent: dict[Node, tuple[BaseConnection, bool]] = {}
        self._watching: asyncio.Task[None] | None = None

    def begin(self, node: Node, connection: BaseConnection, known: Topology | None) -> None:
        """Take note that a node is silent on one of its connections; `known` is what the cluster was until now."""
        self._silent.setdefault(node, (connection, known is not None and is_primary(known, node)))
        loop, watching = asyncio.get_running_loop(), self._watching
        if watching is None or watching.done() or watching.get_loop() is not loop:
            self._watching = loop.create_task(self._watch())

    def suspects(self, node: Node) -> bool:
        """Tell whether a node is silent."""
        return node in self._silent

    def stop(self) -> None:
        """Suspect nobody any more."""
        self._silent.clear()
        watching, self._watching = self._watching, None
        if watching is not None and not watching.get_loop().is_closed():
            watching.cancel()

    async def _watch(self) -> None:
        while self._silent:
            try:
                self._judge(await self._look(self._silent.keys()))
            except RedisError:  # nobody knows anything at the moment
                self._acquit()
            await asyncio.sleep(INTERVAL_SECONDS)

    def _judge(self, topology: Topology) -> None:
        for node, (_, was_primary) in list(self._silent.items()):
            if is_replaced(topology, node, was_primary=was_primary):
                del self._silent[node]
                self._leave(node)
        self._acquit()

    def _acquit(self) -> None:
        for node, (connection, _) in list(self._silent.items()):
            if not is_silent(connection):
                del self._silent[node]


def is_silent(connection: BaseConnection) -> bool:
    """Tell whether a connection still waits for its server: to answer, or to let it in."""
    if connection.is_connected:
        return connection.lag >= _SILENT_SECONDS
    return not connection.is_closed


def is_primary(topology: Topology, node: Node) -> bool:
    """Tell whether a node is a primary."""
    return any(shard.primary == node for shard in topology.shards)


def is_replaced(topology: Topology, node: Node, *, was_primary: bool) -> bool:
    """Tell whether a node is gone, or no more what it was."""
    return node not in topology.nodes() or (was_primary and not is_primary(topology, node))
