"""One transaction on the wire: MULTI, its commands, EXEC; and what each command is told of the one reply. No I/O.

Each queued command has a stand-in that travels for it and is answered with QUEUED. Its own future is completed from
what EXEC answers.
"""

from __future__ import annotations

from collections.abc import Sequence

from respool._connection.request import GroupedRequest, Request, fresh
from respool.errors import ExecAbortError, RedisError, WatchError


def stand_in(request: Request[object]) -> Request[object]:
    """Make what goes over the wire for a queued command."""
    twin: Request[object] = GroupedRequest(loop=request.get_loop())
    twin.args = request.args
    twin.payload = request.payload
    twin.convert = None
    twin.rescue = None
    twin.add_done_callback(retrieve)
    return twin


def distribute(
    run: Request[object], commands: Sequence[Request[object]], queued: Sequence[Request[object]]
) -> None:
    """Give each queued request its part of what EXEC, which is done, answered."""
    error = None if run.cancelled() else run.exception()
    if run.cancelled() or error is not None:
        fail_all(
            commands,
            queued,
            error if isinstance(error, RedisError) else ExecAbortError("EXECABORT cancelled"),
        )
        return
    replies = run.result()
    if not isinstance(replies, list):
        fail_all(commands, queued, WatchError("a watched key changed: nothing was executed"))
        return
    for request, reply in zip(queued, replies, strict=False):
        if not request.done():
            _complete(request, reply)


def fail_all(
    commands: Sequence[Request[object]], queued: Sequence[Request[object]], error: RedisError
) -> None:
    """Fail every queued request: with what the server said to itself, where it did, or with what EXEC failed with."""
    for command, request in zip(commands, queued, strict=True):
        own = command.exception() if command.done() and not command.cancelled() else None
        if not request.done():
            request.set_exception(own or fresh(error, maybe_executed=error.maybe_executed))
            _mark(request, error)


def retrieve(request: Request[object]) -> None:
    """Look at how a request ended whose future nobody has: that is no error of the loop's."""
    if not request.cancelled():
        request.exception()


def _complete(request: Request[object], reply: object) -> None:
    try:
        if isinstance(reply, RedisError):
            raise reply
        request.set_result(request.convert(reply) if request.convert else reply)
    except Exception as exc:  # what a converter raises is the caller's to see
        request.set_exception(exc)


def _mark(request: Request[object], error: RedisError) -> None:
    failure = request.exception()
    if isinstance(failure, RedisError) and type(failure) is type(error):
        failure.maybe_executed = error.maybe_executed
