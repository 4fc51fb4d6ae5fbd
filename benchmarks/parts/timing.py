"""How long a part takes: the median over many turns, each of which is long enough for the clock."""

from __future__ import annotations

import asyncio
import time
from statistics import median

from benchmarks.figures import percentile
from benchmarks.parts.part import Part


async def nanoseconds(part: Part, seconds: float) -> tuple[float, float]:
    """Return the median and the fastest tenth of one operation, over turns taken for about `seconds`."""
    turns = part.make()
    times: list[float] = []
    until = time.perf_counter() + seconds
    while not times or time.perf_counter() < until:
        await turns.prepare()
        started = time.perf_counter_ns()
        turns.run()
        times.append((time.perf_counter_ns() - started) / part.operations)
        await asyncio.sleep(0)
    return median(times), percentile(times, 10)
