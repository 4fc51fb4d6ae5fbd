"""The pools: they do what the ledger decides."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from types import MappingProxyType
from typing import ClassVar

from typing_extensions import Self

from respool._connection.base import BaseConnection
from respool._connection.settings import DEFAULT_STREAM_TIMEOUT
from respool._connection.tcp import Connection
from respool._connection.unix import UnixDomainSocketConnection
from respool._pool.ledger import IdleQueue, Ledger, Use
from respool._pool.line import Line
from respool._pool.retry import RetryPolicy
from respool._pool.url import Parser, parse_url
from respool._wire.values import ValueT
from respool.errors import ConnectionError, DataError

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
    `release`. Other keyword arguments go to the constructor of `connection_class`.
    """

    URL_QUERY_ARGUMENT_PARSERS: ClassVar[Mapping[str, Parser]] = _URL_PARSERS

    def __init__(
        self,
        *,
        connection_class: type[BaseConnection] | None = None,
        max_connections: int | None = None,
        max_idle_time: float = 0,
        idle_check_interval: float = 1,
        **connection_kwargs: object,
    ) -> None:
        if max_connections is not None and max_connections < 1:
            raise DataError(f"max_connections is at least 1, not {max_connections}")
        self.connection_class = connection_class or Connection
        self.connection_kwargs = connection_kwargs
        self.max_connections = max_connections
        self.max_idle_time = max_idle_time
        self.idle_check_interval = idle_check_interval
        self._ledger: Ledger[BaseConnection] = Ledger(max_connections, self._idle_queue())
        self._waiters: deque[asyncio.Future[BaseConnection]] = deque()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._line: Line | None = None
        self._closing: list[BaseConnection] = []
        self._idle_timer: asyncio.TimerHandle | None = None
        # Made and thrown away, so that a wrong option is told here and not at the first command.
        self._description = self._make_connection().describe()

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
        bound = self.max_connections if self.max_connections is not None else "unlimited"
        return f"<{type(self).__name__} {self._description} {len(self._ledger.all())}/{bound} connections>"

    # ---- connections

    async def get_connection(
        self, command_name: bytes | None = None, *args: ValueT, acquire: bool = True, **kwargs: object
    ) -> BaseConnection:
        """Return a connection that is connected: to hold alone until `release`, or a share of one (`acquire=False`).

        Raises `ConnectionError` when no slot is free, or what connecting failed with. Failed or cancelled, it costs
        no slot.
        """
        self._bind()
        connection = await self._lease() if acquire else self.share()
        try:
            await connection.connect()
        except BaseException:
            if acquire:
                self._discard(connection)
            raise
        return connection

    def release(self, connection: BaseConnection) -> None:
        """Give a leased connection back. A broken one is fine; one that is not leased raises `ConnectionError`."""
        if self._ledger.use_of(connection) is not Use.LEASED:
            raise ConnectionError(f"{connection!r} is not leased from this pool")
        if not connection.is_connected or connection.held:
            # What it holds on the server must not be the next one's surprise.
            self._discard(connection)
            return
        waiter = self._next_waiter()
        if waiter is not None:
            waiter.set_result(connection)
        else:
            self._ledger.put_idle(connection)

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[BaseConnection]:
        """Lease a connection for the length of the block."""
        connection = await self.get_connection()
        try:
            yield connection
        finally:
            self.release(connection)

    def disconnect(self) -> None:
        """Close every connection now. What is in flight fails; the pool can be used again.

        A leased connection keeps its slot until it is released.
        """
        for connection in self._ledger.all():
            connection.disconnect()
            if self._ledger.use_of(connection) is not Use.LEASED:
                self._forget(connection)
        if self._idle_timer is not None:
            self._idle_timer.cancel()
            self._idle_timer = None
        if self._line is not None:
            self._line.close(ConnectionError(f"{self._description}: the pool was disconnected"))

    async def aclose(self) -> None:
        """Wait for the replies that shared requests still expect, then close every connection."""
        shared = self._ledger.shared
        pending = shared.start().fifo.pending() if shared is not None and shared.requests_pending else []
        if pending:
            await asyncio.wait(pending, timeout=self.stream_timeout)
        self.disconnect()
        closing, self._closing = self._closing, []
        for connection in closing:
            await connection.wait_closed()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self.aclose()

    # ---- the shared connection

    @property
    def line(self) -> Line:
        """What the stateless commands of the running loop are sent on."""
        line = self._line
        if line is not None and self._loop is asyncio.get_running_loop():
            return line
        return self._bind()

    @property
    def stream_timeout(self) -> float:
        """Seconds that a request may take by default."""
        given = self.connection_kwargs.get("stream_timeout")
        return given if isinstance(given, (int, float)) else DEFAULT_STREAM_TIMEOUT

    def share(self) -> BaseConnection:
        """Return the connection that stateless requests share; it may still be connecting. Never waits."""
        self._bind()
        connection = self._ledger.shared or self._ledger.take_idle(Use.SHARED) or self._admit_new(Use.SHARED)
        if connection is None:
            raise self._exhausted()
        return connection

    def on_lost(self, connection: BaseConnection) -> None:
        """Take note that a connection's socket is gone. For the connections of this pool alone."""
        use = self._ledger.use_of(connection)
        if use is Use.SHARED and self._line is not None:
            self._line.lost()
        if use in (Use.SHARED, Use.IDLE):
            self._forget(connection)

    # ---- what the variants differ in

    def _idle_queue(self) -> IdleQueue[BaseConnection]:
        return asyncio.LifoQueue()

    def _make_connection(self) -> BaseConnection:
        connection = self.connection_class(**self.connection_kwargs)  # type: ignore[arg-type]  # the caller's own
        connection.observer = self
        return connection

    async def _wait(self) -> BaseConnection:
        raise self._exhausted()

    def _exhausted(self) -> ConnectionError:
        return ConnectionError(
            f"Too many connections: all {self.max_connections} to {self._description} are in use; "
            "release one sooner or raise max_connections"
        )

    # ---- inside

    async def _lease(self) -> BaseConnection:
        if not self._waiters:
            connection = self._ledger.take_idle(Use.LEASED) or self._admit_new(Use.LEASED)
            if connection is None and (connection := self._ledger.take_shared()) is not None and self._line:
                self._line.lost()
            if connection is not None:
                return connection
        return await self._wait()

    def _admit_new(self, use: Use) -> BaseConnection | None:
        if not self._ledger.has_room:
            return None
        connection = self._make_connection()
        self._ledger.admit(connection, use)
        self._watch_idle()
        return connection

    def _watch_idle(self) -> None:
        """Keep one timer running while there is a connection that could be idle for too long."""
        if self.max_idle_time and self._idle_timer is None and self._ledger.all():
            loop = asyncio.get_running_loop()
            self._idle_timer = loop.call_later(self.idle_check_interval, self._close_idle)

    def _close_idle(self) -> None:
        self._idle_timer = None
        for connection in self._ledger.all():
            unused = self._ledger.use_of(connection) is not Use.LEASED and not connection.requests_pending
            if unused and connection.is_connected and connection.idle_seconds >= self.max_idle_time:
                connection.disconnect()
        self._watch_idle()

    def _next_waiter(self) -> asyncio.Future[BaseConnection] | None:
        while self._waiters:
            waiter = self._waiters.popleft()
            if not waiter.done():
                return waiter
        return None

    def _discard(self, connection: BaseConnection) -> None:
        """Close a leased connection and give its slot to whoever waits."""
        self._forget(connection)
        connection.disconnect()

    def _forget(self, connection: BaseConnection) -> None:
        self._ledger.drop(connection)
        self._closing = [each for each in self._closing if not each.is_closed]
        self._closing.append(connection)
        if (waiter := self._next_waiter()) is not None:
            if (replacement := self._admit_new(Use.LEASED)) is not None:
                waiter.set_result(replacement)
            else:
                self._waiters.appendleft(waiter)

    def _bind(self) -> Line:
        """Belong to the running loop: a pool whose loop was closed starts afresh, any other loop is an error."""
        loop = asyncio.get_running_loop()
        if self._line is not None and loop is self._loop:
            return self._line
        if self._loop is not None and not self._loop.is_closed():
            raise RuntimeError(f"{self!r} is in use by another event loop, which still runs")
        self._loop = loop
        self._ledger = Ledger(self.max_connections, self._idle_queue())
        self._waiters.clear()
        self._closing.clear()
        self._idle_timer = None
        self._line = Line(self, loop, RetryPolicy())
        return self._line


class BlockingConnectionPool(ConnectionPool):
    """A pool that, full, makes the caller wait: for `timeout` seconds, or for ever with None.

    `queue_class` decides which idle connection is used first (`asyncio.LifoQueue`: the one used last). Without
    `max_connections` the bound is 50.
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
        self.queue_class = queue_class
        self.timeout = timeout
        super().__init__(
            connection_class=connection_class,
            max_connections=50 if max_connections is None else max_connections,
            max_idle_time=max_idle_time,
            idle_check_interval=idle_check_interval,
            **connection_kwargs,
        )

    def _idle_queue(self) -> IdleQueue[BaseConnection]:
        return self.queue_class()

    async def _wait(self) -> BaseConnection:
        loop = asyncio.get_running_loop()
        waiter: asyncio.Future[BaseConnection] = loop.create_future()
        self._waiters.append(waiter)
        timer = None if self.timeout is None else loop.call_later(self.timeout, self._out_of_patience, waiter)
        try:
            return await waiter
        except asyncio.CancelledError:
            if waiter.done() and not waiter.cancelled() and waiter.exception() is None:
                self._pass_on(waiter.result())
            raise
        finally:
            if timer is not None:
                timer.cancel()
            if waiter in self._waiters:
                self._waiters.remove(waiter)

    def _pass_on(self, connection: BaseConnection) -> None:
        """Give back what was handed to a waiter that vanished before it noticed."""
        if self._ledger.use_of(connection) is Use.LEASED:
            self.release(connection)

    def _out_of_patience(self, waiter: asyncio.Future[BaseConnection]) -> None:
        if not waiter.done():
            message = (
                f"No connection available: all {self.max_connections} to {self._description} stayed in use"
            )
            waiter.set_exception(ConnectionError(f"{message} for {self.timeout:g} s"))
