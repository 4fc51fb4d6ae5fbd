"""The pool of a cluster that waits where it is full."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from respool import BaseConnection
from respool_cluster._map.node import Node
from respool_cluster._map.replicas import ReplicaOrder
from respool_cluster._pool.connection import ClusterConnection
from respool_cluster._pool.pool import ClusterConnectionPool


class BlockingClusterConnectionPool(ClusterConnectionPool):
    """A pool of a cluster that, full, makes the caller wait for `timeout` seconds."""

    def __init__(
        self,
        startup_nodes: Iterable[Node] | None = None,
        connection_class: type[ClusterConnection] = ClusterConnection,
        queue_class: type[asyncio.Queue[BaseConnection | None]] = asyncio.LifoQueue,
        max_connections: int | None = None,
        max_connections_per_node: bool = False,
        reinitialize_steps: int | None = None,
        skip_full_coverage_check: bool = False,
        nodemanager_follow_cluster: bool = True,
        readonly: bool = False,
        read_from_replicas: bool | ReplicaOrder = False,
        max_idle_time: float = 0,
        idle_check_interval: float = 1,
        timeout: float | None = 20,
        **connection_kwargs: object,
    ) -> None:
        connection_kwargs["blocking"] = True  # in a URL, too, it is this class's own affair
        super().__init__(
            startup_nodes,
            connection_class,
            queue_class,
            max_connections,
            max_connections_per_node,
            reinitialize_steps,
            skip_full_coverage_check,
            nodemanager_follow_cluster,
            readonly,
            read_from_replicas,
            max_idle_time,
            idle_check_interval,
            timeout=timeout,
            **connection_kwargs,  # type: ignore[arg-type]
        )
