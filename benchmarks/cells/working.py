"""How a workload is run: first to warm up, then to count; by one task or many; until the whistle blows."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TypeAlias

from benchmarks.cells.cell import Setting
from benchmarks.data import KEYS, VALUE
from benchmarks.peers.door import Calls, Client
from benchmarks.window import Window, audited


class WrongAnswer(Exception):
    """A client answered with something else than what is stored."""


class Whistle:
    """Says when to stop, at the cost of reading one attribute."""

    __slots__ = ("blown",)

    def __init__(self) -> None:
        self.blown = False

    def blow(self) -> None:
        self.blown = True


Work: TypeAlias = Callable[[int, Whistle], Awaitable[int]]
"""What one task does, given its number, until the whistle blows; returns how many calls it made."""


@asynccontextmanager
async def opened(setting: Setting, tasks: int) -> AsyncIterator[Client]:
    """Open a client that is known to answer rightly, and close it."""
    client = await setting.peer.open(setting.at, tasks)
    async with _checked(client):
        yield client


@asynccontextmanager
async def opened_cluster(setting: Setting, tasks: int) -> AsyncIterator[Calls]:
    """Open a client of the cluster that is known to answer rightly, and close it."""
    client = await setting.peer.open_cluster(setting.nodes, tasks)
    async with _checked(client):
        yield client


@asynccontextmanager
async def _checked(client: Calls) -> AsyncIterator[None]:
    try:
        if (reply := await client.get(KEYS[0])) not in (VALUE, VALUE.decode()):
            raise WrongAnswer(f"GET {KEYS[0]} returned {reply!r}")
        yield
    finally:
        await client.close()


async def work_together(work: Work, tasks: int, seconds: float) -> int:
    """Run `tasks` of `work` at once until the whistle; return the sum of the calls they made."""
    whistle = Whistle()
    timer = asyncio.get_running_loop().call_later(seconds, whistle.blow)
    try:
        return sum(await asyncio.gather(*(work(number, whistle) for number in range(tasks))))
    finally:
        whistle.blow()
        timer.cancel()


async def counted(setting: Setting, command: str, work: Work, tasks: int = 1) -> Window:
    """Warm up, then measure; every call is one `command`, and the server is asked whether it was."""
    await work_together(work, tasks, setting.effort.warm_up_seconds())
    with audited(setting.nodes, command) as window:
        window.calls = await work_together(work, tasks, setting.effort.seconds)
    return window


def repeating(turn: Callable[[], Awaitable[int]]) -> Work:
    """Return the work of one task that takes the same turn again and again; a turn returns its calls."""

    async def work(_: int, whistle: Whistle) -> int:
        calls = 0
        while not whistle.blown:
            calls += await turn()
        return calls

    return work
