"""Faults that clients of this kind have had: nothing is lost for good, but nobody would have expected it.

One test for each; none of them may come back.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import AsyncIterator, Callable

import pytest
from pytest_asyncio import fixture as async_fixture

from packages.core.tests.stepping import nothing_left_behind
from packages.core.tests.waiting import let_news_arrive
from respool import BaseConnection, BlockingConnectionPool, Connection, ConnectionPool, Redis
from respool.errors import ConnectionError, RedisError, TimeoutError
from respool_testing import FakeServer


async def ask(connection: BaseConnection, *args: str | int) -> object:
    return await (await connection.create_request(str(args[0]).encode(), *args[1:]))


@async_fixture
async def redis(respool_server: FakeServer) -> AsyncIterator[Redis[bytes]]:
    async with Redis.from_url(respool_server.url) as redis:
        await redis.ping()
        yield redis


# ---- cancelling


async def test_cancelling_one_request_disturbs_none_of_its_siblings(
    respool_server: FakeServer, redis: Redis[bytes]
) -> None:
    (before,) = respool_server.connections
    calls = [redis.execute_command("ECHO", number) for number in range(10)]
    await asyncio.sleep(0)  # they are on their way
    calls[4].cancel()
    rest = [call for call in calls if not call.cancelled()]
    assert await asyncio.gather(*rest) == [b"%d" % number for number in range(10) if number != 4]
    assert [client.id for client in respool_server.connections] == [before.id]


async def test_a_request_that_times_out_disturbs_none_of_its_siblings(respool_server: FakeServer) -> None:
    async with ConnectionPool.from_url(respool_server.url) as pool, pool.connection() as connection:
        fault = respool_server.faults.on("ECHO", "slow").delay(0.05)
        slow = await connection.create_request(b"ECHO", "slow", timeout=0.01)
        sibling = await connection.create_request(b"ECHO", "sibling")
        with pytest.raises(TimeoutError):
            await slow
        assert await sibling == b"sibling"
        assert fault.hits == len(respool_server.connections) == 1


async def test_what_a_cancelled_pipeline_never_learns_is_no_ones_complaint(
    respool_server: FakeServer, redis: Redis[bytes]
) -> None:
    with nothing_left_behind():
        pipe = redis.pipeline(transaction=False)
        for _ in range(3):
            pipe.incr("n")
        running = asyncio.ensure_future(pipe.execute())
        await asyncio.sleep(0)
        running.cancel()
        respool_server.drop_connections()
        await let_news_arrive()
        del pipe, running
        await let_news_arrive()


# ---- errors


async def test_everybody_gets_an_exception_of_his_own(
    respool_server: FakeServer, redis: Redis[bytes]
) -> None:
    respool_server.faults.on("INCRBY").drop_connection()
    calls = [redis.incr("n") for _ in range(5)]
    errors = await asyncio.gather(*calls, return_exceptions=True)
    assert {type(error) for error in errors} == {ConnectionError}
    assert len({id(error) for error in errors}) == 5


async def test_everybody_gets_an_exception_of_his_own_where_nothing_listens() -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        async with Redis("127.0.0.1", bound.getsockname()[1]) as redis:
            calls = [redis.incr("n") for _ in range(5)]
            errors = await asyncio.gather(*calls, return_exceptions=True)
    assert {type(error) for error in errors} == {ConnectionError}
    assert len({id(error) for error in errors}) == 5


async def reset(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Reset the connection as soon as something was asked."""
    await reader.read(1)
    sock = writer.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def test_a_reset_is_our_error_with_the_systems_as_its_cause() -> None:
    async with await asyncio.start_server(reset, "127.0.0.1", 0) as server:
        connection = Connection("127.0.0.1", server.sockets[0].getsockname()[1])
        with pytest.raises(ConnectionError) as lost:
            await connection.connect()
        assert isinstance(lost.value.__cause__, OSError)
        assert connection.describe() in str(lost.value)
        await connection.wait_closed()


Disturbance = Callable[[FakeServer], object]

DISTURBANCES: list[Disturbance] = [
    lambda server: server.faults.on("INCRBY").drop_connection(),
    lambda server: server.faults.on("INCRBY").drop_connection(when="after_execute"),
    lambda server: server.faults.on("INCRBY").half_reply(then="drop_connection"),
    lambda server: server.faults.on("INCRBY").hang(),
    lambda server: server.faults.on("INCRBY").reply_error("ERR"),
    lambda server: server.faults.on("HELLO").drop_connection(),
    lambda server: server.faults.on("HELLO").hang(),
    lambda server: server.faults.on("HELLO").reply_error("LOADING"),
    lambda server: server.faults.on_connect().drop_connection(),
    lambda server: server.faults.on_connect().hang(),
]


@pytest.mark.parametrize("disturb", DISTURBANCES)
async def test_no_error_is_mute(respool_server: FakeServer, disturb: Disturbance) -> None:
    disturb(respool_server)
    async with Redis.from_url(respool_server.url, stream_timeout=0.05, connect_timeout=0.04) as redis:
        with pytest.raises(RedisError) as told:
            await redis.incr("n")
    assert str(told.value).strip()


async def test_an_exhausted_pool_is_not_mute() -> None:
    pool = BlockingConnectionPool(max_connections=1, timeout=0, host="127.0.0.1", port=1)
    taken = asyncio.ensure_future(pool.get_connection())
    await asyncio.sleep(0)
    with pytest.raises(ConnectionError, match=r"127\.0\.0\.1:1"):
        await pool.get_connection()
    with pytest.raises(ConnectionError, match=r"127\.0\.0\.1:1"):
        await taken
    await pool.aclose()


# ---- more than was asked for


async def test_a_write_is_not_repeated_after_its_deadline(respool_server: FakeServer) -> None:
    hangs = respool_server.faults.on("INCRBY").hang(when="after_execute")
    async with Redis.from_url(respool_server.url, stream_timeout=0.05) as redis:
        with pytest.raises(TimeoutError) as late:
            await redis.incr("n")
        assert late.value.maybe_executed
        hangs.disarm()
        await asyncio.gather(redis.ping(), return_exceptions=True)
        await redis.ping()
    assert (respool_server.db[0]["n"], hangs.seen) == (b"1", 1)


async def test_a_write_is_not_repeated_after_a_loss(respool_server: FakeServer) -> None:
    drops = respool_server.faults.on("INCRBY").drop_connection(when="after_execute")
    async with Redis.from_url(respool_server.url) as redis:
        with pytest.raises(ConnectionError) as lost:
            await redis.incr("n")
        assert lost.value.maybe_executed
        await redis.ping()
    assert (respool_server.db[0]["n"], drops.seen) == (b"1", 1)


async def test_a_transaction_is_not_repeated_after_a_loss(respool_server: FakeServer) -> None:
    respool_server.faults.on("EXEC").drop_connection(when="after_execute")
    async with Redis.from_url(respool_server.url) as redis, redis.pipeline() as pipe:
        pipe.incr("n")
        with pytest.raises(ConnectionError) as lost:
            await pipe.execute()
        assert lost.value.maybe_executed
    assert respool_server.db[0]["n"] == b"1"


async def test_requests_keep_no_timers(redis: Redis[bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    loop = asyncio.get_running_loop()
    armed: list[asyncio.TimerHandle] = []
    call_at = loop.call_at

    def count_call_at(when: float, callback: Callable[..., object], *args: object) -> asyncio.TimerHandle:
        armed.append(call_at(when, callback, *args))
        return armed[-1]

    monkeypatch.setattr(loop, "call_at", count_call_at)
    for _ in range(20):
        await asyncio.gather(*(redis.get("k") for _ in range(50)))
    assert sum(not timer.cancelled() for timer in armed) <= 1
    assert len(armed) < 50


async def test_answered_requests_are_forgotten(redis: Redis[bytes]) -> None:
    share = await redis.connection_pool.get_connection(acquire=False)
    for _ in range(20):
        requests = [await share.create_request(b"PING", timeout=3600) for _ in range(50)]
        await asyncio.gather(*requests)
    assert share.requests_pending == 0
    assert share.estimated_time_to_idle == 0


async def test_an_opening_that_fails_is_tried_anew_by_the_next_call_only(respool_server: FakeServer) -> None:
    refused = respool_server.faults.on("HELLO").reply_error("ERR not you")
    async with Redis.from_url(respool_server.url) as redis:
        for tries in (1, 2):
            with pytest.raises(RedisError, match="not you"):
                await redis.ping()
            await let_news_arrive()
            assert refused.hits == tries
