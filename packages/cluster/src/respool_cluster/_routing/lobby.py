"""Requests that wait until the cluster was looked at, each with the error that it ends in if nothing comes of it.

Who goes on and who fails is decided here; nothing is sent from here. No deadline is overstepped for a look that hangs.
"""

from __future__ import annotations

import asyncio

from respool.errors import RedisError
from respool.lowlevel import Request, fresh, refuse


class Lobby:
    """Holds requests, which have a deadline by then, and futures of callers who only want to know."""

    def __init__(self) -> None:
        self._waiting: list[tuple[Request[object], RedisError]] = []
        self._timer: asyncio.TimerHandle | None = None

    def __bool__(self) -> bool:
        return bool(self._waiting)

    def enter(self, request: Request[object], error: RedisError) -> None:
        """Keep a request, until its deadline at most."""
        self._waiting.append((request, error))
        if self._timer is None or request.deadline < self._timer.when():
            self._arm(request.deadline)

    def take(self) -> list[Request[object]]:
        """Return all who are still in time: they may go on."""
        self.expire()
        waiting, self._waiting = self._waiting, []
        return [request for request, _ in waiting if not request.done()]

    def refuse(self, error: RedisError) -> None:
        """Fail all with this, whatever brought them here."""
        waiting, self._waiting = self._waiting, []
        self._disarm()
        for request, _ in waiting:
            refuse(request, fresh(error, maybe_executed=False))

    def expire(self) -> None:
        """Fail those whose deadline has passed, each with its own error."""
        self._disarm()
        waiting, self._waiting = self._waiting, []
        now = asyncio.get_running_loop().time()
        for request, error in waiting:
            if request.done():
                continue
            if request.deadline > now:
                self._waiting.append((request, error))
            else:
                refuse(request, error)
        if self._waiting:
            self._arm(min(request.deadline for request, _ in self._waiting))

    def abandon(self) -> None:
        """Forget all: the loop in which they were waited for was closed."""
        self._waiting.clear()
        self._timer = None

    def _arm(self, deadline: float) -> None:
        self._disarm()
        self._timer = asyncio.get_running_loop().call_at(deadline, self.expire)

    def _disarm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
