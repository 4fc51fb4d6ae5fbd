"""Subscribers while slots move and nodes fail, on simulated time: what is published is heard in order, or a gap is."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
from collections import defaultdict

from respool import Gap, Message, PubSub
from respool.errors import PubSubError, RedisError
from respool_cluster import RedisCluster
from respool_cluster._map.slot import key_slot
from respool_testing import FakeCluster
from respool_testing.simulation import Simulation, simulate_many

SEEDS = range(int(os.environ.get("RESPOOL_SEEDS", "20")))
SHARDED = ["a", "b", "c", "d"]
CHANNELS = [*SHARDED, "news", "weather.today"]
RECOVERY_SECONDS = 15.0


class Heard:
    """What a subscriber was told, held against what was published."""

    def __init__(self) -> None:
        self.published: dict[str, list[int]] = defaultdict(list)
        """Numbers that a server confirmed, in order."""
        self.last: dict[str, int] = defaultdict(lambda: -1)
        self._may_miss: dict[str, bool] = {}

    async def read(self, sub: PubSub[str]) -> None:
        async for entry in sub:
            if isinstance(entry, Gap):
                self._may_miss = dict.fromkeys(CHANNELS, True)
            else:
                self._take(entry.channel, int(entry.data))

    def _take(self, channel: str, number: int) -> None:
        last, self.last[channel] = self.last[channel], number
        assert number > last, f"{channel}: {number} after {last}"
        missed = [each for each in self.published[channel] if last < each < number]
        assert not missed or self._may_miss.get(channel), f"{channel}: nobody told that {missed} are missing"
        self._may_miss[channel] = False


async def publish(client: RedisCluster[str], channel: str, number: int, heard: Heard) -> None:
    try:
        await (client.spublish if channel in SHARDED else client.publish)(channel, number)
    except RedisError:
        return  # it may have been heard or not
    heard.published[channel].append(number)


async def disturb(simulation: Simulation, cluster: FakeCluster) -> None:
    chance = simulation.random
    channel = chance.choice(SHARDED)
    owner = cluster.owner_of(channel)
    kind = chance.choice(["reset", "slot", "slot", "failover", "kill", "hang", "clients", "mend"])
    if kind == "mend":
        await mend(cluster)
    elif kind == "reset":
        simulation.network.reset(f"*:{chance.choice(cluster.nodes).port}")
    elif kind == "clients":
        cluster.faults.on("SSUBSCRIBE").drop_connection(when="after_execute").times(1).optional()
    elif kind == "slot":
        await cluster.migrate_slots([key_slot(channel.encode())], to=chance.choice(cluster.primaries))
    elif any(node.alive for node in cluster.replicas_of(owner)):
        if kind == "kill":
            await cluster.kill(owner)
        elif kind == "hang":
            cluster.hang(owner)
            await asyncio.sleep(chance.uniform(0, 3))
        with contextlib.suppress(ValueError):  # its replica was promoted by then, or hangs as well
            await cluster.failover(owner)


async def mend(cluster: FakeCluster) -> None:
    cluster.faults.clear()
    for node in cluster.nodes:
        cluster.resume(node)
        if not node.alive:
            await cluster.restart(node)


async def every_message_is_heard_in_order_or_a_gap_is(simulation: Simulation) -> None:
    chance, heard = simulation.random, Heard()
    async with (
        FakeCluster(node_timeout=2.0, seed=simulation.seed) as cluster,
        RedisCluster.from_url(cluster.url, decode_responses=True, stream_timeout=2) as publisher,
        RedisCluster.from_url(cluster.url, decode_responses=True, stream_timeout=2) as client,
    ):
        sub = client.pubsub()
        await sub.subscribe("news")
        await sub.psubscribe("weather.*")
        await sub.ssubscribe(*SHARDED)
        reading = asyncio.ensure_future(heard.read(sub))
        number = 0
        for number in range(chance.randint(60, 150)):
            await publish(publisher, chance.choice(CHANNELS), number, heard)
            await asyncio.sleep(chance.expovariate(20))
            if chance.random() < 0.05:
                await disturb(simulation, cluster)
        await mend(cluster)
        latest = simulation.seconds + RECOVERY_SECONDS
        for channel in CHANNELS:
            begin = number = number + 1
            while heard.last[channel] < begin:
                assert simulation.seconds < latest, f"{channel} is not heard any more"
                await publish(publisher, channel, number, heard)
                number += 1
                await asyncio.sleep(0.1)
        await sub.aclose()
        await reading
    await cluster.assert_nothing_open()


def test_every_message_is_heard_in_order_or_a_gap_is() -> None:
    simulate_many(every_message_is_heard_in_order_or_a_gap_is, seeds=SEEDS)


async def subscribers_come_and_go(simulation: Simulation) -> None:
    """The nodes hold what the subscriber says, whoever was cancelled while slots moved."""
    chance: random.Random = simulation.random
    async with (
        FakeCluster(node_timeout=2.0, seed=simulation.seed) as cluster,
        RedisCluster.from_url(cluster.url, decode_responses=True, stream_timeout=2) as client,
        client.pubsub() as sub,
    ):
        tasks = []
        for _ in range(60):
            if chance.random() < 0.15:
                slot = key_slot(chance.choice(SHARDED).encode())
                await cluster.migrate_slots([slot], to=chance.choice(cluster.primaries))
            act = chance.choice([sub.ssubscribe, sub.sunsubscribe])
            tasks.append(asyncio.ensure_future(act(*chance.sample(SHARDED, 2))))
            await asyncio.sleep(chance.uniform(0, 0.002))
            if chance.random() < 0.4:
                tasks[-1].cancel()
        outcomes = await asyncio.gather(*tasks, return_exceptions=True)
        errors = [each for each in outcomes if each is not None]
        strange = [each for each in errors if not isinstance(each, (asyncio.CancelledError, PubSubError))]
        assert not strange, strange
        await sub.ssubscribe("last")
        latest = simulation.seconds + RECOVERY_SECONDS
        while sorted(await client.pubsub_shardchannels()) != sorted(sub.shard_channels):
            assert simulation.seconds < latest, "the nodes hold something else"
            await asyncio.sleep(0.1)
    await cluster.assert_nothing_open()


def test_whoever_comes_and_goes_the_nodes_say_what_the_subscriber_says() -> None:
    simulate_many(subscribers_come_and_go, seeds=SEEDS)


async def a_node_that_hangs_is_left_when_it_was_replaced(simulation: Simulation) -> None:
    async with (
        FakeCluster(node_timeout=2.0, seed=simulation.seed) as cluster,
        RedisCluster.from_url(cluster.url) as client,
        client.pubsub() as sub,
    ):
        await sub.ssubscribe("a")
        await asyncio.sleep(simulation.random.uniform(0, 3))
        owner = cluster.owner_of("a")
        cluster.hang(owner)
        await cluster.until(lambda: cluster.owner_of("a") is not owner)
        promoted = simulation.seconds
        gap = await sub.get_message(10)
        assert isinstance(gap, Gap)
        assert simulation.seconds - promoted < 0.5
        assert await client.spublish("a", "v") == 1


def test_a_node_that_hangs_is_left_soon_after_it_was_replaced() -> None:
    simulate_many(a_node_that_hangs_is_left_when_it_was_replaced, seeds=range(20))


async def a_node_that_is_only_slow_is_not_left(simulation: Simulation) -> None:
    async with (
        FakeCluster(seed=simulation.seed) as cluster,
        RedisCluster.from_url(cluster.url) as client,
        client.pubsub() as sub,
    ):
        await sub.ssubscribe("a")
        owner = cluster.owner_of("a")
        owner.server.faults.on("SSUBSCRIBE").delay(3).times(1)
        await sub.ssubscribe("{a}more")
        assert await client.spublish("a", "v") == 1
        assert await sub.get_message(1) == Message(b"a", b"v")
        assert len(owner.server.log.calls("SSUBSCRIBE")) == 2


def test_a_node_that_is_only_slow_is_not_left() -> None:
    simulate_many(a_node_that_is_only_slow_is_not_left, seeds=range(3))
