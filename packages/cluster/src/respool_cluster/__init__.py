"""Cluster support for respool: slot routing, redirections, failover."""

from __future__ import annotations

from respool_cluster._blocking_pool import BlockingClusterConnectionPool
from respool_cluster._client import RedisCluster
from respool_cluster._connection import ClusterConnection
from respool_cluster._manager import NodeManager
from respool_cluster._node import ManagedNode, Node
from respool_cluster._pipeline import ClusterPipeline
from respool_cluster._pool import ClusterConnectionPool
from respool_cluster._replicas import LowestLatency, ReplicaOrder, SameZone

__all__ = [
    "BlockingClusterConnectionPool",
    "ClusterConnection",
    "ClusterConnectionPool",
    "ClusterPipeline",
    "LowestLatency",
    "ManagedNode",
    "Node",
    "NodeManager",
    "RedisCluster",
    "ReplicaOrder",
    "SameZone",
]
