"""Who speaks on sharded channels while something happens, and one subscriber to all of them.

Each channel carries numbers that only grow. What a node took and nobody heard must have been told by a gap: after the
last number that was heard before it, and before the next.
"""

from __future__ import annotations

import asyncio
from bisect import bisect
from collections.abc import Awaitable, Mapping, Sequence
from itertools import count
from types import TracebackType
from typing import TYPE_CHECKING, Protocol

from benchmarks.chaos.oracle import THINK_SECONDS, Crew, Witness
from respool import Gap, PubSub
from respool.errors import RedisError

if TYPE_CHECKING:
    from typing_extensions import Self


class Speaks(Protocol):
    """What is asked of the client that publishes."""

    def spublish(self, channel: str, message: int) -> Awaitable[int]:
        """Say a number on a channel."""


class Hearing:
    """One channel: numbers that were said, and numbers that were heard. Pure."""

    def __init__(self) -> None:
        self.lost = 0
        self.duplicated = 0
        self._said: list[int] = []
        self._heard: set[int] = set()
        self._last = 0
        self._may_miss = False

    def said(self, number: int) -> None:
        """Take note of a number that a node took."""
        self._said.append(number)

    def missed(self) -> None:
        """Take note of a gap."""
        self._may_miss = True

    def heard(self, number: int) -> None:
        """Take note of a number that arrived."""
        self.duplicated += number in self._heard
        self._heard.add(number)
        if number <= self._last:  # a node that hung for long says at last what it was told before
            return
        if not self._may_miss:
            # Said and not heard: up to this number, which may have arrived before its speaker knew that it was said.
            self.lost += bisect(self._said, number - 1) - bisect(self._said, self._last)
        self._last, self._may_miss = number, False

    def left(self) -> None:
        """Take note that nobody listens from here on."""


class Speaker(Witness):
    """Says numbers on one channel. `replies` are when they were heard, `longest_seconds` the longest silence."""

    def __init__(self, client: Speaks, channel: str, think_seconds: float) -> None:
        super().__init__(channel, think_seconds)
        self._client = client
        self.truth: Hearing = Hearing()

    async def run(self) -> None:
        """Speak until cancelled."""
        for number in count(1):
            try:
                await self._client.spublish(self.key, number)
            except RedisError as error:
                self.noted(error)
            else:
                self.truth.said(number)
            await asyncio.sleep(self._think_seconds)

    def heard(self, number: int, now: float) -> None:
        """Take note of a number that arrived."""
        self.longest_seconds = max(self.longest_seconds, now - self.replies[-1] if self.replies else 0.0)
        self.replies.append(now)
        self.truth.heard(number)


class Hall(Crew[Speaker]):
    """Speakers, and the subscriber that listens to all of them."""

    def __init__(self, client: Speaks, sub: PubSub[bytes], channels: Mapping[str, Sequence[str]]) -> None:
        self._sub = sub
        self._listening: asyncio.Task[None] | None = None
        super().__init__(
            {
                name: [Speaker(client, each, THINK_SECONDS) for each in chosen]
                for name, chosen in channels.items()
            }
        )

    async def __aenter__(self) -> Self:
        await self._sub.ssubscribe(*(speaker.key for speaker in self.callers))
        self._listening = asyncio.create_task(self._listen())
        return await super().__aenter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await super().__aexit__(kind, error, trace)
        await self._sub.aclose()
        assert self._listening is not None
        await self._listening

    async def _listen(self) -> None:
        time = asyncio.get_running_loop().time
        by_channel = {speaker.key.encode(): speaker for speaker in self.callers}
        async for entry in self._sub:
            if isinstance(entry, Gap):
                for speaker in self.callers:
                    speaker.truth.missed()
            else:
                by_channel[entry.channel].heard(int(entry.data), time())
