"""What callers see of a failover: nothing, as far as they have time and nothing can be done twice."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from respool import Redis
from respool.errors import ConnectionError, PrimaryNotFoundError, ReadOnlyError
from respool_sentinel import Sentinel, SentinelConnectionPool
from respool_testing import FakeSentinel, FakeServer


@pytest_asyncio.fixture
async def sentinel(respool_sentinel: FakeSentinel) -> AsyncIterator[Sentinel[bytes]]:
    """Offer what asks the fake sentinels."""
    async with Sentinel(respool_sentinel.sentinel_addresses) as sentinel:
        yield sentinel


async def crash(deployment: FakeSentinel) -> FakeServer:
    """Kill the primary; the sentinels know, and have not replaced it."""
    old = deployment.primary
    await deployment.kill(old)
    deployment.mark_down(old)
    return old


async def asked_in_vain(deployment: FakeSentinel) -> None:
    """Wait until the sentinels were asked more often than any policy of few attempts would."""
    first = deployment.sentinels[0]
    before = len(first.log.calls("SENTINEL", "MASTER"))
    await first.until(lambda: len(first.log.calls("SENTINEL", "MASTER")) > before + 6)


async def arrived(server: FakeServer, name: bytes) -> None:
    """Wait until a server was sent a command, whether it executes it or not."""
    await server.until(lambda: any(entry.words[0] == name for entry in server.log))


async def test_a_command_waits_until_there_is_a_primary(
    respool_sentinel: FakeSentinel, sentinel: Sentinel[bytes]
) -> None:
    redis = sentinel.primary_for("mymaster")
    await redis.set("k", "before")
    await crash(respool_sentinel)
    reply = redis.set("k", "after")
    await asked_in_vain(respool_sentinel)
    promoted = await respool_sentinel.failover()
    await reply
    promoted.log.assert_called("SET", "k", "after", times=1)


async def test_whoever_waits_for_a_connection_gets_one_to_the_new_primary(
    respool_sentinel: FakeSentinel, sentinel: Sentinel[bytes]
) -> None:
    pool = sentinel.primary_for("mymaster").connection_pool
    await crash(respool_sentinel)
    waiting = asyncio.ensure_future(pool.get_connection())
    await asked_in_vain(respool_sentinel)
    promoted = await respool_sentinel.failover()
    connection = await waiting
    assert connection.describe() == f"primary of 'mymaster' at {promoted.host}:{promoted.port}"
    pool.release(connection)


async def test_a_blocking_command_waits_until_there_is_a_primary(
    respool_sentinel: FakeSentinel, sentinel: Sentinel[bytes]
) -> None:
    redis = sentinel.primary_for("mymaster")
    await crash(respool_sentinel)
    popped = redis.blpop(["q"], timeout=30)
    await asked_in_vain(respool_sentinel)
    promoted = await respool_sentinel.failover()
    await promoted.until(lambda: bool(promoted.log.calls("BLPOP")))
    await redis.rpush("q", "x")
    assert await popped == (b"q", b"x")


async def test_without_time_a_command_fails_with_what_each_sentinel_said(
    respool_sentinel: FakeSentinel,
) -> None:
    await crash(respool_sentinel)
    async with Sentinel(respool_sentinel.sentinel_addresses, stream_timeout=0.3) as sentinel:
        with pytest.raises(PrimaryNotFoundError, match="o_down"):
            await sentinel.primary_for("mymaster").set("k", "v")
        with pytest.raises(PrimaryNotFoundError, match="o_down"):
            await sentinel.primary_for("mymaster").connection_pool.get_connection()


async def test_a_service_nobody_knows_is_not_waited_for(sentinel: Sentinel[bytes]) -> None:
    with pytest.raises(PrimaryNotFoundError, match="No such master"):
        await sentinel.primary_for("other").set("k", "v")
    with pytest.raises(PrimaryNotFoundError, match="No such master"):
        await sentinel.primary_for("other").connection_pool.get_connection()


async def test_a_full_pool_is_not_waited_for(sentinel: Sentinel[bytes]) -> None:
    pool = SentinelConnectionPool("mymaster", sentinel, max_connections=1)
    async with pool, pool.connection():
        before = asyncio.get_running_loop().time()
        with pytest.raises(ConnectionError, match="Too many connections"):
            await pool.get_connection()
        assert asyncio.get_running_loop().time() - before < pool.stream_timeout


async def test_an_unanswered_write_is_not_repeated(
    respool_sentinel: FakeSentinel, sentinel: Sentinel[bytes]
) -> None:
    old = respool_sentinel.primary
    old.faults.on("INCRBY").hang(when="after_execute")
    reply = sentinel.primary_for("mymaster").incr("n")
    await arrived(old, b"INCRBY")
    promoted = respool_sentinel.promote()
    respool_sentinel.announce(respool_sentinel.sentinels[0])
    with pytest.raises(ConnectionError) as raised:
        await reply
    assert raised.value.maybe_executed
    promoted.log.assert_not_called("INCRBY")


async def test_an_unanswered_read_is_repeated_at_the_new_primary(
    respool_sentinel: FakeSentinel, sentinel: Sentinel[bytes]
) -> None:
    old = respool_sentinel.primary
    old.faults.on("GET").hang(when="after_execute")
    reply = sentinel.primary_for("mymaster").get("k")
    await arrived(old, b"GET")
    respool_sentinel.promote()
    respool_sentinel.announce(respool_sentinel.sentinels[0])
    assert await reply is None


async def test_a_primary_that_hangs_while_one_connects_is_left_for_the_new_one(
    respool_sentinel: FakeSentinel, sentinel: Sentinel[bytes]
) -> None:
    old = respool_sentinel.primary
    respool_sentinel.hang(old)
    reply = sentinel.primary_for("mymaster").set("k", "v")
    await old.until(lambda: bool(old.connections))
    promoted = await respool_sentinel.failover()
    await reply
    promoted.log.assert_called("SET", "k", "v", times=1)


async def test_a_suspect_primary_has_the_sentinels_asked(
    respool_sentinel: FakeSentinel, sentinel: Sentinel[bytes]
) -> None:
    redis = sentinel.primary_for("mymaster")
    await redis.ping()
    first = respool_sentinel.sentinels[0]
    asked = len(first.log.calls("SENTINEL", "MASTER"))
    pool = redis.connection_pool
    async with pool.connection() as connection:
        pool.on_suspect(connection)
    await first.until(lambda: len(first.log.calls("SENTINEL", "MASTER")) > asked)


async def test_a_write_that_was_refused_as_read_only_is_repeated_once_the_role_was_asked_for_again(
    respool_sentinel: FakeSentinel, sentinel: Sentinel[bytes]
) -> None:
    primary = respool_sentinel.primary
    redis = sentinel.primary_for("mymaster")
    await redis.ping()
    primary.faults.on("SET").readonly().times(2)
    await redis.set("k", "v")
    await primary.until(lambda: len(primary.log.calls("ROLE")) == 2)
    primary.log.assert_called("SET", "k", "v", times=1)


async def test_a_primary_that_goes_on_refusing_writes_says_so_in_the_end(
    respool_sentinel: FakeSentinel,
) -> None:
    respool_sentinel.primary.faults.on("SET").readonly()
    async with Sentinel(respool_sentinel.sentinel_addresses, stream_timeout=0.3) as sentinel:
        with pytest.raises(ReadOnlyError):
            await sentinel.primary_for("mymaster").set("k", "v")


async def test_a_lying_sentinel_is_outvoted(respool_sentinel: FakeSentinel) -> None:
    liar, *_ = respool_sentinel.sentinels
    replica, primary = respool_sentinel.replicas[0], respool_sentinel.primary
    respool_sentinel.lie(liar, (replica.host, replica.port))
    async with Sentinel(respool_sentinel.sentinel_addresses) as sentinel:
        await sentinel.primary_for("mymaster").set("k", "v")
    primary.log.assert_called("SET", "k", "v", times=1)


async def test_clients_made_before_anything_runs_ask_nobody(respool_sentinel: FakeSentinel) -> None:
    async with Sentinel(respool_sentinel.sentinel_addresses) as sentinel:
        redis: Redis[bytes] = sentinel.primary_for("mymaster")
    assert not respool_sentinel.sentinels[0].log.calls()
    assert "primary of 'mymaster'" in repr(redis)
