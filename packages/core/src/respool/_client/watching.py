"""Keys watched on a leased connection: read at once, then change by one transaction that runs only if nobody else did.

A lost connection watches nothing any more: whatever is asked of it after that raises `WatchError`, like a key that
changed (https://redis.io/docs/latest/develop/using-commands/transactions/#optimistic-locking-using-check-and-set).
"""

from __future__ import annotations

import asyncio
from typing import Generic, TypeVar

from respool._client.commands import Commands
from respool._client.pipeline import Pipeline
from respool._client.scripts import Script
from respool._client.sending import RequestMaker, refused
from respool._client.transactions import Transaction
from respool._connection.base import BaseConnection
from respool._connection.request import Convert, Request, describe_command, retrieve
from respool._connection.session import Held
from respool._pool.pool import ConnectionPool
from respool._wire.commands import block_timeout, door, is_read_only
from respool._wire.values import KeyT, ResponseType, ValueT
from respool.errors import ConnectionError, DataError, RedisError, WatchError

T = TypeVar("T")
R = TypeVar("R")


class Watched(Commands[T], Generic[T]):
    """A leased connection that watches keys. Commands run at once; `pipeline()` collects the transaction.

    Commands raise `WatchError` once the connection was lost, and `DataError` when there is nothing watched any more
    because a transaction ended it: `watch` begins anew.
    """

    def __init__(self, pool: ConnectionPool, connection: BaseConnection, maker: RequestMaker) -> None:
        self._pool = pool
        self._connection = connection
        self._maker = maker
        self._is_watching = False

    async def watch(self, *keys: KeyT) -> None:
        """Watch keys, further ones too. https://redis.io/docs/latest/commands/watch/"""
        if self._is_watching:
            self.check()
        watching = await self._connection.create_request(b"WATCH", *keys, encoding=self._maker.encoding)
        self._is_watching = True
        await watching

    async def unwatch(self) -> None:
        """Watch nothing any more. Waits for nothing, and does nothing where nothing is watched."""
        self._is_watching = False
        if Held.WATCH in self._connection.held:
            (await self._connection.create_request(b"UNWATCH")).add_done_callback(retrieve)

    def pipeline(self) -> Pipeline[T]:
        """Collect a transaction: its `execute` raises `WatchError` if a watched key changed meanwhile."""
        return WatchedPipeline(self._pool, self._maker, self)

    def execute_command(self, *args: ValueT) -> asyncio.Future[ResponseType]:
        """Send any command and return its reply as the server gave it; what changes the connection is refused."""
        refusal = door(args) if args else "no command was given"
        return self._refuse(args, refusal) if refusal else self._run(args)

    def run_script(self, script: Script, *words: ValueT) -> asyncio.Future[ResponseType]:
        """Run a script with its source, which works whatever the server holds. For `Script` alone."""
        return self._run((b"EVAL", script.source, *words))

    def check(self) -> None:
        """Raise `WatchError` where the watching connection was lost, `DataError` where nothing is watched."""
        if not self._is_watching:
            raise DataError("nothing is watched here any more: watch() begins anew")
        if Held.WATCH not in self._connection.held:
            raise WatchError(
                f"{self._connection.describe()}: the connection that watched was lost: nothing was executed"
            )

    async def execute(self, queued: list[Request[object]]) -> None:
        """Send a transaction and arrange for its replies. For `WatchedPipeline` alone."""
        transaction = Transaction(queued)
        try:
            self.check()
        except RedisError as exc:
            transaction.fail(exc)
            return
        self._is_watching = False
        # The connection is up and nothing here waits, so that the sequence stays whole.
        multi = await self._connection.create_request(b"MULTI")
        self._submit(transaction.stand_ins())
        run = await self._connection.create_request(b"EXEC", decode=False)
        multi.add_done_callback(retrieve)
        run.add_done_callback(transaction.settle)

    def _run(self, args: tuple[ValueT, ...], convert: Convert | None = None) -> asyncio.Future[R]:
        request = self._maker.make(args, convert, _tell_lost)
        if not request.done():
            try:
                self.check()
            except RedisError as exc:
                request.future.set_exception(exc)
            else:
                self._submit([request])
        return request.future  # type: ignore[return-value] # the method that calls knows the shape

    def _run_alone(self, args: tuple[ValueT, ...], convert: Convert | None = None) -> asyncio.Future[R]:
        return self._run(args, convert)  # it is alone here

    def _refuse(self, args: tuple[ValueT, ...], why: str) -> asyncio.Future[R]:
        return refused(why)

    def _submit(self, requests: list[Request[object]]) -> None:
        now = asyncio.get_running_loop().time()
        for request in requests:
            seconds = self._pool.stream_timeout + (block_timeout(request.args) or 0.0)
            request.deadline = now + seconds
        self._connection.start().submit(requests)


class WatchedPipeline(Pipeline[T], Generic[T]):
    """A transaction on the connection that watches."""

    def __init__(self, pool: ConnectionPool, maker: RequestMaker, watched: Watched[T]) -> None:
        super().__init__(pool, maker, transaction=True)
        self._watched = watched

    async def execute(self, raise_on_error: bool = True) -> list[object]:
        """Send the transaction and return its results in order.

        Raises `WatchError` where a watched key changed or the connection was lost before: nothing was executed. Lost
        after that, it raises `ConnectionError` with `maybe_executed`.
        """
        try:
            return await super().execute(raise_on_error)
        except ConnectionError as exc:
            if exc.maybe_executed:
                raise
            raise WatchError(f"the connection that watched was lost: nothing was executed ({exc})") from exc

    async def _send(self, queued: list[Request[object]]) -> None:
        await self._watched.execute(queued)


def _tell_lost(request: Request[object], error: RedisError) -> bool:
    """Rescue of a command on watched keys: lost with its connection, it is for its caller to begin anew."""
    if not isinstance(error, ConnectionError):
        return False
    lost = WatchError(f"{describe_command(request.args)}: the connection that watched was lost: {error}")
    lost.maybe_executed = error.maybe_executed and not is_read_only(request.args)
    request.future.set_exception(lost)
    return True
