"""Cluster support for respool: slot routing, redirections, failover."""

from __future__ import annotations

from respool_cluster._client import RedisCluster
from respool_cluster._node import Node

__all__ = ["Node", "RedisCluster"]
