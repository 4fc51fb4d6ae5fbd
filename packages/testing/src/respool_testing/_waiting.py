"""Waiting for something without polling: conditions that are asked again whenever something has happened."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


class Waiting:
    """Those who wait for a condition each."""

    def __init__(self) -> None:
        self._waiters: list[tuple[Callable[[], bool], asyncio.Future[None]]] = []

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until a condition holds; for ever if need be."""
        if condition():
            return
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiters.append((condition, waiter))
        try:
            await waiter
        finally:
            self._waiters = [each for each in self._waiters if each[1] is not waiter]

    def notify(self) -> None:
        """Ask every condition again."""
        for condition, waiter in self._waiters:
            if not waiter.done() and condition():
                waiter.set_result(None)
