"""What the cluster's pools and client give to a type checker."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from typing_extensions import assert_type

from respool import BaseConnection
from respool_cluster import (
    BlockingClusterConnectionPool,
    ClusterConnectionPool,
    ClusterPipeline,
    ManagedNode,
    Node,
    RedisCluster,
)


async def pools() -> None:
    pool = ClusterConnectionPool([Node("one", 6379)], max_connections=10)
    assert_type(await pool.get_connection(b"GET", "k"), BaseConnection)
    assert_type(pool.nodes.nodes, Mapping[str, ManagedNode])
    assert_type(pool.nodes.slots, Mapping[int, Sequence[ManagedNode]])
    assert_type(BlockingClusterConnectionPool.from_url("redis://one"), BlockingClusterConnectionPool)


async def clients() -> None:
    raw = RedisCluster([Node()])
    text = RedisCluster([Node()], decode_responses=True, read_from_replicas=True)
    assert_type(await raw.get("k"), bytes | None)
    assert_type(await text.get("k"), str | None)
    assert_type(text.pipeline(), ClusterPipeline[str])
