"""The connection that stateless commands share, beside leases and at the limit."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from packages.core.tests.waiting import come_true
from respool import BlockingConnectionPool, ConnectionPool, Redis
from respool.errors import ConnectionError, TimeoutError
from respool_testing import FakeServer


def blocking(server: FakeServer, **options: Any) -> BlockingConnectionPool:
    return BlockingConnectionPool.from_url(server.url, max_connections=1, **options)


async def test_a_command_waits_for_the_slot_that_a_lease_holds(respool_server: FakeServer) -> None:
    async with blocking(respool_server) as pool:
        redis = Redis(connection_pool=pool)
        async with pool.connection():
            waiting = redis.set("k", "v")
            assert pool.stats().waiting == 1
            assert pool.stats().requests_pending == 1
        assert await waiting
        assert len(respool_server.connections) == 1


async def test_commands_that_waited_keep_their_order(respool_server: FakeServer) -> None:
    async with blocking(respool_server) as pool:
        redis = Redis(connection_pool=pool)
        async with pool.connection():
            waiting = [redis.incr("k") for _ in range(20)]
        waiting.append(redis.incr("k"))
        assert await asyncio.gather(*waiting) == list(range(1, 22))


async def test_a_command_that_waits_too_long_for_a_slot_was_not_executed(respool_server: FakeServer) -> None:
    async with blocking(respool_server, stream_timeout=0.05) as pool:
        redis = Redis(connection_pool=pool)
        async with pool.connection():
            with pytest.raises(TimeoutError, match="no connection was free") as caught:
                await redis.incr("k")
            assert not caught.value.maybe_executed
        assert await redis.incr("k") == 1


async def test_a_transaction_that_waits_too_long_for_a_slot_is_given_up_whole(
    respool_server: FakeServer,
) -> None:
    async with blocking(respool_server, stream_timeout=0.05) as pool:
        redis = Redis(connection_pool=pool)
        async with pool.connection():
            pipe = redis.pipeline()
            pipe.incr("k")
            with pytest.raises(TimeoutError):
                await pipe.execute()
        assert await redis.exists("k") == 0


async def test_commands_fail_when_the_pools_patience_ends(respool_server: FakeServer) -> None:
    async with blocking(respool_server, timeout=0.01) as pool:
        redis = Redis(connection_pool=pool)
        async with pool.connection():
            with pytest.raises(ConnectionError, match="No connection available"):
                await redis.get("k")
        assert await redis.get("k") is None


async def test_a_full_pool_refuses_a_command_at_once(respool_server: FakeServer) -> None:
    async with ConnectionPool.from_url(respool_server.url, max_connections=1) as pool, pool.connection():
        with pytest.raises(ConnectionError, match="Too many connections"):
            await Redis(connection_pool=pool).get("k")


async def test_leases_and_commands_take_turns_at_the_limit(respool_server: FakeServer) -> None:
    async with blocking(respool_server) as pool:
        redis = Redis(connection_pool=pool)

        async def lease() -> None:
            async with pool.connection() as connection:
                await (await connection.create_request(b"MULTI"))
                await asyncio.sleep(0)
                await (await connection.create_request(b"EXEC"))

        async def ask() -> None:
            assert await redis.incr("k") > 0

        await asyncio.gather(*(each() for _ in range(30) for each in (lease, ask)))
        assert await redis.get("k") == b"30"
        assert len(respool_server.connections) == 1


async def test_a_share_waits_its_turn_too(respool_server: FakeServer) -> None:
    async with blocking(respool_server) as pool:
        async with pool.connection():
            waiting = asyncio.ensure_future(pool.get_connection(acquire=False))
            await asyncio.sleep(0)
        share = await waiting
        assert share is await pool.get_connection(acquire=False)


async def test_a_lease_of_the_shared_connection_waits_for_the_replies_of_others(
    respool_server: FakeServer,
) -> None:
    async with blocking(respool_server) as pool:
        redis = Redis(connection_pool=pool)
        await redis.ping()
        replies = [redis.incr("k") for _ in range(3)]
        async with pool.connection() as connection:
            assert all(reply.done() for reply in replies)
            assert connection.requests_pending == 0


async def test_cancelling_who_wants_the_shared_connection_harms_nobody(respool_server: FakeServer) -> None:
    async with blocking(respool_server) as pool:
        redis = Redis(connection_pool=pool)
        respool_server.clock.freeze()
        fault = respool_server.faults.on("GET").delay(1).times(1)
        await redis.ping()
        held_up = redis.get("k")
        leasing = asyncio.ensure_future(pool.get_connection())
        await respool_server.until(lambda: fault.hits == 1)
        leasing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await leasing
        respool_server.clock.advance(1)
        assert await held_up is None
        assert await redis.ping() == b"PONG"


async def test_replies_outstanding_at_release_still_arrive(respool_server: FakeServer) -> None:
    async with ConnectionPool.from_url(respool_server.url) as pool:
        async with pool.connection() as connection:
            replies = [await connection.create_request(b"INCR", "k") for _ in range(3)]
        assert pool.stats().settling == 1
        async with pool.connection() as another:
            assert another is not connection
        assert await asyncio.gather(*replies) == [1, 2, 3]
        assert pool.stats().idle == 2


async def test_a_connection_that_pops_for_nobody_is_not_kept(respool_server: FakeServer) -> None:
    async with ConnectionPool.from_url(respool_server.url) as pool:
        async with pool.connection() as connection:
            popping = await connection.create_request(b"BLPOP", "list", 0)
            await respool_server.until(lambda: any(each.blocked for each in respool_server.connections))
            popping.cancel()
        assert pool.stats().size == 0
        redis = Redis(connection_pool=pool)
        assert await redis.execute_command("RPUSH", "list", "kept") == 1
        assert await redis.execute_command("LLEN", "list") == 1


async def test_a_share_that_was_lost_takes_no_slot_behind_the_pools_back(respool_server: FakeServer) -> None:
    async with ConnectionPool.from_url(respool_server.url, max_connections=1) as pool:
        share = await pool.get_connection(acquire=False)
        respool_server.drop_connections()
        await come_true(lambda: not share.is_connected)
        with pytest.raises(ConnectionError, match="get another"):
            await share.create_request(b"PING")
        async with pool.connection():
            assert len(respool_server.connections) == 1
