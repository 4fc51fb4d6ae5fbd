"""The pools, as they are used: settings and doors. What happens to connections is the keeper's affair."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from math import inf
from types import MappingProxyType
from typing import TYPE_CHECKING, ClassVar

from respool._connection.base import BaseConnection
from respool._connection.forking import forget_in_child
from respool._connection.settings import DEFAULT_STREAM_TIMEOUT, check_seconds
from respool._connection.tcp import Connection
from respool._connection.unix import UnixDomainSocketConnection
from respool._pool.keeper import Keeper
from respool._pool.ledger import IdleQueue, Use
from respool._pool.line import Line
from respool._pool.retry import RetryPolicy
from respool._pool.stats import PoolStats, take_stats
from respool._pool.upkeep import Rules
from respool._pool.url import Parser, parse_url
from respool._wire.values import ValueT
from respool.errors import ConnectionError, DataError

if TYPE_CHECKING:
    from typing_extensions import Self

_URL_PARSERS: Mapping[str, Parser] = MappingProxyType(
    {
        "client_name": str,
        "connect_timeout": float,
        "idle_check_interval": float,
        "max_connections": int,
        "max_idle_time": float,
        "noevict": bool,
        "noreply": bool,
        "notouch": bool,
        "protocol_version": int,
        "stream_timeout": float,
    }
)


class ConnectionPool:
    """Connections to one server. Full, it raises `ConnectionError` at once. Times are in seconds.

    Stateless commands share one connection (`acquire=False`); a lease (`acquire=True`) is held by one task until
    `release`. With `shared_connections` several are shared, where the limit leaves room: each command goes to the next,
    and so commands that are not awaited one by one may overtake each other. Idle connections are closed after
    `max_idle_time`, every connection is replaced within `max_connection_lifetime`, and `min_connections` are kept open
    in advance; all three are looked at every `idle_check_interval`. `retry` says when a command that failed may be sent
    again. Other keyword arguments go to the constructor of `connection_class`.
    """

    URL_QUERY_ARGUMENT_PARSERS: ClassVar[Mapping[str, Parser]] = _URL_PARSERS

    def __init__(
        self,
        *,
        connection_class: type[BaseConnection] | None = None,
        max_connections: int | None = None,
        max_idle_time: float = 0,
        idle_check_interval: float = 1,
        min_connections: int = 0,
        max_connection_lifetime: float | None = None,
        shared_connections: int = 1,
        retry: RetryPolicy | None = None,
        **connection_kwargs: object,
    ) -> None:
        if max_connections is not None and max_connections < max(1, min_connections):
            raise DataError(f"max_connections is at least 1 and min_connections, not {max_connections}")
        self.connection_class = connection_class or Connection
        self.connection_kwargs = connection_kwargs
        self.max_connections = max_connections
        self.max_idle_time = max_idle_time
        self.idle_check_interval = idle_check_interval
        lifetime = inf if max_connection_lifetime is None else max_connection_lifetime
        self._rules = Rules(max_idle_time, idle_check_interval, lifetime, min_connections)
        self._retry = retry or RetryPolicy()
        self._keeper: Keeper | None = None
        self.shared_connections = shared_connections
        self._is_closing = False
        # Made and thrown away, so that a wrong option is told here and not at the first command.
        self._description = self.make_connection().describe()
        forget_in_child(self)

    @classmethod
    def from_url(
        cls, url: str, db: int | None = None, decode_components: bool = False, **kwargs: object
    ) -> Self:
        """Make a pool from `redis://`, `rediss://` or `unix://`. The query string beats everything else.

        `redis://[user:password@]host[:port][/db][?option=value]`, `unix://[user:password@]/path[?db=0]`. With
        `decode_components`, user, password, host and path are unquoted. Raises `DataError` for what is no such URL.
        """
        is_unix, options = parse_url(url, db, decode_components, cls.URL_QUERY_ARGUMENT_PARSERS)
        if is_unix:
            kwargs.setdefault("connection_class", UnixDomainSocketConnection)
        return cls(**{**kwargs, **options})  # type: ignore[arg-type]  # what a URL says is checked by what it goes to

    def __repr__(self) -> str:
        stats = self.stats()
        bound = "unlimited" if stats.limit is None else stats.limit
        return f"<{type(self).__name__} {self._description} {stats.size}/{bound} connections>"

    def describe(self) -> str:
        """Return where its connections lead, for messages."""
        return self._description

    def stats(self) -> PoolStats:
        """Return how many connections there are and what they are held for, now."""
        keeper = self._keeper
        if keeper is None:
            return PoolStats(limit=self.max_connections)
        return take_stats(keeper.ledger, keeper.line.pending())

    # ---- connections

    async def get_connection(
        self, command_name: bytes | None = None, *args: ValueT, acquire: bool = True, **kwargs: object
    ) -> BaseConnection:
        """Return a connection that is connected: to hold alone until `release`, or a share of one (`acquire=False`).

        Raises `ConnectionError` when no slot is free, or what connecting failed with. Failed or cancelled, it costs
        no slot.
        """
        keeper = self._bind()
        if self._is_closing:
            raise ConnectionError(f"{self!r} is being closed")
        return await (keeper.lease() if acquire else keeper.get_share())

    def release(self, connection: BaseConnection) -> None:
        """Give a leased connection back. A broken one is fine; one that is not leased raises `ConnectionError`.

        Replies that are still outstanding arrive all the same, except a blocking command's that nobody waits for.
        """
        if self._keeper is None:
            raise ConnectionError(f"{connection!r} is not leased from this pool")
        self._keeper.release(connection)

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[BaseConnection]:
        """Lease a connection for the length of the block."""
        connection = await self.get_connection()
        try:
            yield connection
        finally:
            self.release(connection)

    async def warm_up(self) -> None:
        """Wait until `min_connections` are open. Raises what opening one failed with.

        Without it they are opened in the background, from the pool's first use on.
        """
        await self._bind().warm_up()

    def disconnect(self) -> None:
        """Close every connection now. What is in flight fails; the pool can be used again.

        A leased connection keeps its slot until it is released.
        """
        keeper = self._keeper
        if keeper is not None and not keeper.loop.is_closed():
            keeper.disconnect()

    async def aclose(self) -> None:
        """Wait for the replies under way, blocking commands' aside, then close every connection.

        It waits for `stream_timeout` at most, and leases nothing meanwhile. Cancelled, it closes them at once.
        """
        keeper = self._keeper
        if keeper is None or keeper.loop is not asyncio.get_running_loop():
            self.disconnect()
            return
        self._is_closing = True
        try:
            await keeper.drain()
        finally:
            keeper.disconnect()
            self._is_closing = False
        if keeper.departing:
            await asyncio.wait(set(keeper.departing))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self.aclose()

    # ---- the shared connection

    @property
    def line(self) -> Line:
        """What the stateless commands of the running loop are sent on."""
        keeper = self._keeper
        if keeper is not None and keeper.loop is asyncio.get_running_loop():
            return keeper.line
        return self._bind().line

    def share_one(self, preferred: BaseConnection | None = None) -> BaseConnection | None:
        """Return one connection of the line, `preferred` as long as it is shared. Never waits: it may be connecting.

        None where one must be waited for. Raises `ConnectionError` where none is to be expected.
        """
        return self._bind().share_one(preferred)

    @property
    def stream_timeout(self) -> float:
        """Seconds that a request may take by default."""
        given = self.connection_kwargs.get("stream_timeout")
        return given if isinstance(given, (int, float)) else DEFAULT_STREAM_TIMEOUT

    @property
    def noreply(self) -> bool:
        """Whether its connections have told the server not to answer."""
        return bool(self.connection_kwargs.get("noreply"))

    @property
    def shared_connections(self) -> int:
        """How many connections stateless commands may share, each the next; may be set at any time."""
        return self._shared_connections

    @shared_connections.setter
    def shared_connections(self, connections: int) -> None:
        if connections < 1:
            raise DataError(f"shared_connections is at least 1, not {connections}")
        self._shared_connections = connections
        if self._keeper is not None:
            self._keeper.share_among(connections)

    # ---- for subclasses

    def shared(self) -> list[BaseConnection]:
        """Return the connections that stateless commands share now; they may still be connecting."""
        return self._keeper.ledger.held_for(Use.SHARED) if self._keeper is not None else []

    def retire(self, connection: BaseConnection) -> None:
        """Send nothing more on a connection; close it when its last replies are there or its holder is done with it."""
        if self._keeper is not None:
            self._keeper.retire(connection)

    def make_connection(self) -> BaseConnection:
        """Return a new connection, not opened. To be overridden; the pool alone calls it, and it takes no slot."""
        return self.connection_class(**self.connection_kwargs)  # type: ignore[arg-type]  # the caller's own

    def make_queue(self) -> IdleQueue[BaseConnection]:
        """Return the queue that decides which idle connection is used first."""
        return asyncio.LifoQueue()

    def patience(self) -> float | None:
        """Return for how many seconds one may stand in line, None for ever. Raises `ConnectionError` for not at all."""
        raise ConnectionError(
            f"Too many connections: all {self.max_connections} to {self._description} are in use; "
            "release one sooner or raise max_connections"
        )

    def on_suspect(self, connection: BaseConnection) -> None:
        """Hear that the server takes suspiciously long. To be overridden where others can be asked about it."""

    # ---- belonging to a loop

    def _bind(self) -> Keeper:
        """Belong to the running loop: a pool whose loop was closed starts afresh, any other loop is an error."""
        loop, keeper = asyncio.get_running_loop(), self._keeper
        if keeper is not None and keeper.loop is loop:
            return keeper
        if keeper is not None and not keeper.loop.is_closed():
            raise RuntimeError(f"{self!r} is in use by another event loop, which still runs")
        self._keeper = keeper = Keeper(self, loop, self._rules, self._retry)
        keeper.open_missing()
        keeper.keep_watch()
        return keeper

    def forget_after_fork(self) -> None:
        """Start afresh in a forked child: the connections are its parent's."""
        self._keeper = None


class BlockingConnectionPool(ConnectionPool):
    """A pool that, full, makes the caller wait: for `timeout` seconds, or for ever with None.

    `queue_class` decides which idle connection is used first (`asyncio.LifoQueue`: the one used last). Without
    `max_connections` the bound is 50. Commands on the shared connection wait too, within their deadline.
    """

    def __init__(
        self,
        connection_class: type[BaseConnection] | None = None,
        queue_class: type[IdleQueue[BaseConnection]] = asyncio.LifoQueue,
        max_connections: int | None = None,
        timeout: float | None = 20,
        max_idle_time: float = 0,
        idle_check_interval: float = 1,
        **connection_kwargs: object,
    ) -> None:
        if timeout is not None:
            check_seconds("timeout", timeout)
        self.queue_class = queue_class
        self.timeout = timeout
        super().__init__(
            connection_class=connection_class,
            max_connections=50 if max_connections is None else max_connections,
            max_idle_time=max_idle_time,
            idle_check_interval=idle_check_interval,
            **connection_kwargs,  # type: ignore[arg-type]  # the pool's and its connections' own
        )

    def make_queue(self) -> IdleQueue[BaseConnection]:
        """Return a queue of `queue_class`."""
        return self.queue_class()

    def patience(self) -> float | None:
        """Return `timeout`."""
        return self.timeout
