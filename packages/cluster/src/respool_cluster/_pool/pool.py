"""The pools of a whole cluster: one pool for each node, one limit, and a way to the node that a key belongs to."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from math import inf
from types import MappingProxyType
from typing import ClassVar

from respool import BaseConnection, ConnectionPool, PoolStats
from respool.errors import ConnectionError, DataError, MovedError
from respool.lowlevel import Line, ValueT, is_read_only
from respool_cluster._map.manager import NodeManager
from respool_cluster._map.node import ManagedNode, Node
from respool_cluster._map.replicas import ReplicaOrder, order_of
from respool_cluster._map.seeds import take_seeds
from respool_cluster._map.slot import SLOTS, slot_of_keys
from respool_cluster._map.suspicion import Suspicion
from respool_cluster._map.topology import UNNAMED, Topology
from respool_cluster._pool.connection import ClusterConnection
from respool_cluster._pool.finding import Finder, patience_of
from respool_cluster._pool.limits import DEFAULT_LIMIT, Limits
from respool_cluster._pool.node_pool import NodePool
from respool_cluster._pool.node_pools import NodePools
from respool_cluster._pool.routes import Routes

DEFAULT_STEPS = 25
"""Slots that may turn out to have moved before the whole map is asked for again."""


class ClusterConnectionPool(ConnectionPool):
    """Connections to all nodes of a cluster, 32 together unless `max_connections` says otherwise.

    `startup_nodes` are any nodes of it. With `max_connections_per_node` the limit is each node's own; with `blocking`
    a caller waits for `timeout` seconds when it is reached, and each node has an even share of it. With
    `read_from_replicas` (or `readonly`, the same) what only reads goes to replicas, in turn or in the order that is
    given (`LowestLatency()`, `SameZone("...")`). `reinitialize_steps` is after how
    many moved slots the whole map is asked for again. `address_remap` says where to reach a node that calls itself
    something else than the outside does. Other keyword arguments go to the connections.
    """

    URL_QUERY_ARGUMENT_PARSERS: ClassVar[Mapping[str, Callable[..., int | float | bool | str | None]]] = (
        MappingProxyType(
            {
                **ConnectionPool.URL_QUERY_ARGUMENT_PARSERS,
                "blocking": bool,
                "max_connections_per_node": bool,
                "nodemanager_follow_cluster": bool,
                "read_from_replicas": bool,
                "readonly": bool,
                "reinitialize_steps": int,
                "skip_full_coverage_check": bool,
            }
        )
    )

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
        blocking: bool = False,
        timeout: float | None = 20,
        address_remap: Callable[[Node], Node] | None = None,
        **connection_kwargs: object,
    ) -> None:
        seeds = take_seeds(startup_nodes, connection_kwargs)
        _check(connection_class, timeout, connection_kwargs)
        order = order_of(read_from_replicas or readonly)
        connection_kwargs["read_from_replicas"] = order is not None
        self.queue_class = queue_class
        self.max_connections_per_node = max_connections_per_node
        self.read_from_replicas = order is not None
        self.blocking = blocking
        self.timeout = timeout
        self._steps = DEFAULT_STEPS if reinitialize_steps is None else reinitialize_steps
        self._moves = 0
        self._remap = address_remap
        self._asks_zone = order is not None and order.wants_zone
        self._node_options = dict(connection_kwargs)
        limits = Limits(max_connections, max_connections_per_node, blocking)
        self._pools = NodePools(limits, self._make_pool, self.describe, lambda: len(self.nodes.nodes))
        self.nodes = NodeManager(
            seeds,
            self._pools.pool_of,
            follows=nodemanager_follow_cluster,
            checks_coverage=not skip_full_coverage_check,
            on_change=self._on_change,
        )
        self._routes = Routes(order, self._pools.pool_of)
        self._finder = Finder(self.nodes, self._pools, patience_of(blocking, timeout))
        self._suspicion = Suspicion(self.nodes.ask_others, self._pools.leave)
        super().__init__(
            connection_class=connection_class,
            max_connections=DEFAULT_LIMIT if max_connections is None else max_connections,
            max_idle_time=max_idle_time,
            idle_check_interval=idle_check_interval,
            **connection_kwargs,  # type: ignore[arg-type]  # its connections' own
        )

    def __repr__(self) -> str:
        return (
            f"<{type(self).__name__} {self.describe()} {self.stats().size}/{self.stats().limit} connections>"
        )

    def describe(self) -> str:
        """Return the nodes it was given, for messages."""
        return f"cluster of {', '.join(map(str, self.nodes.startup_nodes))}"

    def stats(self) -> PoolStats:
        """Return how many connections there are to all nodes together, and what they are held for, now."""
        return self._pools.stats()

    # ---- connections

    async def get_connection(
        self, command_name: bytes | None = None, *keys: ValueT, acquire: bool = True, **options: object
    ) -> BaseConnection:
        """Return a connection to the node of `keys`, to any primary without keys; see `ConnectionPool`.

        Raises `RedisClusterError` for keys in several slots, and for a slot that nobody serves.
        """
        if not keys:
            return await self._get(lambda topology: self._routes.to_any(topology, primary=True), acquire)
        slot = slot_of_keys(keys, str(self.connection_kwargs.get("encoding", "utf-8")))
        reads = command_name is not None and is_read_only((command_name, *keys))
        return await self._get(
            lambda topology: self._routes.to_slot(topology, slot, reads=reads), acquire=acquire
        )

    async def get_random_connection(self, primary: bool = False) -> BaseConnection:
        """Lease a connection to some node: any, or any primary."""
        return await self._get(lambda topology: self._routes.to_any(topology, primary=primary))

    async def get_connection_by_slot(self, slot: int) -> BaseConnection:
        """Lease a connection to the primary of a slot; to a replica, if the pool reads from those."""
        if not 0 <= slot < SLOTS:
            raise DataError(f"a slot is a number from 0 to {SLOTS - 1}, not {slot!r}")
        return await self._get(lambda topology: self._routes.to_slot(topology, slot, reads=True))

    async def get_connection_by_node(self, node: ManagedNode) -> BaseConnection:
        """Lease a connection to one node."""
        self._check_open()
        return await self._pools.pool_of(Node(node.host, node.port)).get_connection()

    def release(self, connection: BaseConnection) -> None:
        """Give a leased connection back. One that is not leased raises `ConnectionError`."""
        self._pools.release(connection)

    async def warm_up(self) -> None:
        """Wait until the nodes and their slots are known. Raises `RedisClusterError` where no node tells."""
        await self.nodes.known()

    def disconnect(self) -> None:
        """Close every connection to every node now. What is in flight fails; the pool can be used again."""
        self._stop_looking()
        self._pools.disconnect()

    def reset(self) -> None:
        """Close every connection and forget the cluster: it is found anew from the startup nodes."""
        self._stop_looking()
        self._pools.forget()
        self.nodes.forget()
        self._moves = 0

    async def aclose(self) -> None:
        """Wait for the replies under way, then close every connection to every node."""
        self._is_closing = True
        try:
            self._stop_looking()
            await self._pools.aclose()
        finally:
            self._is_closing = False

    @property
    def line(self) -> Line:
        """What there is none of: each node has a line of its own."""
        raise DataError("a cluster has no line for all its nodes: use RedisCluster")

    # ---- finding the node

    async def _get(
        self, candidates: Callable[[Topology], list[Node]], acquire: bool = True
    ) -> BaseConnection:
        self._check_open()
        return await self._finder.find(candidates, acquire=acquire)

    def _check_open(self) -> None:
        if self._is_closing:
            raise ConnectionError(f"{self!r} is being closed")

    def _make_pool(self, node: Node, share: int | None) -> NodePool:
        return NodePool(
            node,
            self,
            share,
            asks_zone=self._asks_zone,
            address=node if self._remap is None else self._remap(node),
            connection_class=self.connection_class,
            max_idle_time=self.max_idle_time,
            idle_check_interval=self.idle_check_interval,
            **self._node_options,
        )

    def _on_change(self, topology: Topology) -> None:
        self._pools.adapt({*topology.nodes(), *self.nodes.startup_nodes})

    def _stop_looking(self) -> None:
        self._suspicion.stop()
        self.nodes.stop()

    # ---- what the pools of nodes ask and tell

    def make_room(self) -> None:
        """See that one more connection may be made. Raises `Full` where none may. For the pools of nodes alone."""
        self._pools.make_room()

    def on_made(self, connection: BaseConnection, pool: NodePool) -> None:
        """Take note of a new connection. For the pools of nodes alone."""
        self._pools.take_in(connection, pool)
        if isinstance(connection, ClusterConnection):
            connection.on_moved = self._on_moved

    def on_node_suspect(self, node: Node, connection: BaseConnection) -> None:
        """Ask the others whether a node that is silent was replaced. For the pools of nodes alone."""
        self._suspicion.begin(node, connection, self.nodes.topology)

    def _on_moved(self, error: MovedError) -> None:
        self._moves += 1
        tells = error.host not in ("", UNNAMED)  # else it is the host that was asked, which nobody tells here
        if tells:
            self.nodes.moved(error.slot_id, Node(error.host, error.port))
        if not tells or self._moves >= self._steps:
            self._moves = 0
            self.nodes.look()


def _check(connection_class: type[object], timeout: float | None, options: dict[str, object]) -> None:
    """Raise `DataError` for what makes no pool of a cluster."""
    if timeout is not None and not 0 <= timeout <= inf:
        raise DataError(f"timeout is a number of seconds, not {timeout!r}")
    if not issubclass(connection_class, ClusterConnection):
        raise DataError(f"{connection_class.__name__} is no ClusterConnection: a cluster is reached by TCP")
    if options.pop("min_connections", 0):
        raise DataError("the pool of a cluster opens no connections in advance: leave min_connections out")
