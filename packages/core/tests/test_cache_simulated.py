"""A cache in virtual time, under random faults: what it answers is at most a few seconds old, whatever breaks."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine

import pytest

from respool import Cache, Redis
from respool.errors import RedisError
from respool_testing import FakeServer
from respool_testing.faults import Fault, FaultBuilder
from respool_testing.simulation import Simulation, simulate_many

SEEDS = range(10)
KEYS = [f"k{number}" for number in range(5)]
STALE_SECONDS = 3.5
"""Two until silence is noticed and one for a sign of life, and what the network takes."""

ACTIONS: list[Callable[[FaultBuilder], Fault]] = [
    lambda fault: fault.drop_connection(),
    lambda fault: fault.drop_connection(when="after_execute"),
    lambda fault: fault.reset(when="after_execute"),
    lambda fault: fault.hang(),
    lambda fault: fault.hang(when="after_execute"),
    lambda fault: fault.delay(0.3, jitter=0.2, when="after_execute"),
    lambda fault: fault.delay(3, when="after_execute"),
    lambda fault: fault.half_reply(),
    lambda fault: fault.fragment(1),
    lambda fault: fault.loading(),
    lambda fault: fault.throttle(200),
]


class Trial:
    """One reader with a cache, and a writer to whom nothing happens."""

    def __init__(self, simulation: Simulation, server: FakeServer, cache: Cache) -> None:
        self.simulation = simulation
        self.server = server
        self.reader: Redis[bytes] = Redis.from_url(
            server.url, cache=cache, client_name="reader", stream_timeout=2, connect_timeout=2
        )
        self.writer: Redis[bytes] = Redis.from_url(server.url)
        self.written: dict[str, list[tuple[float, int]]] = {key: [(0.0, 0)] for key in KEYS}

    async def write(self) -> None:
        while True:
            await asyncio.sleep(self.simulation.random.uniform(0, 2))
            key = self.simulation.random.choice(KEYS)
            version = await self.writer.incr(key)
            self.written[key].append((self.simulation.seconds, version))

    async def read(self) -> None:
        while True:
            await asyncio.sleep(self.simulation.random.uniform(0, 0.2))
            key = self.simulation.random.choice(KEYS)
            before = self.simulation.seconds - STALE_SECONDS
            at_least = max(version for when, version in self.written[key] if when <= max(before, 0.0))
            try:
                value = int(await self.reader.get(key) or 0)
            except RedisError:
                continue
            assert value >= at_least, f"{key} was {at_least} before {before:.3f} s, read as {value}"

    async def disturb(self) -> None:
        chance = self.simulation.random
        while True:
            await asyncio.sleep(chance.uniform(0, 5))
            fault = self.server.faults.on(client="reader").times(1)
            chance.choice(ACTIONS)(fault)
            if chance.random() < 0.2:
                self.simulation.network.cut("*")
                await asyncio.sleep(chance.uniform(0, 0.4))
                self.simulation.network.heal()


def trial(cache: Callable[[], Cache]) -> Callable[[Simulation], Coroutine[None, None, None]]:
    async def main(simulation: Simulation) -> None:
        async with FakeServer() as server:
            world = Trial(simulation, server, cache())
            async with world.reader, world.writer:
                tasks = [
                    asyncio.ensure_future(each) for each in (world.write(), world.read(), world.disturb())
                ]
                done, _ = await asyncio.wait(tasks, timeout=60, return_when=asyncio.FIRST_COMPLETED)
                for task in tasks:
                    task.cancel()
                for task in done:
                    task.result()
            server.faults.clear()

    return main


@pytest.mark.parametrize("cache", [Cache, lambda: Cache(prefixes=["k"])], ids=["by key", "by prefix"])
def test_what_is_read_is_never_older_than_a_few_seconds(cache: Callable[[], Cache]) -> None:
    simulate_many(trial(cache), seeds=SEEDS)
