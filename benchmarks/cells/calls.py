"""Many tasks that call one after the other, as the requests of a web service do; many calls of one task at once."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

from benchmarks.cells.cell import Sample, Setting
from benchmarks.cells.working import Whistle, Work, WrongAnswer, counted, opened, opened_cluster, repeating
from benchmarks.data import KEYS
from benchmarks.figures import percentile
from benchmarks.peers.door import Calls
from benchmarks.window import Window

LATENCY_TASKS = 50


def speed(window: Window) -> Sample:
    """Return how many calls were made in a second, and what one cost."""
    return {"rate": window.rate(), "cpu": window.cpu_microseconds()}


async def throughput(setting: Setting, tasks: int) -> Sample:
    """Let `tasks` tasks GET, each waiting for its reply before the next."""
    async with opened(setting, tasks) as client:
        return speed(await counted(setting, "get", _getting(client), tasks))


async def cluster_throughput(setting: Setting, tasks: int) -> Sample:
    """Let `tasks` tasks GET from a cluster; their keys are spread over its nodes."""
    async with opened_cluster(setting, tasks) as client:
        return speed(await counted(setting, "get", _getting(client), tasks))


def _getting(client: Calls) -> Work:
    get = client.get

    async def work(number: int, whistle: Whistle) -> int:
        key = KEYS[number % len(KEYS)]
        calls = 0
        while not whistle.blown:
            await get(key)
            calls += 1
        return calls

    return work


async def latency(setting: Setting) -> Sample:
    """Take the time of each single GET while many tasks do the same."""
    async with opened(setting, LATENCY_TASKS) as client:
        get, now = client.get, time.perf_counter
        waits: list[float] = []

        async def work(number: int, whistle: Whistle) -> int:
            key = KEYS[number]
            calls = 0
            while not whistle.blown:
                started = now()
                await get(key)
                waits.append(now() - started)
                calls += 1
            return calls

        window = await counted(setting, "get", work, LATENCY_TASKS)
    counting = waits[-window.calls :]  # those before it warmed up
    return {"p50": percentile(counting, 50) * 1e6, "p99": percentile(counting, 99) * 1e6}


async def gathered(setting: Setting) -> Sample:
    """Call GET for every key in one go and gather what the calls returned: futures, or coroutines."""
    async with opened(setting, len(KEYS)) as client:
        get = client.get

        async def turn() -> int:
            replies = await asyncio.gather(*[get(key) for key in KEYS])
            return _complete(replies, len(KEYS))

        return speed(await counted(setting, "get", repeating(turn)))


async def pipelined(setting: Setting, length: int) -> Sample:
    """Send pipelines of `length` GETs, without a transaction, one after the other."""
    keys = KEYS[:length]
    async with opened(setting, 1) as client:

        async def turn() -> int:
            return _complete(await client.pipeline(keys), length)

        return speed(await counted(setting, "get", repeating(turn)))


def _complete(replies: Sequence[object], expected: int) -> int:
    if len(replies) != expected:
        raise WrongAnswer(f"{expected} calls returned {len(replies)} replies")
    return expected
