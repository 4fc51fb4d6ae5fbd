"""The client of one server. Its stateless commands share one connection; what needs one alone leases it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from inspect import isawaitable
from itertools import count
from typing import TYPE_CHECKING, Generic, Literal, TypeVar, overload
from weakref import WeakSet

from respool._client.carriers import OneServer
from respool._client.locks import EXTEND, RELEASE, Lock
from respool._client.pipeline import Pipeline, PlainPipeline
from respool._client.pubsub import PubSub
from respool._client.scanning import ScanningCommands
from respool._client.scripts import Script
from respool._client.sending import RequestMaker, refused
from respool._client.watching import Watched
from respool._connection.request import Convert, Request, refuse
from respool._pool.line import Line
from respool._pool.pool import ConnectionPool
from respool._wire.commands import block_timeout, door, is_blocking, is_plain
from respool._wire.encoding import pack
from respool._wire.values import KeyT, ResponseType, StringT, ValueT
from respool.errors import DataError, RedisError, WatchError

if TYPE_CHECKING:
    from typing_extensions import Self

    from respool._client.cache.cache import Cache
    from respool._client.cache.reading import Reading

T = TypeVar("T")
R = TypeVar("R")


class Redis(ScanningCommands[T], Generic[T]):
    """A client of Redis or Valkey. Calls return futures and are sent at once, many in one write.

    `Redis(host, port)`, or `Redis(connection_pool=pool)`, which leaves closing the pool to its owner. Other keyword
    arguments go to the pool and its connections. With `decode_responses` text comes back as str. With a `cache` reads
    are answered from it until the server reports a change.
    """

    @overload
    def __init__(
        self: Redis[bytes],
        host: str = ...,
        port: int = ...,
        *,
        db: int = ...,
        connection_pool: ConnectionPool | None = ...,
        cache: Cache | None = ...,
        decode_responses: Literal[False] = ...,
        encoding: str = ...,
        **options: object,
    ) -> None: ...

    @overload
    def __init__(
        self: Redis[str],
        host: str = ...,
        port: int = ...,
        *,
        db: int = ...,
        connection_pool: ConnectionPool | None = ...,
        cache: Cache | None = ...,
        decode_responses: Literal[True],
        encoding: str = ...,
        **options: object,
    ) -> None: ...

    def __init__(
        self,
        host: str = "127.0.0.1",
        port: int = 6379,
        *,
        db: int = 0,
        connection_pool: ConnectionPool | None = None,
        cache: Cache | None = None,
        decode_responses: bool = False,
        encoding: str = "utf-8",
        **options: object,
    ) -> None:
        self._owns_pool = connection_pool is None
        if connection_pool is None:
            connection_pool = ConnectionPool(host=host, port=port, db=db, encoding=encoding, **options)  # type: ignore[arg-type]
        self.connection_pool = connection_pool
        self._subscribers: WeakSet[PubSub[T]] = WeakSet()
        self._line: Line | None = None
        self.cache = cache
        """What keeps the replies to reads, if anything does."""
        self._reading: Reading | None = None
        if cache is None:
            self._maker = RequestMaker(encoding, decode_responses, noreply=connection_pool.noreply)
            return
        from respool._client.cache.origin import OnePool  # late: most clients have no cache

        self._reading = cache.open(OnePool(connection_pool), connection_pool, encoding, decode_responses)
        self._maker = self._reading.maker
        # On the object and not in `_run`, so that a client without a cache never asks whether it has one.
        self._run = self._reading.run  # type: ignore[assignment, method-assign]

    @overload
    @classmethod
    def from_url(
        cls,
        url: str,
        *,
        db: int | None = ...,
        decode_components: bool = ...,
        cache: Cache | None = ...,
        decode_responses: Literal[False] = ...,
        **options: object,
    ) -> Redis[bytes]: ...

    @overload
    @classmethod
    def from_url(
        cls,
        url: str,
        *,
        db: int | None = ...,
        decode_components: bool = ...,
        cache: Cache | None = ...,
        decode_responses: Literal[True],
        **options: object,
    ) -> Redis[str]: ...

    @classmethod
    def from_url(
        cls,
        url: str,
        *,
        db: int | None = None,
        decode_components: bool = False,
        cache: Cache | None = None,
        decode_responses: bool = False,
        **options: object,
    ) -> Redis[bytes] | Redis[str]:
        """Make a client from a URL: `redis://`, `rediss://` or `unix://`; see `ConnectionPool.from_url`.

        `decode_responses` and `encoding` in the query beat the keywords, unseen by type checkers. Raises `DataError`
        for what is no such URL.
        """
        options["decode_responses"] = decode_responses
        pool = ConnectionPool.from_url(url, db, decode_components, **options)
        client: Redis[bytes] | Redis[str] = cls(  # type: ignore[call-overload]
            connection_pool=pool,
            cache=cache,
            decode_responses=pool.connection_kwargs["decode_responses"],
            encoding=pool.connection_kwargs.get("encoding", "utf-8"),
        )
        client._owns_pool = True
        return client

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.connection_pool!r}>"

    async def aclose(self) -> None:
        """Wait for the replies under way and close the pool, unless it was given by the caller; end subscriptions."""
        for subscriber in list(self._subscribers):
            await subscriber.aclose()
        if self._owns_pool:
            await self.connection_pool.aclose()
        elif self._reading is not None:
            self._reading.leave()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self.aclose()

    def pipeline(self, transaction: bool = True) -> Pipeline[T]:
        """Collect commands and send them in one write: as a transaction (MULTI ... EXEC), or as they are.

        With `noreply` nobody would learn what became of a transaction: it raises `DataError`.
        """
        if not transaction:
            return PlainPipeline(self.connection_pool, self._maker)
        self._check_transactions()
        return Pipeline(self.connection_pool, self._maker, transaction)

    def pubsub(self, max_messages: int = 10_000) -> PubSub[T]:
        """Subscribe to channels, on a leased connection. Use it in `async with`, or call its `aclose`.

        Messages that nobody reads wait, `max_messages` of them; of more the oldest are dropped, and a `Gap` says so.
        """
        if self.connection_pool.noreply:
            raise DataError("no message comes on a connection without replies: use a client without noreply")
        subscriber: PubSub[T] = PubSub(partial(OneServer, self.connection_pool), self._maker, max_messages)
        self._subscribers.add(subscriber)
        return subscriber

    def register_script(self, script: StringT) -> Script:
        """Return a script to be called like a function: `script(keys, args)`, with `client=pipe` in a pipeline."""
        return Script(self, script)

    def run_script(self, script: Script, *words: ValueT) -> asyncio.Future[ResponseType]:
        """Run a script by its digest, or with its source where the server lacks it. For `Script` alone."""
        if self.connection_pool.noreply:
            return self._run((b"EVAL", script.source, *words))
        rescue = script.rescue(self.connection_pool, self._maker.encoding)
        request = self._maker.make((b"EVALSHA", script.sha, *words), None, rescue)
        if not request.done():
            self.connection_pool.line.send(request)
        return request.future

    def lock(
        self,
        name: KeyT,
        timeout: float = 30.0,
        *,
        blocking_timeout: float | None = None,
        renew: bool = False,
    ) -> Lock:
        """Return a lock kept by this one server, for `async with`. It is dropped after `timeout` seconds.

        With `renew` it is extended for as long as it is held. Waiting for it ends after `blocking_timeout` seconds
        with `LockError`, by default never.
        """
        if self.connection_pool.noreply:
            raise DataError("a lock needs replies: use a client without noreply")
        release, extend = self.register_script(RELEASE), self.register_script(EXTEND)
        return Lock(
            self, name, release, extend, timeout=timeout, blocking_timeout=blocking_timeout, renew=renew
        )

    @asynccontextmanager
    async def watch(self, *keys: KeyT) -> AsyncIterator[Watched[T]]:
        """Lease a connection that watches keys for the length of the block; what it leaves watched is let go.

        In the block, commands on what it offers run at once, and its `pipeline()` is a transaction that raises
        `WatchError` if a key changed, or if the connection was lost, which forgets what it watched.
        """
        self._check_transactions()
        async with self.connection_pool.connection() as connection:
            watched: Watched[T] = Watched(self.connection_pool, connection, self._maker)
            try:
                await watched.watch(*keys)
                yield watched
            finally:
                await watched.unwatch()

    async def transaction(
        self,
        fn: Callable[[Watched[T], Pipeline[T]], Awaitable[object] | object],
        *keys: KeyT,
        attempts: int = 100,
    ) -> list[object]:
        """Watch keys, call `fn(watched, pipe)`, execute what it put into `pipe`; return the results in order.

        `fn`, which may be a coroutine function, reads what it needs on `watched`. If a key changed meanwhile it is
        called again, `attempts` times at most, and then `WatchError` is raised. Cancelled, it may have executed.
        """
        for attempt in count(1):
            try:
                async with self.watch(*keys) as watched, watched.pipeline() as pipe:
                    outcome = fn(watched, pipe)
                    if isawaitable(outcome) and not isinstance(
                        outcome, asyncio.Future
                    ):  # that is still queued
                        await outcome
                    return await pipe.execute()
            except WatchError as exc:
                if exc.maybe_executed or attempt >= attempts:
                    raise
        raise AssertionError("unreachable")

    def execute_command(self, *args: ValueT) -> asyncio.Future[ResponseType]:
        """Send any command, modules' included, and return the future of its reply, as the server gave it.

        A command that blocks gets a connection of its own. One that changes the connection's state fails with
        `DataError`, which names what to use instead.
        """
        if args and is_plain(args):
            return self._run(args)
        if not args:
            return self._refuse(args, "no command was given")
        refusal = door(args)
        if refusal is not None:
            return self._refuse(args, refusal)
        return self._run_alone(args) if is_blocking(args) else self._run(args)

    def _run(self, args: tuple[ValueT, ...], convert: Convert | None = None) -> asyncio.Future[R]:
        line = self._line
        if line is None or not line.is_running():
            line = self._line = self.connection_pool.line
        # All that `RequestMaker.make` does, without its frame: every command comes through here.
        maker = self._maker
        request = maker.kind()
        request.future = future = line.create_future()
        request.args = args
        request.rescue = line.rescuer
        request.convert = convert if maker.is_raw else maker.converter(convert)
        try:
            request.payload = pack(args, maker.encoding)
        except DataError as exc:
            future.set_exception(exc)
        else:
            line.send(request)
        return future  # type: ignore[return-value] # the method that calls knows the shape

    def _refuse(self, args: tuple[ValueT, ...], why: str) -> asyncio.Future[R]:
        return refused(why)

    def _check_transactions(self) -> None:
        if self.connection_pool.noreply:
            raise DataError(
                "a transaction cannot be told from none without replies: pipeline(transaction=False)"
            )

    def _run_alone(self, args: tuple[ValueT, ...], convert: Convert | None = None) -> asyncio.Future[R]:
        """Run a blocking command on a leased connection. Cancelled, it closes it: the server would pop for nobody."""
        request = self._maker.make(args, convert, self.connection_pool.line.hear)
        if not request.done():
            task = asyncio.get_running_loop().create_task(self._lease_and_run(request))
            request.future.add_done_callback(lambda _: task.cancel())
        return request.future  # type: ignore[return-value] # the method that calls knows the shape

    async def _lease_and_run(self, request: Request[object]) -> None:
        pool = self.connection_pool
        try:
            async with pool.connection() as connection:
                seconds = pool.stream_timeout + (block_timeout(request.args) or 0.0)
                request.deadline = asyncio.get_running_loop().time() + seconds
                connection.start().submit([request])
                try:
                    await asyncio.wait([request.future])
                finally:
                    if not request.future.done() or request.future.cancelled():
                        connection.disconnect()
        except RedisError as exc:
            refuse(request, exc)
