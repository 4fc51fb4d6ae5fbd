"""Telling all who wait that something happened. What it was, they find out themselves."""

from __future__ import annotations

import asyncio


class News:
    """Wakes everybody who waits at that moment, in the order in which they came."""

    def __init__(self) -> None:
        self._waiting: dict[asyncio.Future[None], None] = {}

    def tell(self) -> None:
        """Wake all who wait."""
        waiting, self._waiting = self._waiting, {}
        for each in waiting:
            if not each.done() and not each.get_loop().is_closed():
                each.set_result(None)

    async def wait(self, seconds: float) -> None:
        """Wait for news, so many seconds at most."""
        news: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting[news] = None
        try:
            await asyncio.wait([news], timeout=seconds)
        finally:
            self._waiting.pop(news, None)
