"""Which nodes may answer, the best first. Decides only."""

from __future__ import annotations

import random
from collections.abc import Callable

from respool.errors import RedisClusterError
from respool_cluster._map.node import Node
from respool_cluster._map.replicas import KnownNode, ReplicaOrder
from respool_cluster._map.topology import Topology


class Routes:
    """Where to go. With an `order`, replicas are asked in it for what only reads; the primary is the last resort.

    `known` tells what the order may want to know of a node.
    """

    def __init__(self, order: ReplicaOrder | None, known: Callable[[Node], KnownNode]) -> None:
        self._order = order
        self._known = known

    def to_slot(self, topology: Topology, slot: int, *, reads: bool) -> list[Node]:
        """Return who may answer for a slot. Raises `RedisClusterError` where nobody serves it."""
        shard = topology.slots[slot]
        if shard is None:
            raise RedisClusterError(f"slot {slot} is served by no node of the cluster")
        if not reads or self._order is None or not shard.replicas:
            return [shard.primary]
        return [*self._order.order(shard.replicas, self._known), shard.primary]

    def to_any(self, topology: Topology, *, primary: bool) -> list[Node]:
        """Return nodes in any order: all, or all primaries."""
        nodes = [shard.primary for shard in topology.shards] if primary else list(topology.nodes())
        random.shuffle(nodes)
        return nodes
