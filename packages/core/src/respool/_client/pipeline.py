"""Commands collected first and sent together: as one transaction, or only as one write."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Generic, TypeVar

from respool._client.commands import Commands
from respool._client.scripts import Script
from respool._client.sending import RequestMaker
from respool._client.transactions import distribute, retrieve, stand_in
from respool._connection.request import Convert, GroupedRequest, Request, describe_command
from respool._pool.pool import ConnectionPool
from respool._wire.commands import door, is_plain
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
        self._queued: list[Request[object]] = []
        self._scripts: set[str] = set()

    def __len__(self) -> int:
        return len(self._queued)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget what is queued; the futures handed out are cancelled."""
        queued, self._queued = self._queued, []
        self._scripts.clear()
        for request in queued:
            request.cancel()

    async def execute(self, raise_on_error: bool = True) -> list[object]:
        """Send what is queued and return the results in order.

        Raises the first error, once all replies are there; with `raise_on_error=False` errors stand in the list. So
        does, in either case, a `CancelledError` for each queued call that was cancelled before.
        Cancelled, it drops the replies; the server may have executed the commands.
        """
        queued, self._queued = self._queued, []
        self._scripts.clear()
        if not queued:
            return []
        await self._send(queued)
        try:
            results = [
                # Most are there by the time that the first is: they need no turn of the loop.
                request.result()
                if request.done() and not request.cancelled() and request.exception() is None
                else await _outcome(request)
                for request in queued
            ]
        except asyncio.CancelledError:
            for request in queued:
                request.cancel()
            raise
        if raise_on_error:
            _raise_first(queued, results)
        return results

    def run_script(self, script: Script, *words: ValueT) -> Request[ResponseType]:
        """Queue a script: with its source the first time, which needs no round trip and never lacks it.

        For `Script` alone.
        """
        if script.sha not in self._scripts:
            self._scripts.add(script.sha)
            return self._run((b"EVAL", script.source, *words))
        request: Request[ResponseType] = self._run((b"EVALSHA", script.sha, *words))
        script.load_where_missing(request, self._pool, self._maker.encoding)
        return request

    def _run(self, args: tuple[ValueT, ...], convert: Convert | None = None) -> Request[R]:
        if not args or not is_plain(args):
            raise DataError(_refusal(args))
        request = self._maker.make(args, convert, None)
        if request.done():
            raise request.exception() or DataError("cannot be sent")
        self._queued.append(request)
        return request  # type: ignore[return-value] # the method that calls knows the shape

    def _run_alone(self, args: tuple[ValueT, ...], convert: Convert | None = None) -> Request[R]:
        return self._run(args, convert)

    def _refuse(self, args: tuple[ValueT, ...], why: str) -> Request[R]:
        raise DataError(why)

    async def _send(self, queued: list[Request[object]]) -> None:
        if self._transaction:
            self._send_transaction(queued)
        else:
            self._send_plain(queued)

    def _send_plain(self, queued: list[Request[object]]) -> None:
        line = self._pool.line
        for request in queued:
            request.rescue = request.rescue or line.rescue
            line.send(request)

    def _send_transaction(self, queued: list[Request[object]]) -> None:
        multi = self._maker.make((b"MULTI",), None, None, GroupedRequest)
        commands = [stand_in(request) for request in queued]
        run = self._maker.make((b"EXEC",), None, None, GroupedRequest)
        run.convert = None
        run.add_done_callback(lambda _: distribute(run, commands, queued))
        group = (multi, *commands, run)
        deadline = run.get_loop().time() + self._pool.stream_timeout
        for request in group:
            request.deadline = deadline  # one for all: they are sent, or given up, together
        self._pool.line.submit_whole(group)
        multi.add_done_callback(retrieve)


def _refusal(args: tuple[ValueT, ...]) -> str:
    if not args:
        return "no command was given"
    blocking = "a blocking command would hold up everybody who shares the connection: call it on the client"
    return door(args) or blocking


async def _outcome(request: Request[object]) -> object:
    if request.cancelled():
        return asyncio.CancelledError()  # its own, and not of who executes the pipeline
    try:
        return await request
    except Exception as exc:  # a converter's own, too: it is one result among others
        return exc


def _raise_first(queued: list[Request[object]], results: list[object]) -> None:
    """Raise the first error; that others were aborted for it is no cause of its own."""
    failed = [each for each in enumerate(results) if isinstance(each[1], Exception)]
    failed.sort(key=lambda each: isinstance(each[1], ExecAbortError))
    for index, error in failed:
        if isinstance(error, WatchError):
            raise error  # no command is to blame
        if isinstance(error, BaseException):
            raise _named(error, index + 1, queued[index])


def _named(error: BaseException, number: int, request: Request[object]) -> BaseException:
    """Say in the error which command of the pipeline it belongs to."""
    message = error.args[0] if error.args else error
    error.args = (
        f"{message} (command {number} of the pipeline: {describe_command(request.args)})",
        *error.args[1:],
    )
    return error
