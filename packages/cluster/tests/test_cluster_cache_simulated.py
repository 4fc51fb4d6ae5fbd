"""A cluster's cache on simulated time, while slots move and nodes fail: what it answers is at most seconds old."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os

from respool import Cache
from respool.errors import RedisError
from respool_cluster import RedisCluster
from respool_cluster._map.slot import key_slot
from respool_testing import FakeCluster, FakeNode
from respool_testing.simulation import Simulation, simulate_many

SEEDS = range(int(os.environ.get("RESPOOL_SEEDS", "10")))
KEYS = ["a", "b", "c", "d"]
STALE_SECONDS = 4.0
"""Three until silence is noticed, and what the network takes and a cluster to agree."""


class History:
    """What a key was: as writes were acknowledged, and as it was read past the cache, for clusters lose writes."""

    def __init__(self) -> None:
        self._states: list[tuple[float, bytes | None]] = [(0.0, None)]
        self._doubtful: set[bytes | None] = set()

    def became(self, value: bytes | None, now: float) -> None:
        self._states.append((now, value))

    def may_become(self, value: bytes | None) -> None:
        self._doubtful.add(value)

    def admits(self, value: bytes | None, before: float) -> bool:
        """Tell whether the key was this at some time after `before`."""
        earlier = [state for when, state in self._states if when <= before]
        later = [state for when, state in self._states if when > before]
        return value in (earlier[-1], *later) or value in self._doubtful


class Trial:
    """One reader with a cache, and a writer to whom the same happens."""

    def __init__(self, simulation: Simulation, cluster: FakeCluster) -> None:
        self.simulation = simulation
        self.cluster = cluster
        self.reader = RedisCluster.from_url(cluster.url, cache=Cache(), stream_timeout=2, connect_timeout=2)
        self.writer = RedisCluster.from_url(cluster.url, stream_timeout=2, connect_timeout=2)
        self.histories = {key: History() for key in KEYS}
        self.may_write = asyncio.Lock()
        self.hits = 0

    async def write(self) -> None:
        chance = self.simulation.random
        for version in itertools.count(1):
            await asyncio.sleep(chance.uniform(0, 1))
            key = chance.choice(KEYS)
            if chance.random() < 0.4:
                await self.change(key, None)
                await asyncio.sleep(chance.uniform(0, 2))
            await self.change(key, b"%d" % version)

    async def change(self, key: str, value: bytes | None) -> None:
        history = self.histories[key]
        async with self.may_write:
            try:
                await (self.writer.delete(key) if value is None else self.writer.set(key, value))
            except RedisError as error:
                if getattr(error, "maybe_executed", False):
                    history.may_become(value)
            else:
                history.became(value, self.simulation.seconds)

    async def read(self) -> None:
        while True:
            await asyncio.sleep(self.simulation.random.uniform(0, 0.1))
            key = self.simulation.random.choice(KEYS)
            reading, now = self.reader.get(key), self.simulation.seconds
            if reading.done():
                value, before = await reading, max(now - STALE_SECONDS, 0.0)
                assert self.histories[key].admits(value, before), (
                    f"{key} was not {value!r} after {before:.3f} s"
                )
                self.hits += 1
            else:
                with contextlib.suppress(RedisError):
                    self.histories[key].became(await reading, self.simulation.seconds)

    async def disturb(self) -> None:
        chance, cluster = self.simulation.random, self.cluster
        while True:
            await asyncio.sleep(chance.uniform(0, 3))
            key = chance.choice(KEYS)
            owner = cluster.owner_of(key)
            kind = chance.choice(["reset", "slot", "slot", "failover", "hang", "part", "mend"])
            if kind == "reset":
                self.simulation.network.reset(f"*:{owner.port}")
            elif kind == "slot":
                await self.move(key)
            elif kind == "mend":
                cluster.heal()
                for node in cluster.nodes:
                    cluster.resume(node)
            elif any(cluster._serves(node) for node in cluster.replicas_of(owner)):
                await self.replace(kind, owner)

    async def replace(self, kind: str, owner: FakeNode) -> None:
        if kind == "part":
            async with self.may_write:  # what an isolated primary takes is lost
                self.cluster.partition([owner])
                await asyncio.sleep(5)
            return
        if kind == "hang":
            self.cluster.hang(owner)
        with contextlib.suppress(ValueError):  # its replica hangs as well
            await self.cluster.failover(owner)

    async def move(self, key: str) -> None:
        """Move a slot by degrees, so that some of its keys are at either node for a while."""
        chance, slot = self.simulation.random, key_slot(key.encode())
        target = chance.choice(self.cluster.primaries)
        if target is not self.cluster.owner_of(key):
            self.cluster.begin_migration(slot, target)
            await asyncio.sleep(chance.uniform(0, 3))
            self.cluster.move_keys(slot)
            await asyncio.sleep(chance.uniform(0, 3))
            self.cluster.finish_migration(slot)


async def nothing_is_older_than_seconds(simulation: Simulation) -> None:
    async with FakeCluster(node_timeout=2.0, seed=simulation.seed) as cluster:
        trial = Trial(simulation, cluster)
        async with trial.reader, trial.writer:
            tasks = [asyncio.ensure_future(each) for each in (trial.write(), trial.read(), trial.disturb())]
            done, _ = await asyncio.wait(tasks, timeout=60, return_when=asyncio.FIRST_COMPLETED)
            for task in tasks:
                task.cancel()
            for task in done:
                task.result()


def test_what_is_read_is_never_older_than_a_few_seconds() -> None:
    simulate_many(nothing_is_older_than_seconds, seeds=SEEDS)
