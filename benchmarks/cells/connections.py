"""Connections one by one: what it costs to open one, to lease one, to hold one that does nothing."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from benchmarks.cells.cell import Sample, Setting
from benchmarks.cells.working import repeating, work_together
from benchmarks.peers.door import Connections
from benchmarks.window import audited_connections, measured

OPENED_TOGETHER = 50


@asynccontextmanager
async def pooled(setting: Setting, most: int) -> AsyncIterator[Connections]:
    """Make a pool and close it."""
    pool = await setting.peer.connections(setting.at, most)
    try:
        yield pool
    finally:
        await pool.close()


async def take_many(pool: Connections, count: int) -> list[object]:
    """Take `count` connections, some at once."""
    taken: list[object] = []
    while (missing := count - len(taken)) > 0:
        taken += await asyncio.gather(*(pool.take() for _ in range(min(missing, OPENED_TOGETHER))))
    return taken


async def connect_rate(setting: Setting, at_once: int) -> Sample:
    """Open connections and close them again; the handshake is part of it."""
    turns = max(setting.effort.connects // at_once, 1)
    async with pooled(setting, at_once + 1) as pool:

        async def connect() -> None:
            await pool.drop(await pool.take())

        await connect()
        with audited_connections(setting.at) as window:
            for _ in range(turns):
                await asyncio.gather(*(connect() for _ in range(at_once)))
            window.calls = turns * at_once
    return {"rate": window.rate(), "cpu": window.cpu_microseconds()}


async def lease_rate(setting: Setting) -> Sample:
    """Take an idle connection from the pool and give it back; nothing is sent."""
    async with pooled(setting, 10) as pool:

        async def turn() -> int:
            for _ in range(100):
                await pool.give_back(await pool.take())
            await asyncio.sleep(0)  # where nothing else waits, the whistle would never blow
            return 100

        work = repeating(turn)
        await work_together(work, 1, setting.effort.warm_up_seconds())
        with measured() as window:
            window.calls = await work_together(work, 1, setting.effort.seconds)
    return {"cost": 1e6 / window.rate()}


async def idle_weight(setting: Setting) -> Sample:
    """Return by how much the process grows for each connection it holds."""
    count = setting.effort.connections
    async with pooled(setting, count + 1) as pool:
        first = await pool.take()  # pays for all that is needed once
        before = resident_kib()
        taken = await take_many(pool, count)
        weight = (resident_kib() - before) / count
        for connection in (first, *taken):
            await pool.drop(connection)
    return {"weight": weight}


def resident_kib() -> float:
    """Return how much memory of this process is resident, where the system tells (Linux)."""
    gc.collect()
    status = Path("/proc/self/status").read_text(encoding="ascii")
    [line] = [line for line in status.splitlines() if line.startswith("VmRSS:")]
    return float(line.split()[1])
