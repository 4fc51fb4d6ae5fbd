"""Several connections that stateless commands share, each command on the next."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from packages.core.tests.waiting import come_true
from respool import BlockingConnectionPool, ConnectionPool, Redis
from respool.errors import ConnectionError, DataError
from respool_testing import FakeServer


def pool_of(server: FakeServer, shares: int = 2, **options: Any) -> ConnectionPool:
    return ConnectionPool.from_url(server.url, shared_connections=shares, **options)


async def widened(pool: ConnectionPool, shares: int = 2) -> Redis[bytes]:
    """Use a pool until so many connections are shared."""
    redis = Redis(connection_pool=pool)
    await redis.ping()
    await come_true(lambda: pool.stats().shared == shares)
    return redis


async def ids(redis: Redis[bytes], number: int) -> list[object]:
    return await asyncio.gather(*(redis.execute_command("CLIENT", "ID") for _ in range(number)))


async def test_each_command_goes_to_the_next_connection(respool_server: FakeServer) -> None:
    async with pool_of(respool_server, 3) as pool:
        asked = await ids(await widened(pool, 3), 7)
        assert asked == [*asked[:3], *asked[:3], asked[0]]
        assert len(set(asked)) == 3


async def test_shares_that_callers_hold_take_turns_too(respool_server: FakeServer) -> None:
    async with pool_of(respool_server) as pool:
        await widened(pool)
        assert len({await pool.get_connection(acquire=False) for _ in range(4)}) == 2


async def test_no_command_waits_for_a_further_connection(respool_server: FakeServer) -> None:
    hang = respool_server.faults.on("HELLO").after(1).hang()
    async with pool_of(respool_server, connect_timeout=0.5) as pool:
        redis = Redis(connection_pool=pool)
        await redis.ping()
        await respool_server.until(lambda: hang.hits == 1)
        assert len(set(await ids(redis, 4))) == 1


async def test_a_further_connection_that_failed_is_tried_again(respool_server: FakeServer) -> None:
    fault = respool_server.faults.on("HELLO").after(1).drop_connection().times(1)
    async with pool_of(respool_server, idle_check_interval=0.005) as pool:
        redis = Redis(connection_pool=pool)
        await redis.ping()
        await come_true(lambda: fault.hits == 1 and pool.stats().size == 1)
        while len(set(await ids(redis, 2))) < 2:
            pass


async def test_what_was_lost_has_no_turn_and_is_replaced(respool_server: FakeServer) -> None:
    async with pool_of(respool_server) as pool:
        redis = await widened(pool)
        before = await ids(redis, 2)
        pool.shared()[0].disconnect()
        assert pool.stats().shared == 1
        assert set(await ids(redis, 3)) < set(before)
        await come_true(lambda: pool.stats().shared == 2)
        assert len(set(await ids(redis, 2))) == 2


async def test_the_limit_is_hard_for_shared_connections(respool_server: FakeServer) -> None:
    async with pool_of(respool_server, 4, max_connections=2) as pool:
        redis = await widened(pool)
        await ids(redis, 8)
        assert len(respool_server.connections) == 2


async def test_shared_connections_give_way_to_leases_at_the_limit(respool_server: FakeServer) -> None:
    pool = BlockingConnectionPool.from_url(respool_server.url, max_connections=2, shared_connections=2)
    async with pool:
        redis = await widened(pool)
        async with pool.connection():
            assert len(set(await ids(redis, 3))) == 1
            async with pool.connection():
                waiting = redis.ping()
            assert await waiting == b"PONG"
        assert len(respool_server.connections) == 2


async def test_a_transaction_stays_on_one_connection(respool_server: FakeServer) -> None:
    async with pool_of(respool_server) as pool:
        redis = await widened(pool)
        for _ in range(3):
            async with redis.pipeline() as pipe:
                pipe.incr("n")
                pipe.execute_command("CLIENT", "ID")
                pipe.execute_command("CLIENT", "ID")
                _, first, second = await pipe.execute()
            assert first == second
        assert await redis.get("n") == b"3"


async def test_fewer_are_shared_as_soon_as_it_is_said(respool_server: FakeServer) -> None:
    async with pool_of(respool_server) as pool:
        redis = await widened(pool)
        replies = [redis.incr("n") for _ in range(4)]
        pool.shared_connections = 1
        assert sorted(await asyncio.gather(*replies)) == [1, 2, 3, 4]
        await respool_server.until(lambda: len(respool_server.connections) == 1)
        assert len(set(await ids(redis, 2))) == 1


async def test_a_retired_connection_gives_its_last_replies_and_no_more(respool_server: FakeServer) -> None:
    async with pool_of(respool_server, 1) as pool:
        redis = Redis(connection_pool=pool)
        await redis.ping()
        (retired,) = pool.shared()
        replies = [redis.incr("n") for _ in range(3)]
        pool.retire(retired)
        replies.append(redis.incr("n"))
        assert sorted(await asyncio.gather(*replies)) == [1, 2, 3, 4]
        await come_true(lambda: retired not in pool.shared() and retired.is_closed)


async def test_a_leased_connection_retires_when_its_holder_is_done(respool_server: FakeServer) -> None:
    async with pool_of(respool_server, 1) as pool:
        async with pool.connection() as connection:
            pool.retire(connection)
            assert await (await connection.create_request(b"PING")) == b"PONG"
        assert pool.stats().size == 0


async def test_none_to_share_is_refused(respool_server: FakeServer) -> None:
    with pytest.raises(DataError, match="shared_connections"):
        pool_of(respool_server, 0)


async def test_without_any_that_is_up_commands_fail_as_ever() -> None:
    async with ConnectionPool(port=1, shared_connections=3) as pool:
        with pytest.raises(ConnectionError):
            await Redis(connection_pool=pool).ping()
