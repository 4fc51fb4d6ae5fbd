"""A cluster's cache on simulated time, while slots move and nodes fail: what it answers is at most seconds old."""

from __future__ import annotations

import asyncio
import contextlib
import os

from respool import Cache
from respool.errors import RedisError
from respool_cluster import RedisCluster
from respool_cluster._slot import key_slot
from respool_testing import FakeCluster
from respool_testing.simulation import Simulation, simulate_many

SEEDS = range(int(os.environ.get("RESPOOL_SEEDS", "20")))
KEYS = ["a", "b", "c", "d"]
STALE_SECONDS = 4.0
"""Three until silence is noticed, and what the network takes and a cluster to agree."""


class Trial:
    """One reader with a cache, and a writer that deletes now and then. A version that was acknowledged is the least."""

    def __init__(self, simulation: Simulation, cluster: FakeCluster) -> None:
        self.simulation = simulation
        self.cluster = cluster
        options = {"stream_timeout": 2, "connect_timeout": 2}
        self.reader: RedisCluster[bytes] = RedisCluster.from_url(cluster.url, cache=Cache(), **options)
        self.writer: RedisCluster[bytes] = RedisCluster.from_url(cluster.url, **options)
        self.written: dict[str, list[tuple[float, int]]] = {key: [(0.0, 0)] for key in KEYS}
        self.version = 0

    async def write(self) -> None:
        while True:
            await asyncio.sleep(self.simulation.random.uniform(0, 1))
            key = self.simulation.random.choice(KEYS)
            self.version += 1
            with contextlib.suppress(RedisError):
                if self.simulation.random.random() < 0.2:
                    await self.writer.delete(key)
                await self.writer.set(key, self.version)
                self.written[key].append((self.simulation.seconds, self.version))

    async def read(self) -> None:
        while True:
            await asyncio.sleep(self.simulation.random.uniform(0, 0.1))
            key = self.simulation.random.choice(KEYS)
            before = max(self.simulation.seconds - STALE_SECONDS, 0.0)
            at_least = max(version for when, version in self.written[key] if when <= before)
            try:
                value = await self.reader.get(key)
            except RedisError:
                continue
            if value is not None:  # deleted, and about to be written
                assert int(value) >= at_least, (
                    f"{key}: {at_least} before {before:.3f} s, read as {int(value)}"
                )

    async def disturb(self) -> None:
        chance, cluster = self.simulation.random, self.cluster
        while True:
            await asyncio.sleep(chance.uniform(0, 3))
            key = chance.choice(KEYS)
            owner = cluster.owner_of(key)
            kind = chance.choice(["reset", "slot", "slot", "failover", "hang", "mend"])
            if kind == "reset":
                self.simulation.network.reset(f"*:{owner.port}")
            elif kind == "slot":
                await self.move(key)
            elif kind == "mend":
                for node in cluster.nodes:
                    cluster.resume(node)
            elif any(node.alive for node in cluster.replicas_of(owner)):
                if kind == "hang":
                    cluster.hang(owner)
                with contextlib.suppress(ValueError):  # its replica hangs as well
                    await cluster.failover(owner)

    async def move(self, key: str) -> None:
        """Move a slot by degrees, so that some of its keys are at either node for a while."""
        chance, slot = self.simulation.random, key_slot(key.encode())
        target = chance.choice(self.cluster.primaries)
        if target is not self.cluster.owner_of(key):
            self.cluster.begin_migration(slot, target)
            await asyncio.sleep(chance.uniform(0, 1))
            self.cluster.move_keys(slot)
            await asyncio.sleep(chance.uniform(0, 1))
            self.cluster.finish_migration(slot)


async def nothing_is_older_than_seconds(simulation: Simulation) -> None:
    async with FakeCluster(node_timeout=2.0, seed=simulation.seed) as cluster:
        trial = Trial(simulation, cluster)
        async with trial.reader, trial.writer:
            tasks = [asyncio.ensure_future(each) for each in (trial.write(), trial.read(), trial.disturb())]
            done, _ = await asyncio.wait(tasks, timeout=40, return_when=asyncio.FIRST_COMPLETED)
            for task in tasks:
                task.cancel()
            for task in done:
                task.result()
        assert trial.reader.cache is not None
        assert trial.reader.cache.stats().hits > 50


def test_what_is_read_is_never_older_than_a_few_seconds() -> None:
    simulate_many(nothing_is_older_than_seconds, seeds=SEEDS)
