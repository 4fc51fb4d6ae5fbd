"""Looking now and then although nothing happened: for replicas that came and went, and for news that was missed."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable

SECONDS = 60.0
"""From one look to the next, on average."""


class Rounds:
    """Calls `look` about once a minute between `begin` and `end`. Clients that began together drift apart."""

    def __init__(self, look: Callable[[], object]) -> None:
        self._look = look
        self._loop: asyncio.AbstractEventLoop | None = None
        self._next: asyncio.TimerHandle | None = None

    def begin(self) -> None:
        """Go on rounds in the running loop, unless that is under way."""
        loop = asyncio.get_running_loop()
        if self._loop is not loop:
            self._loop = loop
            self._wait()

    def end(self) -> None:
        """Go on no more rounds."""
        self._loop = None
        if self._next is not None:
            self._next.cancel()

    def _wait(self) -> None:
        assert self._loop is not None
        self._next = self._loop.call_later(SECONDS * random.uniform(0.5, 1.5), self._go)

    def _go(self) -> None:
        self._wait()
        self._look()
