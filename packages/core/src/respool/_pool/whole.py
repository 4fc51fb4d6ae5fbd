"""A sequence that means something only as a whole (MULTI ... EXEC), and is sent again only as a whole.

At most once: that is where the server executed nothing of it, because its last request never reached the server or was
refused. What became of the others is told only then.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from respool._connection.invocation import build_request
from respool._connection.request import Request, fail
from respool._pool.retry import RetryPolicy
from respool._wire.error_replies import error_from_reply
from respool.errors import ExecAbortError, RedisError, TimeoutError

_CAUSE = "because of: "


class Sender(Protocol):
    """What a sequence asks of its line."""

    def send_all(self, requests: Sequence[Request[object]]) -> None: ...

    def postpone(self, requests: Sequence[Request[object]], attempt: int) -> bool:
        """Send requests later, next to each other; False where there is no attempt or no time left."""


class Whole:
    """Grouped requests, the last of which has the others executed, and is the only one whose future anybody has.

    The others are told what became of them, by their own rescues, when that is certain.
    """

    __slots__ = ("_attempt", "_errors", "_line", "_members", "_policy", "_rescues")

    def __init__(self, members: Sequence[Request[object]], line: Sender, policy: RetryPolicy) -> None:
        self._members = list(members)
        self._line = line
        self._policy = policy
        self._attempt = 0
        self._rescues = [member.rescue for member in members]
        self._errors: list[tuple[Request[object], RedisError]] = []

    def send(self) -> None:
        """Send all of it. Never waits, never raises."""
        hold = self._hold
        for member in self._members:
            member.rescue = hold
        self._members[-1].future.add_done_callback(self._end)
        self._line.send_all(self._members)

    def _end(self, _: object) -> None:
        self._rescues.clear()
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
        may_repeat = self._policy.may_repeat(question, self._cause(errors, error))
        if may_repeat and self._line.postpone(self._members, self._attempt):
            self._attempt += 1
            return True
        for member, rescue in zip(self._members, self._rescues, strict=True):
            member.rescue = rescue
        for member, own in errors:
            fail(member, own)
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
