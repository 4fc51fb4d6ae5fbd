"""Interrupted at any step of the loop, a subscriber leaves no connection, no task and nobody waiting."""

from __future__ import annotations

import asyncio

import pytest

from packages.core.tests.test_cancellation_everywhere import Fake, Work, sweep
from packages.core.tests.waiting import until
from respool import BlockingConnectionPool, Gap, Message, PubSub, Redis
from respool_testing import FakeServer


async def comes_and_goes(pool: BlockingConnectionPool) -> None:
    async with Redis(connection_pool=pool).pubsub() as sub:
        await sub.subscribe("a")
        await asyncio.gather(sub.subscribe("b"), sub.psubscribe("c*"))
        await sub.unsubscribe("a")


async def hears(pool: BlockingConnectionPool) -> None:
    redis = Redis(connection_pool=pool)
    async with redis.pubsub() as sub:
        await sub.subscribe("news")
        await redis.publish("news", "x")
        assert isinstance(await sub.get_message(), (Message, Gap))


async def closes_while_somebody_reads(pool: BlockingConnectionPool) -> None:
    sub = Redis(connection_pool=pool).pubsub()
    try:
        await sub.subscribe("news")
        reader = asyncio.ensure_future(sub.get_message())
    finally:
        await sub.aclose()
    await reader


every_work = pytest.mark.parametrize("work", [comes_and_goes, hears, closes_while_somebody_reads])


@every_work
async def test_cancelled_at_any_step_a_subscriber_leaves_everything_whole(
    respool_server: FakeServer, work: Work
) -> None:
    await sweep(Fake(respool_server), work, lambda task: task.cancel())


@every_work
async def test_cut_off_at_any_step_a_subscriber_leaves_everything_whole(
    respool_server: FakeServer, work: Work
) -> None:
    server = Fake(respool_server)
    await sweep(server, work, lambda _: server.kill_everybody())


async def test_whoever_is_cancelled_while_subscribing_listens_to_nothing_new(
    respool_server: FakeServer,
) -> None:
    async with Redis.from_url(respool_server.url) as redis, redis.pubsub() as sub:
        await sub.subscribe("old")
        for steps in range(20):
            await _cancel_after(steps, sub, "old", "new")
            assert sub.channels == (b"old",)
            await until(redis.pubsub_channels, lambda found: found == [b"old"])


async def _cancel_after(steps: int, sub: PubSub[bytes], *channels: str) -> None:
    """Subscribe, be cancelled so many rounds of the loop later, and leave what was subscribed to by then."""
    subscribing = asyncio.ensure_future(sub.subscribe(*channels))
    for _ in range(steps):
        await asyncio.sleep(0)
    if not subscribing.cancel():
        await sub.unsubscribe("new")
    await asyncio.wait([subscribing])
