"""Commands collected first and sent together: as one transaction, or only as one write."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Generic, TypeVar

from respool._client.commands import Commands
from respool._client.scripts import Script
from respool._client.sending import RequestMaker
from respool._client.transactions import Transaction
from respool._connection.bundle import Bundle
from respool._connection.futures import future_maker
from respool._connection.invocation import build_request
from respool._connection.request import Convert, FollowingRequest, Request, describe_command
from respool._pool.pool import ConnectionPool
from respool._wire.commands import door, is_plain
from respool._wire.encoding import pack
from respool._wire.values import ResponseType, ValueT
from respool.errors import DataError, ExecAbortError, WatchError

if TYPE_CHECKING:
    from typing_extensions import Self

T = TypeVar("T")
R = TypeVar("R")


class Pipeline(Commands[T], Generic[T]):
    """Queues commands; `execute` sends them. Each queued call returns its future, `execute` all results in order.

    A transaction is all or nothing, and travels as one sequence that no other command can enter. A future keeps the
    reply that it got, whatever became of the others.
    """

    def __init__(self, pool: ConnectionPool, maker: RequestMaker, transaction: bool) -> None:
        self._pool = pool
        self._maker = maker
        self._transaction = transaction
        self._queued = Bundle(maker.kind)
        self._create_future: Callable[
            [], asyncio.Future[object]
        ]  # of the loop that the first call was made in
        self._scripts: set[str] = set()

    def __len__(self) -> int:
        return len(self._queued)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget what is queued; the futures handed out are cancelled."""
        for future in self._take().futures:
            future.cancel()

    async def execute(self, raise_on_error: bool = True) -> list[object]:
        """Send what is queued and return the results in order.

        Raises the first error, once all replies are there; with `raise_on_error=False` errors stand in the list. So
        does, in either case, a `CancelledError` for each queued call that was cancelled before.
        Cancelled, it drops the replies; the server may have executed the commands.
        """
        if not self._queued.futures:
            return []
        queued = self._take()
        await self._dispatch(queued)
        futures = queued.futures
        try:
            await _all_done(futures)
        except asyncio.CancelledError:
            for future in futures:
                future.cancel()
            raise
        try:
            return [future.result() for future in futures]
        except (Exception, asyncio.CancelledError):
            results = list(map(_outcome, futures))
        if raise_on_error:
            _raise_first(queued.commands, results)
        return results

    def execute_command(self, *args: ValueT) -> asyncio.Future[ResponseType]:
        """Queue any command. Raises `DataError` for one that blocks, or changes the state of the connection."""
        return self._run_alone(args)

    def run_script(self, script: Script, *words: ValueT) -> asyncio.Future[ResponseType]:
        """Queue a script: with its source the first time, which needs no round trip and never lacks it.

        For `Script` alone.
        """
        if script.sha not in self._scripts:
            self._scripts.add(script.sha)
            return self._run((b"EVAL", script.source, *words))
        future: asyncio.Future[ResponseType] = self._run((b"EVALSHA", script.sha, *words))
        self._queued.rescues[len(self) - 1] = script.rescue(self._pool, self._maker.encoding)
        return future

    def _run(self, args: tuple[ValueT, ...], convert: Convert | None = None) -> asyncio.Future[R]:
        queued = self._queued
        if not queued.futures:
            self._create_future = future_maker(asyncio.get_running_loop())
        future = self._create_future()
        maker = self._maker
        if maker.is_plain:
            if not maker.is_raw:
                convert = maker.converter(convert)
            queued.payloads.append(pack(args, maker.encoding))
            queued.commands.append(args)
            queued.converts.append(convert)
            queued.futures.append(future)
        else:
            queued.add(_sound(maker.make(args, convert, None, None, future)))
        return future  # type: ignore[return-value] # the method that calls knows the shape

    def _run_alone(self, args: tuple[ValueT, ...], convert: Convert | None = None) -> asyncio.Future[R]:
        if not args or not is_plain(args):
            raise DataError(_refusal(args))
        return self._run(args, convert)

    def _refuse(self, args: tuple[ValueT, ...], why: str) -> asyncio.Future[R]:
        raise DataError(why)

    def _take(self) -> Bundle:
        """Return what is queued and begin anew."""
        queued, self._queued = self._queued, Bundle(self._maker.kind)
        self._scripts.clear()
        return queued

    async def _dispatch(self, queued: Bundle) -> None:
        await self._send(queued.requests())

    async def _send(self, queued: list[Request[object]]) -> None:
        """Send a transaction and arrange for its replies."""
        transaction = Transaction(queued)
        run = build_request((b"EXEC",), kind=FollowingRequest)
        run.future.add_done_callback(transaction.settle)
        # One deadline for all: they are sent, or given up, together.
        self._pool.line.send_whole((*transaction.opening(), run))


class PlainPipeline(Pipeline[T], Generic[T]):
    """One without a transaction: commands that only travel together."""

    def __init__(self, pool: ConnectionPool, maker: RequestMaker) -> None:
        super().__init__(pool, maker, transaction=False)

    async def _dispatch(self, queued: Bundle) -> None:
        self._pool.line.send_bundle(queued)


def _sound(request: Request[object]) -> Request[object]:
    """Return a request that can be sent; raise `DataError` for another."""
    if request.done():
        raise request.future.exception() or DataError("cannot be sent")
    return request


def _refusal(args: tuple[ValueT, ...]) -> str:
    if not args:
        return "no command was given"
    blocking = "a blocking command would hold up everybody who shares the connection: call it on the client"
    return door(args) or blocking


async def _all_done(futures: Sequence[asyncio.Future[object]]) -> None:
    """Wait until all are done. When the last is, the others nearly always are."""
    await _done(futures[-1])
    for future in [each for each in futures if not each.done()]:
        await _done(future)


async def _done(future: asyncio.Future[object]) -> None:
    """Wait until a future is done. To await it would not tell its being cancelled from our own."""
    if not future.done():
        waiter: asyncio.Future[None] = future.get_loop().create_future()
        future.add_done_callback(partial(_wake, waiter))
        await waiter


def _wake(waiter: asyncio.Future[None], _: object) -> None:
    if not waiter.done():
        waiter.set_result(None)


def _outcome(future: asyncio.Future[object]) -> object:
    if future.cancelled():
        return asyncio.CancelledError()  # its own, and not of who executes the pipeline
    # A converter's own error, too, is one result among others.
    return future.exception() or future.result()


def _raise_first(commands: Sequence[tuple[ValueT, ...]], results: list[object]) -> None:
    """Raise the first error; that others were aborted for it is no cause of its own."""
    failed = [each for each in enumerate(results) if isinstance(each[1], Exception)]
    failed.sort(key=lambda each: isinstance(each[1], ExecAbortError))
    for index, error in failed:
        if isinstance(error, WatchError):
            raise error  # no command is to blame
        if isinstance(error, BaseException):
            raise _named(error, index + 1, commands[index])


def _named(error: BaseException, number: int, args: tuple[ValueT, ...]) -> BaseException:
    """Say in the error which command of the pipeline it belongs to."""
    message = error.args[0] if error.args else error
    error.args = (
        f"{message} (command {number} of the pipeline: {describe_command(args)})",
        *error.args[1:],
    )
    return error
