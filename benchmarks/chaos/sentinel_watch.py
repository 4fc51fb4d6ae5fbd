"""When it happened: the first announcement of a new primary, and the last write that the old one took."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import asynccontextmanager, suppress

from benchmarks.chaos.process import LOOK_SECONDS, Victim
from respool import Redis
from respool.errors import RedisError

ANNOUNCEMENTS = ("+promoted-slave", "+switch-master")
"""By the sentinel that leads the failover, and by each."""


class Watch:
    """Moments of the loop's clock; None for what did not happen."""

    def __init__(self) -> None:
        self.announced: float | None = None
        self._is_announced = asyncio.Event()
        self.last_write: float | None = None
        self._writes = 0

    @property
    def left(self) -> float | None:
        """Seconds from the announcement to the last write to the old primary; less than none is none."""
        if self.announced is None or self.last_write is None:
            return None
        return max(0.0, self.last_write - self.announced)

    async def until_announced(self) -> None:
        """Wait for the first announcement."""
        await self._is_announced.wait()

    async def hear(self, sentinel: tuple[str, int]) -> None:
        """Wait for one sentinel's announcement."""
        async with Redis(*sentinel) as client, client.pubsub() as subscriber:
            await subscriber.subscribe(*ANNOUNCEMENTS)
            async for _ in subscriber:
                if self.announced is None:
                    self.announced = asyncio.get_running_loop().time()
                self._is_announced.set()
                return

    async def count(self, primary: Victim) -> None:
        """Look at the writes that a server takes, for as long as it takes itself for the primary."""
        time = asyncio.get_running_loop().time
        with suppress(RedisError):  # it hangs, or died
            async with Redis(primary.host, primary.port) as client:
                while (await client.execute_command("ROLE"))[0] == b"master":  # type: ignore[index]
                    stats = await client.info("commandstats")
                    writes = sum(_calls(text) for name, text in stats.items() if "incr" in name)
                    if writes > self._writes:
                        self._writes, self.last_write = writes, time()
                    await asyncio.sleep(LOOK_SECONDS)


def _calls(text: str) -> int:
    return int(text.partition("calls=")[2].partition(",")[0])


@asynccontextmanager
async def watching(sentinels: Sequence[tuple[str, int]]) -> AsyncIterator[Watch]:
    """Hear sentinels for the length of the block."""
    watch = Watch()
    async with _running(*(watch.hear(sentinel) for sentinel in sentinels)):
        yield watch


@asynccontextmanager
async def counting_writes(watch: Watch, primary: Victim) -> AsyncIterator[None]:
    """Look at the writes of a primary for the length of the block. Frozen, it would take some when it goes on."""
    async with _running(watch.count(primary)):
        yield


@asynccontextmanager
async def _running(*chores: Coroutine[None, None, None]) -> AsyncIterator[None]:
    tasks = [asyncio.ensure_future(chore) for chore in chores]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
