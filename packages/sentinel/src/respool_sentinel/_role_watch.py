"""Asks servers in use, now and then, what they are: the news of a failover may have been missed, or never been told.

Knows neither sentinels nor pools: what a server says is passed on.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from functools import partial

from respool.lowlevel import build_request
from respool_sentinel._connection import SentinelManagedConnection, Target
from respool_sentinel._views import role_of

ROLE_SECONDS = 5.0
"""How often a server in use is asked for its role."""


class RoleWatch:
    """One timer, while there is something to watch. `in_use` returns the connections that many share."""

    def __init__(
        self,
        in_use: Callable[[], Iterable[SentinelManagedConnection[object]]],
        judge: Callable[[Target, bool], None],
    ) -> None:
        self._in_use = in_use
        self._judge = judge
        self._timer: asyncio.TimerHandle | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    def begin(self) -> None:
        """Watch, in the running loop, until nothing is in use any more. Begun already, it does nothing."""
        loop = asyncio.get_running_loop()
        if self._timer is None or self._loop is not loop:
            self._loop = loop
            self._timer = loop.call_later(ROLE_SECONDS, self._look)

    def end(self) -> None:
        """Watch no more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _look(self) -> None:
        self._timer = None
        connections = list(self._in_use())
        for connection in connections:
            # One that is idle is left so: being asked would keep it from being closed for it.
            if connection.is_connected and connection.idle_seconds < ROLE_SECONDS / 2:
                self._ask(connection)
        if connections:
            self.begin()

    def _ask(self, connection: SentinelManagedConnection[object]) -> None:
        if connection.target is not None:
            question = build_request((b"ROLE",))
            question.future.add_done_callback(partial(self._told, connection.target))
            connection.share().send(question)

    def _told(self, target: Target, question: asyncio.Future[object]) -> None:
        if not question.cancelled() and question.exception() is None:
            self._judge(target, role_of(question.result()) == target.role)
