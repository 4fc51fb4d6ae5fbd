"""The one connection that all stateless commands of a pool share, and what becomes of them when it fails.

`send` is the hot path of the client: while the connection is up it is its generation's own method. A request that
failed but may be sent again waits here for its next attempt; one timer serves them all.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

from respool._connection.base import BaseConnection
from respool._connection.generation import Generation
from respool._connection.request import Request, fresh
from respool._pool.retry import RetryPolicy, may_repeat
from respool.errors import ConnectionError, RedisError


class SharedSlot(Protocol):
    """What a line asks of its pool."""

    def share(self) -> BaseConnection:
        """Return the connection to share, without waiting. Raises `ConnectionError` when no slot is free."""


class Line:
    """Sends stateless commands. Calling never waits and never raises: failure arrives through the future."""

    __slots__ = ("_loop", "_policy", "_pool", "_timer", "_waiting", "send")

    send: Callable[[Request[object]], None]
    """Send a request, with the default deadline."""

    def __init__(self, pool: SharedSlot, loop: asyncio.AbstractEventLoop, policy: RetryPolicy) -> None:
        self._pool = pool
        self._loop = loop
        self._policy = policy
        self._waiting: list[Request[object]] = []
        self._timer: asyncio.TimerHandle | None = None
        self.send = self._send_first

    def submit(self, requests: Sequence[Request[object]]) -> None:
        """Send requests that bring their own deadline, next to each other."""
        generation = self._generation(requests)
        if generation is not None:
            generation.submit(requests)

    def rescue(self, request: Request[object], error: RedisError) -> bool:
        """Send a failed request again, later, where that cannot execute it twice."""
        attempt: int = getattr(request, "attempts", 0)
        due = self._loop.time() + self._policy.delay(attempt)
        if not may_repeat(request, error) or attempt >= self._policy.attempts or due >= request.deadline:
            return False
        request.attempts = attempt + 1
        self._waiting.append(request)
        if self._timer is None:
            self._timer = self._loop.call_at(due, self._send_again)
        return True

    def lost(self) -> None:
        """Take note that the shared connection is gone or was taken: the next request asks for another."""
        self.send = self._send_first

    def close(self, error: RedisError) -> None:
        """Fail whatever still waits for another attempt."""
        self.lost()
        waiting, self._waiting = self._waiting, []
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        _fail_all(waiting, error)

    def _send_first(self, request: Request[object]) -> None:
        generation = self._generation((request,))
        if generation is not None:
            self.send = generation.send
            generation.send(request)

    def _send_again(self) -> None:
        self._timer = None
        waiting, self._waiting = self._waiting, []
        self.submit([request for request in waiting if not request.done()])

    def _generation(self, requests: Iterable[Request[object]]) -> Generation | None:
        try:
            return self._pool.share().start()
        except ConnectionError as exc:
            _fail_all(requests, exc)
            return None


def _fail_all(requests: Iterable[Request[object]], error: RedisError) -> None:
    for request in requests:
        if not request.done():
            request.set_exception(fresh(error, maybe_executed=error.maybe_executed))
