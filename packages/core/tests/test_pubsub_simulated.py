"""Subscriptions in virtual time: what is lost is told, what is not lost arrives, and no server is stormed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from packages.core.tests.waiting import until
from respool import Gap, Message, PubSub, Redis
from respool.errors import ConnectionError, PubSubError
from respool_testing import FakeServer
from respool_testing.faults import Fault, FaultBuilder
from respool_testing.simulation import Simulation, simulate, simulate_many

Told = Callable[[FakeServer, PubSub[bytes]], Awaitable[None]]


def in_virtual_time(told: Told) -> None:
    """Tell it of a subscriber to one channel, in a simulation."""

    async def main(_: Simulation) -> None:
        async with (
            FakeServer() as server,
            Redis.from_url(server.url, stream_timeout=2) as redis,
            redis.pubsub() as sub,
        ):
            await sub.subscribe("news")
            await told(server, sub)

    simulate(main)


def test_a_server_that_accepts_and_drops_is_retried_with_patience() -> None:
    async def told(server: FakeServer, sub: PubSub[bytes]) -> None:
        dropping = server.faults.on("SUBSCRIBE").drop_connection()
        server.drop_connections()
        assert await sub.get_message(60) is None
        assert 30 < dropping.hits < 120
        server.faults.clear()
        assert isinstance(await sub.get_message(3), Gap)

    in_virtual_time(told)


def test_a_server_that_confirms_and_drops_is_retried_with_patience() -> None:
    async def told(server: FakeServer, sub: PubSub[bytes]) -> None:
        end = asyncio.get_running_loop().time() + 60
        gaps = 0
        while asyncio.get_running_loop().time() < end:
            server.drop_connections()
            assert isinstance(await sub.get_message(3), Gap)
            gaps += 1
        assert 30 < gaps < 120

    in_virtual_time(told)


def test_a_connection_that_lasted_is_opened_again_at_once() -> None:
    async def told(server: FakeServer, sub: PubSub[bytes]) -> None:
        for _ in range(10):
            assert await sub.get_message(6) is None
            server.drop_connections()
            assert isinstance(await sub.get_message(0.02), Gap)

    in_virtual_time(told)


def test_a_silent_server_is_noticed_within_twice_the_timeout() -> None:
    async def told(server: FakeServer, sub: PubSub[bytes]) -> None:
        server.faults.on("PING").hang().times(1)
        gap = await sub.get_message(4.5)
        assert isinstance(gap, Gap)
        assert "answers no more" in gap.reason

    in_virtual_time(told)


def test_an_idle_subscription_stays_while_the_server_lives() -> None:
    async def told(server: FakeServer, sub: PubSub[bytes]) -> None:
        assert await sub.get_message(60) is None
        assert 25 <= len(server.log.calls("PING")) <= 31

    in_virtual_time(told)


def test_a_message_on_a_channel_that_is_heard_again_early_waits_behind_the_gap() -> None:
    async def told(server: FakeServer, sub: PubSub[bytes]) -> None:
        await sub.psubscribe("p*")
        server.faults.on("PSUBSCRIBE").delay(0.5).times(1)
        server.drop_connections()
        async with Redis.from_url(server.url) as other:
            while not await other.publish("news", "v"):
                pass
            assert isinstance(await sub.get_message(), Gap)
            assert await sub.get_message() == Message(b"news", b"v")

    in_virtual_time(told)


def test_who_subscribes_while_the_server_is_away_is_told_why_in_time() -> None:
    async def told(server: FakeServer, sub: PubSub[bytes]) -> None:
        await server.stop()
        assert await sub.get_message(1) is None
        with pytest.raises(ConnectionError, match=r"there is no connection to .* \(.*cannot connect"):
            await sub.subscribe("more")
        assert sub.channels == (b"news",)

    in_virtual_time(told)


# ---- whatever happens

CALAMITIES: list[Callable[[FaultBuilder], Fault]] = [
    lambda fault: fault.drop_connection(),
    lambda fault: fault.reset(when="after_execute"),
    lambda fault: fault.hang(),
    lambda fault: fault.delay(0.3, jitter=0.2, when="after_execute"),
    lambda fault: fault.half_reply(),
    lambda fault: fault.fragment(1),
]


async def publish_through_calamities(simulation: Simulation, server: FakeServer) -> None:
    chance = simulation.random
    async with Redis.from_url(server.url, client_name="publisher") as publisher:
        for number in range(200):
            if chance.random() < 0.05:
                chance.choice(CALAMITIES)(server.faults.on(client="subscriber").times(1).optional())
            if chance.random() < 0.02:
                await publisher.execute_command("CLIENT", "KILL", "TYPE", "pubsub")
            await publisher.publish(f"channel {number % 3}", number)
            await asyncio.sleep(chance.uniform(0, 0.2))
        server.faults.clear()
        await publisher.publish("channel 0", "end")


async def every_message_is_heard_in_order_or_a_gap_is(simulation: Simulation) -> None:
    async with (
        FakeServer() as server,
        Redis.from_url(server.url, client_name="subscriber", stream_timeout=1, connect_timeout=1) as redis,
        redis.pubsub() as sub,
    ):
        await sub.subscribe("channel 0", "channel 1")
        await sub.psubscribe("*2")
        publishing = asyncio.ensure_future(publish_through_calamities(simulation, server))
        expected, may_skip = [0, 1, 2], [False] * 3
        while not publishing.done() or min(expected) < 200:
            entry = await sub.get_message(60)
            if entry is None:
                break
            if isinstance(entry, Gap):
                may_skip = [True] * 3
            elif entry.data != b"end":
                number, channel = int(entry.data), int(entry.data) % 3
                assert number == expected[channel] or (may_skip[channel] and number > expected[channel])
                expected[channel], may_skip[channel] = number + 3, False
        assert all(each >= 200 or may for each, may in zip(expected, may_skip, strict=True))
        await publishing


def test_whatever_happens_every_message_is_heard_in_order_or_a_gap_is() -> None:
    simulate_many(every_message_is_heard_in_order_or_a_gap_is, seeds=range(10))


async def subscribers_come_and_go(simulation: Simulation) -> None:
    chance = simulation.random
    async with (
        FakeServer() as server,
        Redis.from_url(server.url, stream_timeout=1) as redis,
        redis.pubsub() as sub,
    ):
        await sub.subscribe("first")
        tasks = []
        for _ in range(60):
            if chance.random() < 0.1:
                server.drop_connections()
            name, act = chance.choice("abc"), chance.choice([sub.subscribe, sub.unsubscribe])
            tasks.append(asyncio.ensure_future(act(name)))
            await asyncio.sleep(chance.uniform(0, 0.002))
            if chance.random() < 0.5:
                tasks[-1].cancel()
        outcomes = await asyncio.gather(*tasks, return_exceptions=True)
        errors = [each for each in outcomes if each is not None]
        assert all(isinstance(each, (asyncio.CancelledError, PubSubError)) for each in errors), errors
        await sub.subscribe("last")
        async with Redis.from_url(server.url) as other:
            await until(other.pubsub_channels, lambda found: sorted(found) == sorted(sub.channels))


def test_whoever_comes_and_goes_the_server_says_what_the_subscriber_says() -> None:
    simulate_many(subscribers_come_and_go, seeds=range(20))
