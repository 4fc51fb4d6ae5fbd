"""One transaction on the wire: MULTI, its commands, EXEC; and what each command is told of the one reply. No I/O.

Each queued command has a stand-in that travels for it and is answered with QUEUED, which nobody waits for. Its own
future is completed from what EXEC answers.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import cast

from respool._connection.request import NOBODY, FollowingRequest, GroupedRequest, Request, fresh, refuse
from respool._wire.encoding import pack
from respool.errors import ExecAbortError, InvalidResponse, RedisError, WatchError


class StandIn(FollowingRequest[object]):
    """What goes over the wire for a queued command."""

    __slots__ = ("original",)

    original: Request[object]


class Transaction:
    """One attempt to execute queued commands as one."""

    __slots__ = ("_queued", "errors")

    def __init__(self, queued: Sequence[Request[object]]) -> None:
        self.errors: dict[Request[object], RedisError] = {}
        """What the server, or a lost connection, said to a command where QUEUED was due."""
        self._queued = queued

    def opening(self) -> list[Request[object]]:
        """Make what travels before EXEC."""
        multi = GroupedRequest[object]()
        multi.future = NOBODY
        multi.args = (b"MULTI",)
        multi.payload = pack(multi.args)
        multi.convert = multi.rescue = None
        return [multi, *self.stand_ins()]

    def stand_ins(self) -> list[Request[object]]:
        """Make what travels for the queued commands."""
        return [self._stand_in(request) for request in self._queued]

    def settle(self, run: asyncio.Future[object]) -> None:
        """Give each queued command its part of what EXEC, which is done, answered."""
        error = ExecAbortError("EXECABORT cancelled") if run.cancelled() else run.exception()
        if error is not None:
            self.fail(error if isinstance(error, RedisError) else ExecAbortError(f"EXECABORT {error!r}"))
            return
        replies = run.result()
        if not isinstance(replies, list):
            self.fail(WatchError("a watched key changed: nothing was executed"))
            return
        for request, reply in zip(self._queued, replies, strict=False):
            if not request.future.done():
                _complete(request, reply)
        # Nobody waits for ever for what a server left out.
        left_out = self._queued[len(replies) :]
        for request in left_out:
            refuse(
                request,
                self.errors.get(request)
                or InvalidResponse(f"EXEC answered {len(replies)} of {len(self._queued)} commands"),
            )

    def fail(self, error: RedisError) -> None:
        """Fail every command: with what the server said to itself, where it did, or with what EXEC failed with."""
        for request in self._queued:
            own = self.errors.get(request)
            if own is not None and type(own) is type(error):
                own.maybe_executed = error.maybe_executed
            refuse(request, own or fresh(error, maybe_executed=error.maybe_executed))

    def _stand_in(self, request: Request[object]) -> Request[object]:
        twin = StandIn()
        twin.original = request
        twin.future = NOBODY
        twin.args = request.args
        twin.payload = request.payload
        twin.convert = None
        twin.rescue = self._note
        return twin

    def _note(self, twin: Request[object], error: RedisError) -> bool:
        self.errors[cast("StandIn", twin).original] = error
        return True


def _complete(request: Request[object], reply: object) -> None:
    try:
        if isinstance(reply, RedisError):
            raise reply
        request.future.set_result(request.convert(reply) if request.convert else reply)
    except Exception as exc:  # what a converter raises is the caller's to see
        request.future.set_exception(exc)
