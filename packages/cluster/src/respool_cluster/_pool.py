"""The pools of a whole cluster: one pool for each node, one limit, and a way to the node that a key belongs to."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from math import inf
from types import MappingProxyType
from typing import ClassVar
from weakref import WeakKeyDictionary

from respool import BaseConnection, ConnectionPool, PoolStats
from respool.errors import ConnectionError, DataError, MovedError, RedisClusterError, RedisError, TimeoutError
from respool.lowlevel import Line, ValueT, is_read_only
from respool_cluster._connection import ClusterConnection
from respool_cluster._manager import NodeManager
from respool_cluster._news import News
from respool_cluster._node import ManagedNode, Node
from respool_cluster._node_pool import Full, NodePool
from respool_cluster._routes import Routes
from respool_cluster._slot import SLOTS, slot_of_keys
from respool_cluster._suspicion import Suspicion
from respool_cluster._tally import add_up
from respool_cluster._topology import Topology

DEFAULT_LIMIT = 32
"""Connections to the whole cluster where nobody said otherwise; one for each node, if that is more."""

ROOM_SECONDS = 0.1
"""How long a look for room is put off at most: a connection may come free, or be lost, without any release."""

DEFAULT_STEPS = 25
"""Slots that may turn out to have moved before the whole map is asked for again."""


class ClusterConnectionPool(ConnectionPool):
    """Connections to all nodes of a cluster, 32 together unless `max_connections` says otherwise.

    `startup_nodes` are any nodes of it. With `max_connections_per_node` the limit is each node's own; with `blocking`
    a caller waits for `timeout` seconds when it is reached, and each node has an even share of it. With
    `read_from_replicas` (or `readonly`, the same) what only reads goes to replicas. `reinitialize_steps` is after how
    many moved slots the whole map is asked for again. Other keyword arguments go to the connections.
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
        read_from_replicas: bool = False,
        max_idle_time: float = 0,
        idle_check_interval: float = 1,
        blocking: bool = False,
        timeout: float | None = 20,
        **connection_kwargs: object,
    ) -> None:
        seeds = _seeds(startup_nodes, connection_kwargs)
        if timeout is not None and not 0 <= timeout <= inf:
            raise DataError(f"timeout is a number of seconds, not {timeout!r}")
        if not issubclass(connection_class, ClusterConnection):
            raise DataError(
                f"{connection_class.__name__} is no ClusterConnection: a cluster is reached by TCP"
            )
        if connection_kwargs.pop("min_connections", 0):
            raise DataError(
                "the pool of a cluster opens no connections in advance: leave min_connections out"
            )
        connection_kwargs["read_from_replicas"] = read_from_replicas or readonly
        self.queue_class = queue_class
        self.max_connections_per_node = max_connections_per_node
        self.read_from_replicas = read_from_replicas or readonly
        self.blocking = blocking
        self.timeout = timeout
        self._steps = DEFAULT_STEPS if reinitialize_steps is None else reinitialize_steps
        self._is_raised = max_connections is None
        self._moves = 0
        self._pools: dict[Node, NodePool] = {}
        self._homes: WeakKeyDictionary[BaseConnection, NodePool] = WeakKeyDictionary()
        self._released = News()
        self._routes = Routes(reads_from_replicas=self.read_from_replicas)
        self._suspicion = Suspicion(lambda suspects: self.nodes.ask_others(suspects), self._leave)
        self._node_options = dict(connection_kwargs)
        self.nodes = NodeManager(
            seeds,
            self._pool_of,
            follows=nodemanager_follow_cluster,
            checks_coverage=not skip_full_coverage_check,
            on_change=self._on_change,
        )
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
        return add_up(self._limit(), [pool.stats() for pool in self._pools.values()])

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
        return await self._pool_of(Node(node.host, node.port)).get_connection()

    def release(self, connection: BaseConnection) -> None:
        """Give a leased connection back. One that is not leased raises `ConnectionError`."""
        home = self._homes.get(connection)
        if home is None:
            raise ConnectionError(f"{connection!r} is not leased from this pool")
        home.release(connection)
        self._released.tell()

    async def warm_up(self) -> None:
        """Wait until the nodes and their slots are known. Raises `RedisClusterError` where no node tells."""
        await self.nodes.known()

    def disconnect(self) -> None:
        """Close every connection to every node now. What is in flight fails; the pool can be used again."""
        self._stop_looking()
        for pool in self._pools.values():
            pool.disconnect()

    def reset(self) -> None:
        """Close every connection and forget the cluster: it is found anew from the startup nodes."""
        self.disconnect()
        self.nodes.forget()
        self._moves = 0
        # What is leased keeps its slot until it is released.
        self._pools = {node: pool for node, pool in self._pools.items() if pool.stats().size}

    async def aclose(self) -> None:
        """Wait for the replies under way, then close every connection to every node."""
        self._is_closing = True
        try:
            self._stop_looking()
            await asyncio.gather(*(pool.aclose() for pool in self._pools.values()))
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
        """Go from candidate to candidate; then ask the cluster anew, once, and go to those not tried yet."""
        self._check_open()
        failure: RedisError = RedisClusterError("no node of the cluster may answer")
        tried: set[Node] = set()
        topology = await self.nodes.known()
        while untried := [node for node in candidates(topology) if node not in tried]:
            for node in untried:
                tried.add(node)
                pool = self._pool_of(node)
                try:
                    return await self._get_from(pool, acquire)
                except Full:
                    raise
                except (ConnectionError, TimeoutError) as exc:
                    if pool.is_full:
                        raise
                    failure = exc
            topology = await self._look_again(failure)
        raise failure

    async def _get_from(self, pool: NodePool, acquire: bool) -> BaseConnection:
        """Get a connection to one node, waiting for room in the cluster's limit if this pool waits."""
        loop = asyncio.get_running_loop()
        end = loop.time() + (inf if self.timeout is None else self.timeout)
        while True:
            try:
                return await pool.get_connection(acquire=acquire)
            except Full:
                if not self.blocking:
                    raise
                if loop.time() >= end:
                    break
                await self._released.wait(min(end - loop.time(), ROOM_SECONDS))
        raise Full(
            f"No connection available: all {self._limit()} to the {self.describe()} stayed in use "
            f"for {self.timeout:g} s"
        )

    async def _look_again(self, failure: RedisError) -> Topology:
        try:
            return await self.nodes.initialize()
        except RedisError:
            raise failure from None  # that nobody knows better is not what the caller asked for

    def _check_open(self) -> None:
        if self._is_closing:
            raise ConnectionError(f"{self!r} is being closed")

    def _pool_of(self, node: Node) -> NodePool:
        pool = self._pools.get(node)
        if pool is None:
            pool = self._pools[node] = NodePool(
                node,
                self,
                self._share(),
                connection_class=self.connection_class,
                max_idle_time=self.max_idle_time,
                idle_check_interval=self.idle_check_interval,
                **self._node_options,
            )
        return pool

    def _on_change(self, topology: Topology) -> None:
        """Let go of nodes that left or are due another share, unless somebody has connections to them."""
        staying, share = {*topology.nodes(), *self.nodes.startup_nodes}, self._share()
        for node, pool in list(self._pools.items()):
            if (node not in staying or pool.max_connections != share) and not pool.in_use:
                del self._pools[node]
                pool.disconnect()

    def _stop_looking(self) -> None:
        self._suspicion.stop()
        self.nodes.stop()

    # ---- limits

    def _limit(self) -> int:
        """Return how many connections there may be in all, or to each node."""
        assert self.max_connections is not None
        if not self._is_raised:
            return self.max_connections
        return max(self.max_connections, len(self.nodes.nodes))

    def _share(self) -> int | None:
        """Return the limit of one node's own pool."""
        if self.max_connections_per_node:
            return self._limit()
        if not self.blocking:
            return None  # the cluster's limit is enough
        return max(1, self._limit() // max(1, len(self.nodes.nodes)))

    # ---- what the pools of nodes ask and tell

    def make_room(self) -> None:
        """See that one more connection may be made, at the expense of one that nobody uses. For the pools of nodes."""
        limit = self._limit()
        if self.max_connections_per_node or self.stats().size < limit:
            return
        for pool in list(self._pools.values()):
            for connection in pool.spare():
                connection.close()
                if self.stats().size < limit:
                    return
        raise Full(
            f"Too many connections: all {limit} to the {self.describe()} are in use; "
            "release one sooner or raise max_connections"
        )

    def on_made(self, connection: BaseConnection, pool: NodePool) -> None:
        """Take note of a new connection. For the pools of nodes alone."""
        self._homes[connection] = pool
        if isinstance(connection, ClusterConnection):
            connection.on_moved = self._on_moved

    def on_node_suspect(self, node: Node, connection: BaseConnection) -> None:
        """Ask the others whether a node that is silent was replaced. For the pools of nodes alone."""
        self._suspicion.begin(node, connection, self.nodes.topology)

    def _leave(self, node: Node) -> None:
        if node in self._pools:
            self._pools[node].disconnect()

    def _on_moved(self, error: MovedError) -> None:
        self._moves += 1
        if error.host:
            self.nodes.moved(error.slot_id, Node(error.host, error.port))
        if not error.host or self._moves >= self._steps:
            self._moves = 0
            self.nodes.look()


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
        read_from_replicas: bool = False,
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


_ADDRESS = frozenset({"host", "port"})


def _seeds(startup_nodes: Iterable[Node] | None, options: dict[str, object]) -> tuple[Node, ...]:
    """Return the startup nodes; a host and port among the options, as in a URL, is one more."""
    seeds = list(startup_nodes or ())
    if options.keys() & _ADDRESS:
        host, port = options.pop("host", Node().host), options.pop("port", Node().port)
        if not (isinstance(host, str) and isinstance(port, int)):
            raise DataError("a startup node has a host, a text, and a port, a number")
        seeds.append(Node(host, port))
    if not seeds:
        raise DataError("a cluster needs at least one startup node to be found by")
    return tuple(dict.fromkeys(seeds))
