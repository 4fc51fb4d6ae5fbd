"""What has arrived and nobody has taken yet: bounded, and honest about what did not fit. Knows no connection.

Full, the oldest is dropped, and a `Gap` stands in its place: whoever reads slowly is told that messages are missing,
and the newest are there. However many were dropped since the last reading, it is one gap.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Generic, TypeVar

from respool._connection.request import fresh
from respool._wire.tuples import NamedTuple
from respool.errors import RedisError

M = TypeVar("M")

_TOO_SLOW = "read too slowly: the oldest messages were dropped"


class Gap(NamedTuple):
    """Messages may be missing here: what they told of should be read anew."""

    reason: str
    dropped: int | None = None
    """How many are missing, where that is known."""


class Mailbox(Generic[M]):
    """Messages and gaps in order. Who takes waits; who puts never does."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._entries: deque[M | Gap] = deque()
        self._overflow: Gap | None = None
        self._readers: list[asyncio.Future[None]] = []
        self._is_closed = False
        self._error: RedisError | None = None

    def __len__(self) -> int:
        return len(self._entries) + (self._overflow is not None)

    def put(self, entry: M | Gap) -> None:
        """Add one; full, drop the oldest."""
        if self._is_closed:
            return
        if len(self._entries) >= self._limit:
            self._drop_oldest()
        self._entries.append(entry)
        self._wake()

    def _drop_oldest(self) -> None:
        dropped = [self._entries.popleft(), self._overflow]
        numbers = [each.dropped if isinstance(each, Gap) else 1 for each in dropped if each is not None]
        # A gap of unknown size makes the whole of it unknown.
        self._overflow = Gap(_TOO_SLOW, None if None in numbers else sum(filter(None, numbers)))

    def close(self, error: RedisError | None = None) -> None:
        """Take nothing more. What is there can still be taken; after it comes `error`, or the end."""
        if not self._is_closed:
            self._is_closed, self._error = True, error
            self._wake()

    async def take(self, seconds: float | None = None) -> M | Gap | None:
        """Wait for the oldest and return it; None at the end, or after `seconds`. Cancelled, it takes nothing.

        Raises what the mailbox was closed with, a copy for each who asks, once nothing else is there.
        """
        end = None if seconds is None else asyncio.get_running_loop().time() + seconds
        while not self:
            if self._error is not None:
                raise fresh(self._error, maybe_executed=False)
            if self._is_closed or not await self._wait(end):
                return None
        if self._overflow is not None:
            gap, self._overflow = self._overflow, None
            return gap
        return self._entries.popleft()

    async def _wait(self, end: float | None) -> bool:
        """Wait until something changed; tell whether it did in time."""
        loop = asyncio.get_running_loop()
        if end is not None and loop.time() >= end:
            return False
        changed: asyncio.Future[None] = loop.create_future()
        timer = None if end is None else loop.call_at(end, _wake, changed)
        self._readers.append(changed)
        try:
            await changed
        finally:
            self._readers.remove(changed)
            if timer is not None:
                timer.cancel()
        return True

    def _wake(self) -> None:
        for changed in self._readers:
            _wake(changed)


def _wake(changed: asyncio.Future[None]) -> None:
    if not changed.done():
        changed.set_result(None)
