"""What a subscriber asks its server, whom it tells what, and how it ends, in whatever state it is."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Literal

import pytest
import pytest_asyncio

from packages.core.tests.typed import client_of
from packages.core.tests.waiting import come_true, let_news_arrive
from respool import BlockingConnectionPool, Gap, Message, PubSub, Redis
from respool.errors import AuthorizationError, ConnectionError, PubSubError, ResponseError
from respool_testing import FakeServer, ServerProcess

PATIENCE_SECONDS = 10
FORBIDDEN = "NOPERM No permissions to access a channel"


@pytest_asyncio.fixture
async def redis(respool_server: FakeServer, any_protocol: Literal[2, 3]) -> AsyncIterator[Redis[bytes]]:
    async with Redis.from_url(respool_server.url, protocol_version=any_protocol, stream_timeout=1) as redis:
        yield redis
        assert redis.connection_pool.stats().leased == 0


async def heard(sub: PubSub[bytes]) -> Message[bytes] | Gap | None:
    return await sub.get_message(PATIENCE_SECONDS)


# ---- what it listens to


async def test_it_tells_what_it_listens_to(redis: Redis[bytes]) -> None:
    async with redis.pubsub() as sub:
        assert (sub.channels, sub.patterns, sub.shard_channels) == ((), (), ())
        await sub.subscribe("b", "a")
        await sub.psubscribe("a*")
        await sub.ssubscribe("a")
        assert (sub.channels, sub.patterns, sub.shard_channels) == ((b"b", b"a"), (b"a*",), (b"a",))
        await sub.unsubscribe("b")
        await sub.punsubscribe()
        assert (sub.channels, sub.patterns, sub.shard_channels) == ((b"a",), (), (b"a",))


async def test_it_tells_it_in_text_where_the_client_decodes(respool_server: FakeServer) -> None:
    async with Redis.from_url(respool_server.url, decode_responses=True) as redis, redis.pubsub() as sub:
        await sub.subscribe("ü")
        assert sub.channels == ("ü",)


async def test_it_tells_of_what_is_to_come_back_after_a_loss(
    redis: Redis[bytes], respool_server: FakeServer
) -> None:
    async with redis.pubsub() as sub:
        await sub.subscribe("news")
        await respool_server.stop()
        await come_true(lambda: not sub.is_connected)
        assert sub.channels == (b"news",)


async def test_it_tells_nothing_of_what_was_refused(redis: Redis[bytes], respool_server: FakeServer) -> None:
    respool_server.faults.on("SUBSCRIBE", key="closed").reply_error(FORBIDDEN)
    async with redis.pubsub() as sub:
        with pytest.raises(AuthorizationError):
            await sub.subscribe("closed")
        assert sub.channels == ()


# ---- what it asks


async def test_subscribing_again_asks_the_server_nothing(
    redis: Redis[bytes], respool_server: FakeServer
) -> None:
    async with redis.pubsub() as sub:
        await sub.subscribe("news")
        await sub.subscribe("news")
        respool_server.log.assert_called("SUBSCRIBE", times=1)


async def test_subscribing_again_changes_the_handler(redis: Redis[bytes]) -> None:
    told: list[bytes] = []
    async with redis.pubsub() as sub:
        await sub.subscribe("news", "end")
        await sub.subscribe("news", handler=lambda message: told.append(message.data))
        await redis.publish("news", "v")
        await redis.publish("end", "v")
        assert await heard(sub) == Message(b"end", b"v")
    assert told == [b"v"]


async def test_those_who_subscribe_before_there_is_a_connection_share_a_command(
    redis: Redis[bytes], respool_server: FakeServer
) -> None:
    async with redis.pubsub() as sub:
        await asyncio.gather(*(sub.subscribe(f"channel {number}") for number in range(20)))
        assert len(respool_server.log.calls("SUBSCRIBE")) == 1


async def test_of_several_refused_together_only_the_forbidden_fail(
    redis: Redis[bytes], respool_server: FakeServer
) -> None:
    respool_server.faults.on("SUBSCRIBE", key="closed").reply_error(FORBIDDEN)
    async with redis.pubsub() as sub:
        names = ("a", "closed", "b")
        outcomes = await asyncio.gather(*map(sub.subscribe, names), return_exceptions=True)
        assert [type(each) for each in outcomes] == [type(None), AuthorizationError, type(None)]
        assert sub.channels == (b"a", b"b")


async def test_a_real_server_refuses_only_the_forbidden_of_several(
    real_server: ServerProcess, any_protocol: Literal[2, 3]
) -> None:
    async with client_of(real_server, any_protocol) as redis:
        await redis.acl_setuser("limited", "on", ">secret", "+@all", "resetchannels", "&open*")
        url = real_server.url.replace("redis://", "redis://limited:secret@")
        async with Redis.from_url(url, protocol_version=any_protocol) as limited, limited.pubsub() as sub:
            names = ("open 1", "closed", "open 2")
            outcomes = await asyncio.gather(*map(sub.subscribe, names), return_exceptions=True)
            assert [type(each) for each in outcomes] == [type(None), AuthorizationError, type(None)]
        await redis.acl_deluser("limited")


# ---- whom it tells what


async def test_each_who_subscribes_gets_an_exception_of_his_own(respool_server: FakeServer) -> None:
    await respool_server.stop()
    async with Redis.from_url(respool_server.url) as redis, redis.pubsub() as sub:
        errors = await asyncio.gather(sub.subscribe("a"), sub.subscribe("b"), return_exceptions=True)
    assert [type(each) for each in errors] == [ConnectionError, ConnectionError]
    assert errors[0] is not errors[1]


async def test_each_who_reads_gets_an_exception_of_his_own(
    redis: Redis[bytes], respool_server: FakeServer
) -> None:
    async with redis.pubsub() as sub:
        await sub.subscribe("news")
        respool_server.faults.on("SUBSCRIBE").reply_error(FORBIDDEN)
        respool_server.drop_connections()
        errors = await asyncio.gather(heard(sub), heard(sub), return_exceptions=True)
    assert [type(each) for each in errors] == [AuthorizationError, AuthorizationError]
    assert errors[0] is not errors[1]


async def test_one_who_gives_up_leaves_the_subscription_to_others_who_wait(
    redis: Redis[bytes], respool_server: FakeServer
) -> None:
    async with redis.pubsub() as sub:
        gone, there = (asyncio.ensure_future(sub.subscribe("news")) for _ in range(2))
        await asyncio.sleep(0)
        gone.cancel()
        await there
        assert await redis.publish("news", "v") == 1
        assert await heard(sub) == Message(b"news", b"v")


async def test_who_subscribes_to_what_another_leaves_is_told_at_once(redis: Redis[bytes]) -> None:
    async with redis.pubsub() as sub:
        await sub.subscribe("old")
        names = (sub.subscribe("news"), sub.unsubscribe("news"))
        outcomes = await asyncio.gather(*names, return_exceptions=True)
        assert [type(each) for each in outcomes] == [PubSubError, type(None)]
        assert sub.channels == (b"old",)


async def test_who_leaves_what_another_subscribes_to_is_told_at_once(redis: Redis[bytes]) -> None:
    async with redis.pubsub() as sub:
        await sub.subscribe("old")
        steps = (sub.subscribe("news"), sub.unsubscribe("news"), sub.subscribe("news"))
        outcomes = await asyncio.gather(*steps, return_exceptions=True)
        assert [type(each) for each in outcomes] == [PubSubError, type(None), type(None)]
        assert sub.channels == (b"old", b"news")


async def test_an_error_that_belongs_to_no_command_is_a_lost_connection(
    redis: Redis[bytes], respool_server: FakeServer
) -> None:
    respool_server.faults.on_push("message").send_raw(b"-ERR out of the blue\r\n").times(1)
    async with redis.pubsub() as sub:
        await sub.subscribe("news")
        await redis.publish("news", "lost")
        assert isinstance(await heard(sub), Gap)
        await redis.publish("news", "v")
        assert await heard(sub) == Message(b"news", b"v")


@pytest.mark.parametrize("refusal", ["BUSY a script is running", "LOADING not yet", "CLUSTERDOWN no quorum"])
async def test_what_passes_by_itself_is_asked_for_again(
    redis: Redis[bytes], respool_server: FakeServer, refusal: str
) -> None:
    async with redis.pubsub() as sub:
        await sub.subscribe("news")
        refusing = respool_server.faults.on("SUBSCRIBE").reply_error(refusal).times(1)
        respool_server.drop_connections()
        assert isinstance(await heard(sub), Gap)
        assert refusing.hits == 1


async def test_a_server_that_speaks_nonsense_is_tried_again(
    redis: Redis[bytes], respool_server: FakeServer
) -> None:
    async with redis.pubsub() as sub:
        await sub.subscribe("news")
        garbling = respool_server.faults.on().send_raw(b"nonsense\r\n").times(1)
        respool_server.drop_connections()
        assert isinstance(await heard(sub), Gap)
        assert garbling.hits == 1


# ---- how it ends


async def test_closing_what_was_never_used_costs_nothing(
    redis: Redis[bytes], respool_server: FakeServer
) -> None:
    sub = redis.pubsub()
    await asyncio.gather(sub.aclose(), sub.aclose())
    assert await sub.get_message() is None
    assert [message async for message in sub] == []
    assert not respool_server.connections


async def test_what_was_received_can_be_read_after_closing(redis: Redis[bytes]) -> None:
    async with redis.pubsub() as sub, redis.pubsub() as other:
        await sub.subscribe("news")
        await other.subscribe("news")
        await redis.publish("news", "v")
        await heard(other)
        await redis.ping()
        await let_news_arrive()
        await sub.aclose()
        assert [message async for message in sub] == [Message(b"news", b"v")]


async def test_closing_ends_the_waiting_of_all_who_read(redis: Redis[bytes]) -> None:
    async with redis.pubsub() as sub:
        await sub.subscribe("news")
        readers = [asyncio.ensure_future(sub.get_message()) for _ in range(2)]
        await let_news_arrive()
    assert await asyncio.gather(*readers) == [None, None]


async def test_closing_fails_who_waits_for_a_confirmation(
    redis: Redis[bytes], respool_server: FakeServer
) -> None:
    hanging = respool_server.faults.on("SUBSCRIBE").hang()
    async with redis.pubsub() as sub:
        subscribing = asyncio.ensure_future(sub.subscribe("news"))
        await respool_server.until(lambda: hanging.hits == 1)
    with pytest.raises(PubSubError, match="closed"):
        await subscribing


async def test_closing_fails_who_waits_for_room_in_the_pool(respool_server: FakeServer) -> None:
    async with BlockingConnectionPool.from_url(respool_server.url, max_connections=1, timeout=10) as pool:
        async with pool.connection(), Redis(connection_pool=pool).pubsub() as sub:
            subscribing = asyncio.ensure_future(sub.subscribe("news"))
            await let_news_arrive()
            await sub.aclose()
            with pytest.raises(PubSubError, match="closed"):
                await subscribing
        assert pool.stats().leased == 0


async def test_closing_fails_who_waits_to_have_left(redis: Redis[bytes], respool_server: FakeServer) -> None:
    async with redis.pubsub() as sub:
        await sub.subscribe("news")
        hanging = respool_server.faults.on("UNSUBSCRIBE").hang()
        leaving = asyncio.ensure_future(sub.unsubscribe("news"))
        await respool_server.until(lambda: hanging.hits == 1)
    with pytest.raises(PubSubError, match="closed"):
        await leaving


async def test_closing_after_it_ended_by_itself_is_clean(
    redis: Redis[bytes], respool_server: FakeServer
) -> None:
    async with redis.pubsub() as sub:
        await sub.subscribe("news")
        respool_server.faults.on("SUBSCRIBE").reply_error("ERR no longer").times(1)
        respool_server.drop_connections()
        with pytest.raises(ResponseError, match="no longer"):
            await heard(sub)
        with pytest.raises(PubSubError, match="closed"):
            await sub.subscribe("more")
    with pytest.raises(ResponseError, match="no longer"):
        await sub.get_message()
