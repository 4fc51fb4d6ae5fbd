"""The cluster and sentinel clients on simulated time, while servers die, hang, move and lose the network.

Every request ends in time; no reply crosses to another request; nothing acknowledged is lost and nothing is
counted twice; and once the faults are over, so are the failures.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine
from typing import Protocol

from respool.errors import RedisError
from respool_cluster import RedisCluster
from respool_sentinel import Sentinel
from respool_testing import FakeCluster, FakeSentinel
from respool_testing.simulation import Simulation, simulate_many

SEEDS = range(int(os.environ.get("RESPOOL_SEEDS", "40")))
# What a request may take: its own deadline, and the patience of who looks for another server.
LONGEST_SECONDS = 30.0
# What it takes until a dead server is noticed, replaced and found.
RECOVERY_SECONDS = 15.0
TIMEOUT = 2.0


class Client(Protocol):
    """What both clients can do."""

    def incr(self, key: str) -> Awaitable[int]:
        """Count."""

    def echo(self, text: str) -> Awaitable[bytes]:
        """Say it again."""

    def get(self, key: str) -> Awaitable[bytes | None]:
        """Return a value."""


class Load:
    """Requests of a service, and what is known of them afterwards."""

    def __init__(self, simulation: Simulation, client: Client) -> None:
        self.simulation = simulation
        self.chance = simulation.random
        self.client = client
        self.done: Counter[str] = Counter()
        self.maybe_done: Counter[str] = Counter()

    async def run(self, disturb: Callable[[], Coroutine[None, None, None]]) -> None:
        """Send requests for a while; now and then something is disturbed."""
        tasks = []
        for number in range(self.chance.randint(20, 60)):
            request = self.chance.choice([self.count, self.count, self.echo, self.cancel])
            tasks.append(asyncio.ensure_future(self.in_time(request(number))))
            await asyncio.sleep(self.chance.expovariate(10))
            if self.chance.random() < 0.08:
                await disturb()
        await asyncio.gather(*tasks)

    async def in_time(self, request: Coroutine[None, None, None]) -> None:
        began = self.simulation.seconds
        with contextlib.suppress(RedisError):  # that requests fail is what the faults are for
            await request
        assert self.simulation.seconds - began <= LONGEST_SECONDS

    async def count(self, number: int) -> None:
        key = f"n{number % 7}"
        try:
            await self.client.incr(key)
        except RedisError as error:
            self.maybe_done[key] += bool(getattr(error, "maybe_executed", False))
            raise
        self.done[key] += 1

    async def echo(self, number: int) -> None:
        assert await self.client.echo(f"token {number}") == f"token {number}".encode()

    async def cancel(self, number: int) -> None:
        request = asyncio.ensure_future(self.echo(number))
        await asyncio.sleep(self.chance.uniform(0, 0.01))
        request.cancel()
        await asyncio.wait([request])

    async def recovered(self) -> None:
        """Fail unless the client soon works as before, for every key."""
        latest = self.simulation.seconds + RECOVERY_SECONDS
        for key in [f"n{number}" for number in range(7)]:
            while not await self.is_right(key):
                assert self.simulation.seconds < latest, f"{key} cannot be read"
                await asyncio.sleep(0.1)

    async def is_right(self, key: str) -> bool:
        try:
            value = int(await self.client.get(key) or b"0")
        except RedisError:
            return False
        assert self.done[key] <= value <= self.done[key] + self.maybe_done[key], key
        return True


async def cluster_holds(simulation: Simulation) -> None:
    async with FakeCluster(node_timeout=TIMEOUT) as cluster:
        client = RedisCluster.from_url(cluster.url, stream_timeout=2, connect_timeout=2)
        load = Load(simulation, client)
        async with client:
            await load.run(lambda: disturb_cluster(simulation, cluster))
            simulation.network.heal()
            for node in cluster.nodes:
                cluster.resume(node)
                if not node.alive:
                    await cluster.restart(node)
            await load.recovered()
        await cluster.assert_nothing_open()


async def disturb_cluster(simulation: Simulation, cluster: FakeCluster) -> None:
    chance, network = simulation.random, simulation.network
    primary = chance.choice(cluster.primaries)
    kind = chance.choice(["reset", "cut", "failover", "kill", "slots", "replica"])
    if kind == "reset":
        network.reset(f"*:{primary.port}")
    elif kind == "cut":
        network.cut_one_way(*chance.sample([f"*:{primary.port}", "*"], 2))
        asyncio.get_running_loop().call_later(chance.uniform(0, 4), network.heal)
    elif kind == "slots":
        await cluster.migrate_slots(
            chance.sample(cluster.slots_of(primary), 50), chance.choice(cluster.primaries)
        )
    elif kind == "replica" and cluster.replicas:
        network.reset(f"*:{chance.choice(cluster.replicas).port}")
    elif any(node.alive for node in cluster.replicas_of(primary)):
        if kind == "kill":
            await cluster.kill(primary)
        await cluster.failover(primary)


async def sentinel_holds(simulation: Simulation) -> None:
    async with FakeSentinel(replicas=2, down_after=TIMEOUT) as deployment:
        sentinel = Sentinel(
            deployment.sentinel_addresses,
            sentinel_kwargs={"stream_timeout": 2, "connect_timeout": 2},
            stream_timeout=2,
            connect_timeout=2,
        )
        async with sentinel, sentinel.primary_for(deployment.service) as client:
            load = Load(simulation, client)
            await load.run(lambda: disturb_sentinel(simulation, deployment))
            simulation.network.heal()
            for server in [*deployment.sentinels, deployment.primary, *deployment.replicas]:
                if not server.running:
                    await deployment.restart(server)
            await load.recovered()
        await deployment.assert_nothing_open()


async def disturb_sentinel(simulation: Simulation, deployment: FakeSentinel) -> None:
    chance, network = simulation.random, simulation.network
    kind = chance.choice(["reset", "cut", "failover", "kill", "sentinel"])
    if kind == "reset":
        network.reset(f"*:{deployment.primary.port}")
    elif kind == "cut":
        network.cut_one_way(*chance.sample([f"*:{deployment.primary.port}", "*"], 2))
        asyncio.get_running_loop().call_later(chance.uniform(0, 4), network.heal)
    elif kind == "sentinel":
        await deployment.kill(deployment.sentinels[0])
    elif any(server.running for server in deployment.replicas):
        if kind == "kill":
            await deployment.kill(deployment.primary)
        await deployment.failover()


def test_promises_hold_in_a_cluster() -> None:
    simulate_many(cluster_holds, seeds=SEEDS, limit=1000)


def test_promises_hold_behind_sentinels() -> None:
    simulate_many(sentinel_holds, seeds=SEEDS, limit=1000)
