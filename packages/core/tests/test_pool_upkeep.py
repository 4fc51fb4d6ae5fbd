"""Idle closing, lifetimes, connections opened in advance, figures, and the end of a pool."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from packages.core.tests.waiting import come_true
from respool import ConnectionPool, Redis
from respool.errors import ConnectionError, DataError
from respool_testing import FakeServer

SOON = {"idle_check_interval": 0.005}


def pool_of(server: FakeServer, **options: Any) -> ConnectionPool:
    return ConnectionPool.from_url(server.url, **options)


# ---- lifetime


async def test_an_idle_connection_is_closed_at_the_end_of_its_life(respool_server: FakeServer) -> None:
    async with pool_of(respool_server, max_connection_lifetime=0.01, **SOON) as pool:
        pool.release(await pool.get_connection())
        await respool_server.until(lambda: not respool_server.connections)
        assert pool.stats().size == 0


async def test_a_lease_outlives_its_connections_life_and_is_not_kept(respool_server: FakeServer) -> None:
    async with pool_of(respool_server, max_connection_lifetime=0.01, **SOON) as pool:
        async with pool.connection() as connection:
            await come_true(lambda: connection.is_worn)
            assert await (await connection.create_request(b"PING")) == b"PONG"
        assert pool.stats().size == 0


@pytest.mark.parametrize("bound", [1, None])
async def test_a_busy_shared_connection_is_replaced_and_no_command_notices(
    respool_server: FakeServer, bound: int | None
) -> None:
    pool = pool_of(respool_server, max_connections=bound, max_connection_lifetime=0.02, **SOON)
    async with pool:
        redis = Redis(connection_pool=pool)
        clients: set[object] = set()

        async def ask() -> None:
            while len(clients) < 4:
                clients.add(await redis.execute_command("CLIENT", "ID"))

        await asyncio.gather(*(ask() for _ in range(5)))


def test_lifetimes_differ_so_that_not_all_connections_end_at_once() -> None:
    pool = ConnectionPool(max_connection_lifetime=100)
    lifetimes = {pool._rules.lifetime() for _ in range(50)}
    assert len(lifetimes) > 1
    assert all(80 <= each <= 100 for each in lifetimes)


# ---- opened in advance


async def test_connections_are_opened_in_advance(respool_server: FakeServer) -> None:
    async with pool_of(respool_server, min_connections=3) as pool:
        await pool.warm_up()
        assert pool.stats().idle == 3
        assert len(respool_server.connections) == 3


async def test_a_lost_connection_is_replaced_in_advance(respool_server: FakeServer) -> None:
    async with pool_of(respool_server, min_connections=2, **SOON) as pool:
        await pool.warm_up()
        respool_server.drop_connections()
        await come_true(lambda: pool.stats().idle == 0)
        await come_true(lambda: pool.stats().idle == 2)


async def test_idle_closing_leaves_what_is_wanted_in_advance(respool_server: FakeServer) -> None:
    async with pool_of(respool_server, min_connections=1, max_idle_time=0.01, **SOON) as pool:
        for connection in [await pool.get_connection() for _ in range(3)]:
            pool.release(connection)
        await respool_server.until(lambda: len(respool_server.connections) == 1)
        assert pool.stats().idle == 1


async def test_warming_up_tells_why_it_cannot(respool_server: FakeServer) -> None:
    await respool_server.stop()
    async with pool_of(respool_server, min_connections=2) as pool:
        with pytest.raises(ConnectionError, match="cannot connect"):
            await pool.warm_up()
        assert pool.stats().size == 0


async def test_a_closed_pool_opens_nothing_in_advance(respool_server: FakeServer) -> None:
    pool = pool_of(respool_server, min_connections=2, **SOON)
    await pool.warm_up()
    lease = await pool.get_connection()
    await pool.aclose()
    pool.release(lease)
    await respool_server.until(lambda: not respool_server.connections)
    assert pool.stats().size == 0


# ---- figures


async def test_figures_say_what_connections_are_held_for(respool_server: FakeServer) -> None:
    async with pool_of(respool_server, max_connections=5) as pool:
        assert (pool.stats().limit, pool.stats().size) == (5, 0)
        await Redis(connection_pool=pool).ping()
        idle, leased = await pool.get_connection(), await pool.get_connection()
        pool.release(idle)
        stats = pool.stats()
        assert (stats.size, stats.idle, stats.leased, stats.shared) == (3, 1, 1, 1)
        pool.release(leased)


async def test_figures_tell_what_is_being_opened(respool_server: FakeServer) -> None:
    fault = respool_server.faults.on("HELLO").hang()
    async with pool_of(respool_server) as pool:
        opening = asyncio.ensure_future(pool.get_connection())
        await respool_server.until(lambda: fault.hits > 0)
        assert (pool.stats().opening, pool.stats().leased) == (1, 0)
        opening.cancel()


def test_figures_are_frozen() -> None:
    with pytest.raises(AttributeError):
        ConnectionPool().stats().size = 1  # type: ignore[misc]


# ---- the end


async def test_closing_waits_for_the_replies_under_way(respool_server: FakeServer) -> None:
    respool_server.clock.freeze()
    fault = respool_server.faults.on("INCRBY").delay(1).times(1)
    pool = pool_of(respool_server)
    redis = Redis(connection_pool=pool)
    waiting = [redis.incr("k"), redis.incr("k")]
    await respool_server.until(lambda: fault.hits > 0)
    closing = asyncio.ensure_future(pool.aclose())
    await asyncio.sleep(0)
    respool_server.clock.advance(1)
    await closing
    assert [reply.result() for reply in waiting] == [1, 2]


async def test_closing_does_not_wait_for_a_blocking_command(respool_server: FakeServer) -> None:
    redis = Redis.from_url(respool_server.url)
    popping = redis.execute_command("BLPOP", "list", 0)
    await respool_server.until(lambda: any(each.blocked for each in respool_server.connections))
    await redis.aclose()
    with pytest.raises(ConnectionError):
        await popping


async def test_closing_refuses_further_leases(respool_server: FakeServer) -> None:
    respool_server.clock.freeze()
    fault = respool_server.faults.on("GET").delay(1).times(1)
    pool = pool_of(respool_server)
    waiting = Redis(connection_pool=pool).get("k")
    await respool_server.until(lambda: fault.hits > 0)
    closing = asyncio.ensure_future(pool.aclose())
    await asyncio.sleep(0)
    with pytest.raises(ConnectionError, match="being closed"):
        await pool.get_connection()
    respool_server.clock.advance(1)
    await closing
    assert waiting.result() is None


async def test_a_cancelled_close_closes_at_once(respool_server: FakeServer) -> None:
    respool_server.clock.freeze()
    fault = respool_server.faults.on("GET").delay(1).times(1)
    pool = pool_of(respool_server)
    waiting = Redis(connection_pool=pool).get("k")
    await respool_server.until(lambda: fault.hits > 0)
    closing = asyncio.ensure_future(pool.aclose())
    await asyncio.sleep(0)
    closing.cancel()
    with pytest.raises(ConnectionError):
        await waiting
    await respool_server.until(lambda: not respool_server.connections)


async def test_a_pool_can_be_used_again_after_it_was_closed(respool_server: FakeServer) -> None:
    pool = pool_of(respool_server)
    for _ in range(2):
        assert await Redis(connection_pool=pool).ping() == b"PONG"
        await pool.aclose()


def test_another_loop_that_still_runs_is_an_error() -> None:
    pool = ConnectionPool(host="127.0.0.1", port=1)
    first = asyncio.new_event_loop()

    async def use() -> None:
        with pytest.raises(ConnectionError):
            await pool.get_connection()

    first.run_until_complete(use())
    with pytest.raises(RuntimeError, match="another event loop"):
        asyncio.run(pool.get_connection())
    first.run_until_complete(pool.aclose())
    first.close()


@pytest.mark.parametrize(
    "options",
    [
        {"min_connections": -1},
        {"min_connections": 3, "max_connections": 2},
        {"max_connection_lifetime": -1},
        {"max_idle_time": "soon"},
        {"idle_check_interval": -0.1},
    ],
)
def test_options_that_make_no_sense_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(DataError):
        ConnectionPool(**options)
