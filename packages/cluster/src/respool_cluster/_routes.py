"""Which nodes may answer, the best first. Decides only."""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import count

from respool.errors import RedisClusterError
from respool_cluster._node import Node
from respool_cluster._topology import Topology


class Routes:
    """Where to go. With `reads_from_replicas`, replicas take their turns at reading; the primary is the last resort."""

    def __init__(self, *, reads_from_replicas: bool) -> None:
        self._reads_from_replicas = reads_from_replicas
        self._turns: Iterator[int] = count(random.randrange(1024))

    def to_slot(self, topology: Topology, slot: int, *, reads: bool) -> list[Node]:
        """Return who may answer for a slot. Raises `RedisClusterError` where nobody serves it."""
        shard = topology.slots[slot]
        if shard is None:
            raise RedisClusterError(f"slot {slot} is served by no node of the cluster")
        if not (reads and self._reads_from_replicas and shard.replicas):
            return [shard.primary]
        first = next(self._turns) % len(shard.replicas)
        return [*shard.replicas[first:], *shard.replicas[:first], shard.primary]

    def to_any(self, topology: Topology, *, primary: bool) -> list[Node]:
        """Return nodes in any order: all, or all primaries."""
        nodes = [shard.primary for shard in topology.shards] if primary else list(topology.nodes())
        random.shuffle(nodes)
        return nodes
