"""Subscriptions: what is published arrives, in order, or a gap says that it may not have."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Literal

import pytest
import pytest_asyncio

from packages.core.tests.typed import Server, client_of, text_client_of
from packages.core.tests.waiting import until
from respool import Gap, Message, PubSub, Redis
from respool.errors import AuthorizationError, ConnectionError, DataError, PubSubError, ResponseError
from respool_testing import FakeServer, ServerProcess

PATIENCE_SECONDS = 10


@pytest_asyncio.fixture
async def redis(any_server: Server, any_protocol: Literal[2, 3]) -> AsyncIterator[Redis[bytes]]:
    async with client_of(any_server, any_protocol) as redis:
        await redis.flushall()
        yield redis
        assert redis.connection_pool.stats().leased == 0


@pytest_asyncio.fixture
async def fake(respool_server: FakeServer, any_protocol: Literal[2, 3]) -> AsyncIterator[Redis[bytes]]:
    async with Redis.from_url(respool_server.url, protocol_version=any_protocol, stream_timeout=0.5) as redis:
        yield redis


async def heard(sub: PubSub[bytes]) -> Message[bytes] | Gap | None:
    return await sub.get_message(PATIENCE_SECONDS)


async def test_messages_of_a_channel_arrive_in_order(redis: Redis[bytes]) -> None:
    async with redis.pubsub() as sub:
        await sub.subscribe("news", "more")
        assert await redis.publish("news", "one") == 1
        assert await redis.publish("more", "two") == 1
        assert [await heard(sub), await heard(sub)] == [Message(b"news", b"one"), Message(b"more", b"two")]


async def test_messages_are_iterated_until_it_is_closed(redis: Redis[bytes]) -> None:
    async with redis.pubsub() as sub:
        await sub.subscribe("news")
        await asyncio.gather(*(redis.publish("news", number) for number in range(3)))
        found = []
        async for message in sub:
            found.append(message)
            if len(found) == 3:
                await sub.aclose()
        assert found == [Message(b"news", b"%d" % number) for number in range(3)]


async def test_a_message_by_a_pattern_names_it(redis: Redis[bytes]) -> None:
    async with redis.pubsub() as sub:
        await sub.psubscribe("n*")
        await redis.publish("news", "v")
        assert await heard(sub) == Message(b"news", b"v", b"n*")


async def test_messages_of_a_sharded_channel_arrive(redis: Redis[bytes]) -> None:
    async with redis.pubsub() as sub:
        await sub.ssubscribe("news")
        assert await redis.spublish("news", "v") == 1
        assert await heard(sub) == Message(b"news", b"v")
        await sub.sunsubscribe()
        assert await redis.spublish("news", "v") == 0


async def test_text_is_decoded_where_the_client_does(any_server: Server, any_protocol: Literal[2, 3]) -> None:
    async with text_client_of(any_server, any_protocol) as redis, redis.pubsub() as sub:
        await sub.subscribe("ü")
        await redis.publish("ü", "ä")
        assert await sub.get_message(PATIENCE_SECONDS) == Message("ü", "ä")


async def test_what_was_left_is_heard_no_longer(redis: Redis[bytes]) -> None:
    async with redis.pubsub() as sub:
        await sub.subscribe("a", "b")
        await redis.publish("a", "unread")
        await sub.unsubscribe("a")
        assert await redis.publish("a", "v") == 0
        await redis.publish("b", "v")
        assert await heard(sub) == Message(b"b", b"v")
        await sub.punsubscribe()
        await sub.unsubscribe("never")


async def test_handlers_of_either_kind_get_their_messages(redis: Redis[bytes]) -> None:
    told: list[object] = []

    async def handle(message: Message[bytes]) -> None:
        told.append(message.data)

    async with redis.pubsub() as sub:
        await sub.subscribe("a", handler=handle)
        await sub.psubscribe("b*", handler=lambda message: told.append(message.data))
        await sub.subscribe("c")
        for channel in ("a", "bb", "c"):
            await redis.publish(channel, f"to {channel}")
        assert await heard(sub) == Message(b"c", b"to c")
    assert told == [b"to a", b"to bb"]


async def test_what_a_handler_raises_is_for_who_reads(redis: Redis[bytes]) -> None:
    def broken(_: Message[bytes]) -> None:
        raise ZeroDivisionError

    async with redis.pubsub() as sub:
        await sub.subscribe("a", handler=broken)
        await sub.subscribe("b")
        await redis.publish("a", "v")
        await redis.publish("b", "v")
        with pytest.raises(ZeroDivisionError):
            await heard(sub)
        assert await heard(sub) == Message(b"b", b"v")


async def test_no_message_in_time_is_none(redis: Redis[bytes]) -> None:
    async with redis.pubsub() as sub:
        await sub.subscribe("news")
        assert await sub.get_message(0) is None
        assert await sub.get_message(0.01) is None


async def test_a_cancelled_reader_takes_nothing(redis: Redis[bytes]) -> None:
    async with redis.pubsub() as sub:
        await sub.subscribe("news")
        reader = asyncio.ensure_future(sub.get_message())
        await redis.ping()
        reader.cancel()
        await redis.publish("news", "v")
        assert await heard(sub) == Message(b"news", b"v")


async def test_subscriptions_made_together_are_all_confirmed(redis: Redis[bytes]) -> None:
    async with redis.pubsub() as sub:
        await asyncio.gather(*(sub.subscribe(f"channel {number}") for number in range(20)))
        assert len(await redis.pubsub_channels("channel*")) == 20


async def test_a_cancelled_subscription_disturbs_none_after_it(redis: Redis[bytes]) -> None:
    async with redis.pubsub() as sub:
        await sub.subscribe("a")
        subscribing = asyncio.ensure_future(sub.subscribe("b"))
        await asyncio.sleep(0)
        subscribing.cancel()
        await sub.subscribe("c")
        await redis.publish("c", "v")
        assert await heard(sub) == Message(b"c", b"v")


async def test_closing_the_client_ends_its_subscribers(any_server: Server) -> None:
    async with Redis.from_url(any_server.url) as redis:
        sub = redis.pubsub()
        await sub.subscribe("news")
        reader = asyncio.ensure_future(sub.get_message())
        await asyncio.sleep(0)
    assert await reader is None
    with pytest.raises(PubSubError, match="closed"):
        await sub.subscribe("more")


async def test_a_subscriber_that_listens_to_nothing_is_told(redis: Redis[bytes]) -> None:
    async with redis.pubsub() as sub:
        with pytest.raises(PubSubError, match="nothing is subscribed to"):
            await sub.get_message()
        with pytest.raises(DataError, match="name at least one"):
            await sub.subscribe()
        await sub.unsubscribe()
    assert await sub.get_message() is None


async def test_a_refused_channel_costs_only_itself(
    real_server: ServerProcess, any_protocol: Literal[2, 3]
) -> None:
    async with client_of(real_server, any_protocol) as redis:
        rules = ("on", ">secret", "+@all", "resetchannels", "&open*")
        await redis.acl_setuser("limited", *rules)
        url = real_server.url.replace("redis://", "redis://limited:secret@")
        async with Redis.from_url(url, protocol_version=any_protocol) as limited, limited.pubsub() as sub:
            await sub.subscribe("open")
            with pytest.raises(AuthorizationError):
                await sub.subscribe("closed")
            await redis.publish("open", "v")
            assert await heard(sub) == Message(b"open", b"v")
        await redis.acl_deluser("limited")


async def test_a_lost_connection_is_a_gap_and_then_all_is_subscribed_to_again(redis: Redis[bytes]) -> None:
    async with redis.pubsub() as sub:
        await sub.subscribe("news")
        await sub.psubscribe("n*")
        await redis.execute_command("CLIENT", "KILL", "TYPE", "pubsub")
        gap = await heard(sub)
        assert isinstance(gap, Gap)
        assert "lost" in gap.reason
        assert await redis.publish("news", "v") == 2
        assert [await heard(sub), await heard(sub)] == [
            Message(b"news", b"v"),
            Message(b"news", b"v", b"n*"),
        ]


async def test_a_real_server_gives_its_sign_of_life(
    real_server: ServerProcess, any_protocol: Literal[2, 3]
) -> None:
    async with (
        Redis.from_url(real_server.url, protocol_version=any_protocol, stream_timeout=0.2) as redis,
        redis.pubsub() as sub,
    ):
        await sub.psubscribe("new*")
        await until(
            lambda: redis.execute_command("CLIENT", "LIST", "TYPE", "pubsub"),
            lambda told: "cmd=ping" in str(told),
        )
        await redis.publish("news", "v")
        assert await heard(sub) == Message(b"news", b"v", b"new*")


# ---- on a fake server: what a real one cannot be made to do


async def test_a_subscription_survives_a_server_that_is_away(
    fake: Redis[bytes], respool_server: FakeServer
) -> None:
    async with fake.pubsub() as sub:
        await sub.subscribe("news")
        await respool_server.restart()
        assert isinstance(await heard(sub), Gap)
        assert await fake.publish("news", "v") == 1
        assert await heard(sub) == Message(b"news", b"v")


async def test_an_idle_subscription_is_asked_for_a_sign_of_life(
    fake: Redis[bytes], respool_server: FakeServer
) -> None:
    async with fake.pubsub() as sub:
        await sub.subscribe("news")
        await respool_server.until(lambda: len(respool_server.log.calls("PING")) > 1)
        await fake.publish("news", "v")
        assert await heard(sub) == Message(b"news", b"v")


async def test_a_server_that_answers_no_more_is_a_lost_connection(
    fake: Redis[bytes], respool_server: FakeServer
) -> None:
    async with fake.pubsub() as sub:
        await sub.subscribe("news")
        respool_server.faults.on("PING").hang().times(1)
        assert isinstance(await heard(sub), Gap)


async def test_who_reads_too_slowly_misses_the_oldest_and_is_told(fake: Redis[bytes]) -> None:
    async with fake.pubsub(max_messages=2) as sub:
        await sub.subscribe("news", "end")
        done = asyncio.Event()
        async with fake.pubsub() as other:
            await other.subscribe("end", handler=lambda _: done.set())
            await asyncio.gather(*(fake.publish("news", number) for number in range(5)))
            await fake.publish("end", "")
            await other.get_message(0.05)
        await until(fake.ping, lambda _: done.is_set())
        found = [await heard(sub) for _ in range(3)]
        assert found[0] == Gap("read too slowly: the oldest messages were dropped", 4)
        assert found[1:] == [Message(b"news", b"4"), Message(b"end", b"")]


async def test_subscribing_to_a_server_that_is_away_fails_at_once(respool_server: FakeServer) -> None:
    await respool_server.stop()
    async with Redis.from_url(respool_server.url) as redis, redis.pubsub() as sub:
        with pytest.raises(ConnectionError, match="cannot connect"):
            await sub.subscribe("news")


async def test_an_answer_that_never_comes_is_an_error_in_time(
    fake: Redis[bytes], respool_server: FakeServer
) -> None:
    async with fake.pubsub() as sub:
        respool_server.faults.on("SUBSCRIBE").hang().times(1)
        with pytest.raises((ConnectionError, TimeoutError)):
            await sub.subscribe("news")
        await sub.subscribe("more")


async def test_what_is_refused_when_it_comes_back_ends_the_subscription(
    fake: Redis[bytes], respool_server: FakeServer
) -> None:
    async with fake.pubsub() as sub:
        await sub.subscribe("news")
        respool_server.faults.on("SUBSCRIBE").reply_error("NOPERM no longer").times(1)
        respool_server.drop_connections()
        with pytest.raises(ResponseError, match="no longer"):
            await heard(sub)
        assert fake.connection_pool.stats().leased == 0


async def test_closing_while_the_server_is_away_is_clean(
    fake: Redis[bytes], respool_server: FakeServer
) -> None:
    async with fake.pubsub() as sub:
        await sub.subscribe("news")
        await respool_server.stop()
        await until(_yield, lambda _: not sub.is_connected)
    assert fake.connection_pool.stats().leased == 0


async def _yield() -> None:
    await asyncio.sleep(0)


async def test_no_messages_without_replies(respool_server: FakeServer) -> None:
    async with Redis.from_url(respool_server.url, noreply=True) as redis:
        with pytest.raises(DataError, match="noreply"):
            redis.pubsub()
        with pytest.raises(DataError, match="at least 1"):
            Redis.from_url(respool_server.url).pubsub(max_messages=0)
