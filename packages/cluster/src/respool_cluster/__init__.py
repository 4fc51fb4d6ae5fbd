"""Cluster support for respool: slot routing, redirections, failover."""

from __future__ import annotations

from respool_cluster._client.client import RedisCluster
from respool_cluster._client.pipeline import ClusterPipeline
from respool_cluster._map.manager import NodeManager
from respool_cluster._map.node import ManagedNode, Node
from respool_cluster._map.replicas import LowestLatency, ReplicaOrder, SameZone
from respool_cluster._pool.blocking_pool import BlockingClusterConnectionPool
from respool_cluster._pool.connection import ClusterConnection
from respool_cluster._pool.pool import ClusterConnectionPool

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
