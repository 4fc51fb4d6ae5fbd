"""Which nodes are meant: by role, or one by one. Decides only."""

from __future__ import annotations

import random
from collections.abc import Iterable
from typing import Literal, TypeAlias

from respool.errors import DataError
from respool_cluster._map.node import ManagedNode, Node
from respool_cluster._map.topology import Topology

AnyNode: TypeAlias = Node | ManagedNode
Nodes: TypeAlias = Literal["all", "primaries", "replicas", "random"] | Iterable[AnyNode]
"""Nodes of a cluster: those with a role, any one primary, or these."""


def address_of(node: AnyNode) -> Node:
    """Return where a node listens. Raises `DataError` for what is none."""
    if not isinstance(node, (Node, ManagedNode)):
        raise DataError(f"a node is a Node or a ManagedNode, not {node!r}")
    return Node(node.host, node.port)


def choose(topology: Topology, nodes: Nodes) -> list[Node]:
    """Return the addresses of the nodes that are meant, each once. Raises `DataError` for what means none."""
    if not isinstance(nodes, str):
        return list(dict.fromkeys(address_of(node) for node in nodes))
    primaries = list(dict.fromkeys(shard.primary for shard in topology.shards))
    if nodes == "primaries":
        return primaries
    if nodes == "all":
        return list(topology.nodes())
    if nodes == "replicas":
        return [node for node in topology.nodes() if node not in primaries]
    if nodes == "random":
        return [random.choice(primaries)]
    raise DataError(f"nodes are 'all', 'primaries', 'replicas', 'random', or several of them, not {nodes!r}")
