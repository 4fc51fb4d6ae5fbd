"""The client of a cluster: the commands of `Redis`, each sent to the node that its keys belong to."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, Generic, Literal, TypeVar, overload

from respool import Cache, ConnectionPool, Lock, Pipeline, PubSub, Redis, Script, Watched
from respool.errors import DataError
from respool.lowlevel import (
    EXTEND,
    RELEASE,
    Convert,
    KeyT,
    RequestMaker,
    ResponseType,
    StringT,
    ValueT,
    door,
    is_blocking,
    is_plain,
    pack,
    refused,
)
from respool_cluster._client.caching import ClusterOrigin, LostSlots
from respool_cluster._client.iterating import ClusterIterators
from respool_cluster._client.nodewise import Nodewise
from respool_cluster._client.pipeline import ClusterPipeline
from respool_cluster._client.scanning import Scanner
from respool_cluster._client.targets import AnyNode, Nodes
from respool_cluster._client.watching import Watching
from respool_cluster._map.node import Node
from respool_cluster._map.replicas import ReplicaOrder, order_of
from respool_cluster._pool.connection import ClusterConnection
from respool_cluster._pubsub.subscribers import Subscribers
from respool_cluster._routing.alone import run_alone
from respool_cluster._routing.foreign import Foreign
from respool_cluster._routing.guide import Guide
from respool_cluster._routing.outlet import WatchedPool
from respool_cluster._routing.router import Router
from respool_cluster._routing.spreading import Spreader

if TYPE_CHECKING:
    from typing_extensions import Self

T = TypeVar("T")
R = TypeVar("R")


class RedisCluster(ClusterIterators[T], Generic[T]):
    """A client of a Redis or Valkey cluster. Calls return futures and are sent at once, as those of `Redis`.

    `startup_nodes` are any nodes of it: the others are found by asking. Other keyword arguments go to the pools and
    connections, one pool for each node. With `decode_responses` text comes back as str; with `read_from_replicas`
    replicas answer what only reads, in turn or in the order that is given (`LowestLatency()`, `SameZone("...")`);
    `address_remap` says where to reach a node that calls itself something else than the outside does. With a `cache`
    reads are answered from it until their node reports a change.

    Nodes that move, die or are replaced are followed. A command that may have been executed is repeated only if it is
    read-only, and fails with `ConnectionError` (`maybe_executed=True`) otherwise.
    """

    @overload
    def __init__(
        self: RedisCluster[bytes],
        startup_nodes: Iterable[Node],
        *,
        decode_responses: Literal[False] = ...,
        encoding: str = ...,
        read_from_replicas: bool | ReplicaOrder = ...,
        address_remap: Callable[[Node], Node] | None = ...,
        cache: Cache | None = ...,
        **options: object,
    ) -> None: ...

    @overload
    def __init__(
        self: RedisCluster[str],
        startup_nodes: Iterable[Node],
        *,
        decode_responses: Literal[True],
        encoding: str = ...,
        read_from_replicas: bool | ReplicaOrder = ...,
        address_remap: Callable[[Node], Node] | None = ...,
        cache: Cache | None = ...,
        **options: object,
    ) -> None: ...

    def __init__(
        self,
        startup_nodes: Iterable[Node],
        *,
        decode_responses: bool = False,
        encoding: str = "utf-8",
        read_from_replicas: bool | ReplicaOrder = False,
        address_remap: Callable[[Node], Node] | None = None,
        cache: Cache | None = None,
        **options: object,
    ) -> None:
        seeds = tuple(dict.fromkeys(startup_nodes))
        if not seeds:
            raise DataError("a cluster needs at least one startup node to be found by")

        options.setdefault("connection_class", ClusterConnection)
        order = order_of(read_from_replicas)
        if order is not None:
            options.update(read_from_replicas=True, asks_zone=order.wants_zone)

        def make_pool(node: Node) -> WatchedPool:
            at = node if address_remap is None else address_remap(node)
            return WatchedPool(host=at.host, port=at.port, encoding=encoding, **options)

        self._decodes = decode_responses
        self._router = Router(seeds, make_pool, encoding, replica_order=order)
        self.cache = cache
        """What keeps the replies to reads, if anything does."""
        self._maker = self._make_maker(encoding)
        self._lanes = self._router.lanes
        foreign = Foreign(self._router, self._maker)
        self._guide = Guide(self._router, foreign, encoding)
        self._nodewise: Nodewise[T] = Nodewise(self._guide, self._client_of)
        self._watching: Watching[T] = Watching(self._guide, self._maker)
        self._subscribers: Subscribers[T] = Subscribers(self._guide, self._maker)
        self._router.adopt = foreign.adopt
        self._router.followers.append(self._subscribers.follow)
        self._router.spread = Spreader(self._router, self._guide, self._maker, encoding).spread

    def _make_maker(self, encoding: str) -> RequestMaker:
        """Return who makes the requests; with a cache, have it answer what it can."""
        if self.cache is None:
            return RequestMaker(encoding, self._decodes)
        origin, pool = ClusterOrigin(self, self._router), self._router.any_pool()
        reading = self.cache.open(origin, pool, encoding, self._decodes)
        self._router.followers.append(LostSlots(reading.lose).follow)
        # On the object and not in `_run`, so that a client without a cache never asks whether it has one.
        self._run = reading.run  # type: ignore[assignment, method-assign]
        return reading.maker

    @overload
    @classmethod
    def from_url(
        cls,
        url: str,
        *,
        cache: Cache | None = ...,
        decode_responses: Literal[False] = ...,
        **options: object,
    ) -> RedisCluster[bytes]: ...

    @overload
    @classmethod
    def from_url(
        cls,
        url: str,
        *,
        cache: Cache | None = ...,
        decode_responses: Literal[True],
        **options: object,
    ) -> RedisCluster[str]: ...

    @classmethod
    def from_url(
        cls,
        url: str,
        *,
        cache: Cache | None = None,
        decode_responses: bool = False,
        **options: object,
    ) -> RedisCluster[bytes] | RedisCluster[str]:
        """Make a client from the URL of one node, `redis://` or `rediss://`; see `ConnectionPool.from_url`.

        Raises `DataError` for what is no such URL, a unix socket's included.
        """
        settings = dict(ConnectionPool.from_url(url).connection_kwargs)
        host, port = settings.pop("host", None), settings.pop("port", None)
        if not (isinstance(host, str) and isinstance(port, int)):
            raise DataError("the nodes of a cluster have a host and a port, and this URL names none")
        made: RedisCluster[bytes] | RedisCluster[str] = cls(  # type: ignore[call-overload]
            [Node(host, port)], cache=cache, decode_responses=decode_responses, **{**options, **settings}
        )
        return made

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {', '.join(map(str, self._router.nodes.startup_nodes))}>"

    async def aclose(self) -> None:
        """Wait for the replies under way and close the connections to every node; end subscriptions."""
        await self._subscribers.aclose()
        await self._router.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self.aclose()

    def pipeline(self, transaction: bool = True) -> ClusterPipeline[T]:
        """Collect commands and send them together: each to its node, or as a transaction with keys in one slot."""
        return ClusterPipeline(self._router, self._guide, self._maker, transaction)

    def pubsub(self, max_messages: int = 10_000) -> PubSub[T]:
        """Subscribe to channels and patterns at any node, and to sharded channels at those that serve their slots.

        Each node that is listened at takes one leased connection. Slots that move and nodes that fail are followed, and
        a `Gap` says where messages may be missing; see `Redis.pubsub`.
        """
        if self._router.any_pool().noreply:
            raise DataError("no message comes on a connection without replies: use a client without noreply")
        return self._subscribers.make(max_messages)

    def register_script(self, script: StringT) -> Script:
        """Return a script to be called like a function, on the node of its keys; with `client=pipe` in a pipeline.

        It is sent by its digest; a node that does not hold it gets its source instead, and keeps it.
        """
        registered = Script(self, script)
        self._router.scripts.keep(registered)
        return registered

    def run_script(self, script: Script, *words: ValueT) -> asyncio.Future[ResponseType]:
        """Run a script by its digest, or with its source where a node lacks it. For `Script` alone."""
        self._router.scripts.keep(script)
        return self._run((b"EVALSHA", script.sha, *words))

    def lock(
        self,
        name: KeyT,
        timeout: float = 30.0,
        *,
        blocking_timeout: float | None = None,
        renew: bool = False,
    ) -> Lock:
        """Return a lock kept by the primary of its name's slot, for `async with`; see `Redis.lock`.

        A failover may lose it, as any write that the replica had not received, and another may get it then.
        """
        release, extend = self.register_script(RELEASE), self.register_script(EXTEND)
        return Lock(
            self, name, release, extend, timeout=timeout, blocking_timeout=blocking_timeout, renew=renew
        )

    def watch(self, *keys: KeyT) -> AbstractAsyncContextManager[Watched[T]]:
        """Lease a connection that watches keys of one slot for the length of the block; see `Redis.watch`.

        `WatchError` is raised, too, where the slot went to another node meanwhile. What has keys in other slots fails
        with `RedisClusterError`, and is not sent.
        """
        return self._watching.watch(keys)

    async def transaction(
        self,
        fn: Callable[[Watched[T], Pipeline[T]], Awaitable[object] | object],
        *keys: KeyT,
        attempts: int = 100,
    ) -> list[object]:
        """Watch keys of one slot, call `fn(watched, pipe)`, execute what it put into `pipe`; see `Redis.transaction`.

        If a key changed, or the slot went to another node, `fn` is called again, `attempts` times at most.
        """
        return await self._watching.transaction(fn, keys, attempts)

    # ---- single nodes

    def on(self, node: AnyNode) -> Redis[T]:
        """Return a client of one node, with every method of `Redis`, for as long as this client is open.

        It knows nothing of the cluster: the node answers for its own slots, and with `MovedError` for others.
        """
        return self._nodewise.on(node)

    async def nodes(self, which: Nodes = "all") -> list[Node]:
        """Return the nodes of the cluster, or those of one role. Raises `RedisClusterError` where no node tells."""
        return await self._nodewise.chosen(which)

    async def for_each(
        self, call: Callable[[Redis[T]], Awaitable[R]], nodes: Nodes = "primaries"
    ) -> dict[Node, R]:
        """Do something on several nodes at once: `await redis.for_each(lambda node: node.info())`.

        Returns the results by node; raises the first error once all are done.
        """
        return await self._nodewise.for_each(call, nodes)

    def _client_of(self, pool: ConnectionPool) -> Redis[T]:
        client: Redis[T] = Redis(  # type: ignore[call-overload]
            connection_pool=pool, decode_responses=self._decodes, encoding=self._maker.encoding
        )
        return client

    def _scanner(self) -> Scanner[T]:
        return Scanner(self._guide, self.on, self._maker.encoding)

    # ---- any command

    @overload
    def execute_command(
        self, *args: ValueT, node: AnyNode | None = ..., nodes: None = ...
    ) -> asyncio.Future[ResponseType]: ...

    @overload
    def execute_command(self, *args: ValueT, nodes: Nodes) -> asyncio.Future[dict[Node, ResponseType]]: ...

    def execute_command(
        self, *args: ValueT, node: AnyNode | None = None, nodes: Nodes | None = None
    ) -> asyncio.Future[ResponseType] | asyncio.Future[dict[Node, ResponseType]]:
        """Send any command, modules' included, and return the future of its reply, as the server gave it.

        A command that blocks gets a connection of its own. MGET, MSET, DEL, UNLINK, EXISTS and TOUCH are taken apart
        where their keys lie in several slots (each part is atomic, the whole is not), and what concerns every node
        (DBSIZE, KEYS, FLUSHALL ...) is sent to all. Fails with `DataError` for what changes a connection's state
        (transactions, subscriptions), and with `RedisClusterError` for other commands with keys in several slots. Where
        the keys of a command stand that is unknown here, the cluster is asked.

        With `node` it goes to that node and no other; with `nodes` ("all", "primaries", "replicas", "random", or
        several) to each of them, and the result is their replies by node.
        """
        if node is not None:
            return self.on(node).execute_command(*args)
        if nodes is not None:
            return self._nodewise.ask(args, nodes)
        if args and is_plain(args):
            return self._run(args)
        refusal = door(args) if args else "no command was given"
        if refusal is not None:
            return self._refuse(args, refusal)
        return self._run_alone(args) if is_blocking(args) else self._run(args)

    def _run(self, args: tuple[ValueT, ...], convert: Convert | None = None) -> asyncio.Future[R]:
        lane = self._lanes.find(args)
        if lane is None:
            return self._run_with_care(args, convert)
        line = lane.line
        # All that `RequestMaker.make` does, without its frame: nearly every command comes through here.
        maker = self._maker
        request = maker.kind()
        request.future = future = line.create_future()
        request.args = args
        request.rescue = lane.rescue
        request.convert = convert if maker.is_raw else maker.converter(convert)
        try:
            request.payload = pack(args, maker.encoding)
        except DataError as exc:
            future.set_exception(exc)
        else:
            line.send(request)
        return future  # type: ignore[return-value] # the method that calls knows the shape

    def _run_with_care(self, args: tuple[ValueT, ...], convert: Convert | None) -> asyncio.Future[R]:
        request = self._maker.make(args, convert, None)
        if not request.done():
            self._router.send(request)
        return request.future  # type: ignore[return-value] # the method that calls knows the shape

    def _run_alone(self, args: tuple[ValueT, ...], convert: Convert | None = None) -> asyncio.Future[R]:
        """Run a blocking command on a connection of its own, at the node of its keys. Cancelled, it closes that."""
        request = self._maker.make(args, convert, None)
        if not request.done():
            request.deadline = self._router.deadline()
            task = asyncio.get_running_loop().create_task(run_alone(request, self._guide))
            request.future.add_done_callback(lambda _: task.cancel())
        return request.future  # type: ignore[return-value] # the method that calls knows the shape

    def _refuse(self, args: tuple[ValueT, ...], why: str) -> asyncio.Future[R]:
        return refused(why)
