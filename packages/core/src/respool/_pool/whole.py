"""A sequence that means something only as a whole (MULTI ... EXEC), and is sent again only as a whole.

At most once: that is where the server executed nothing of it, because its last request never reached the server or was
refused. What became of the others is told only then.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from respool._connection.invocation import build_request
from respool._connection.request import GroupedRequest, Request
from respool._pool.retry import RetryPolicy
from respool._wire.error_replies import error_from_reply
from respool.errors import ExecAbortError, RedisError, TimeoutError

_CAUSE = "because of: "


class Sender(Protocol):
    """What a sequence asks of its line."""

    def submit(self, requests: Sequence[Request[object]]) -> None: ...

    def postpone(self, requests: Sequence[Request[object]], attempt: int) -> bool:
        """Send requests later, next to each other; False where there is no attempt or no time left."""


class Whole:
    """Grouped requests, the last of which has the others executed. Their own rescues are replaced."""

    __slots__ = ("_attempt", "_errors", "_line", "_members", "_policy")

    def __init__(self, members: Sequence[Request[object]], line: Sender, policy: RetryPolicy) -> None:
        self._members = list(members)
        self._line = line
        self._policy = policy
        self._attempt = 0
        self._errors: list[tuple[Request[object], RedisError]] = []

    def send(self) -> None:
        """Send all of it. Never waits, never raises."""
        hold = self._hold
        for member in self._members:
            member.rescue = hold
        self._members[-1].add_done_callback(self._end)
        self._line.submit(self._members)

    def _end(self, _: object) -> None:
        self._members.clear()  # they know this one, too: nothing shall be left to the garbage collector

    def _hold(self, request: Request[object], error: RedisError) -> bool:
        """Rescue of every member: keep its error until the last one tells what it comes to."""
        if not self._members:
            return False
        if request is self._members[-1]:
            return self._decide(error)
        if isinstance(error, TimeoutError):
            return False
        self._errors.append((request, error))
        return True

    def _decide(self, error: RedisError) -> bool:
        errors, self._errors = self._errors, []
        # Asked for as for a command that writes: one of them may.
        question = build_request(self._members[-1].args)
        if self._policy.may_repeat(question, self._cause(errors, error)):
            again = [self._renewed(member) for member in self._members]
            if self._line.postpone(again, self._attempt):
                self._members, self._attempt = again, self._attempt + 1
                return True
        for member, own in errors:
            if not member.done():
                member.set_exception(own)
        return False

    @staticmethod
    def _cause(errors: Sequence[tuple[Request[object], RedisError]], error: RedisError) -> RedisError:
        """Return what the sequence failed for: EXEC only says that something was wrong before, or repeats what."""
        if not isinstance(error, ExecAbortError):
            return error
        if errors:
            return errors[0][1]
        cause = str(error).partition(_CAUSE)[2]
        return error_from_reply(cause) if cause else error

    def _renewed(self, member: Request[object]) -> Request[object]:
        """Return what to send in a member's place: another one, where it was answered already (QUEUED)."""
        if not member.done():
            return member
        twin: Request[object] = GroupedRequest(loop=member.get_loop())
        twin.args, twin.payload, twin.deadline = member.args, member.payload, member.deadline
        twin.convert, twin.rescue = None, self._hold
        twin.add_done_callback(_forget)
        return twin


def _forget(request: Request[object]) -> None:
    if not request.cancelled():
        request.exception()
