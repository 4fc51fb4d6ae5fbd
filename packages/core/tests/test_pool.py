"""The pools, on fake and real servers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from respool import BaseConnection, BlockingConnectionPool, ConnectionPool
from respool.errors import AuthenticationFailureError, ConnectionError, DataError
from respool_testing import FakeServer


@pytest_asyncio.fixture
async def pool(respool_server: FakeServer) -> AsyncIterator[BlockingConnectionPool]:
    async with BlockingConnectionPool.from_url(respool_server.url, max_connections=2, timeout=5) as pool:
        yield pool


async def ask(connection: BaseConnection, *args: str | int) -> object:
    return await (await connection.create_request(str(args[0]).encode(), *args[1:]))


async def test_a_leased_connection_answers_and_is_used_again(pool: ConnectionPool) -> None:
    async with pool.connection() as first:
        assert await ask(first, "PING") == b"PONG"
    async with pool.connection() as second:
        assert second is first


async def test_two_leases_never_share(pool: ConnectionPool) -> None:
    async with pool.connection() as first, pool.connection() as second:
        assert first is not second


async def test_a_share_is_the_same_for_all_and_nobody_leases_it(pool: ConnectionPool) -> None:
    share = await pool.get_connection(acquire=False)
    assert await pool.get_connection(acquire=False) is share
    async with pool.connection() as lease:
        assert lease is not share


async def test_a_full_pool_raises_at_once(respool_server: FakeServer) -> None:
    async with ConnectionPool.from_url(respool_server.url, max_connections=1) as pool, pool.connection():
        with pytest.raises(ConnectionError, match="Too many connections"):
            await pool.get_connection()


async def test_a_full_blocking_pool_gives_up_after_its_timeout(respool_server: FakeServer) -> None:
    pool = BlockingConnectionPool.from_url(respool_server.url, max_connections=1, timeout=0)
    async with pool, pool.connection():
        with pytest.raises(ConnectionError, match="No connection available"):
            await pool.get_connection()


async def test_waiters_are_served_in_the_order_they_came(pool: ConnectionPool) -> None:
    held = [await pool.get_connection(), await pool.get_connection()]
    served: list[int] = []

    async def wait(number: int) -> None:
        async with pool.connection():
            served.append(number)

    waiting = [asyncio.ensure_future(wait(number)) for number in range(5)]
    await asyncio.sleep(0)
    for connection in held:
        pool.release(connection)
    await asyncio.gather(*waiting)
    assert served == [0, 1, 2, 3, 4]


async def test_a_cancelled_waiter_passes_its_connection_on(pool: ConnectionPool) -> None:
    held = [await pool.get_connection(), await pool.get_connection()]
    first = asyncio.ensure_future(pool.get_connection())
    second = asyncio.ensure_future(pool.get_connection())
    await asyncio.sleep(0)
    pool.release(held[0])
    first.cancel()  # served already, and has not noticed
    assert await second is held[0]
    pool.release(await second)
    pool.release(held[1])


async def test_releasing_what_is_not_leased_is_an_error(pool: ConnectionPool) -> None:
    connection = await pool.get_connection()
    pool.release(connection)
    with pytest.raises(ConnectionError, match="not leased"):
        pool.release(connection)


async def test_a_lease_whose_body_raises_costs_no_slot(pool: ConnectionPool) -> None:
    for _ in range(5):
        with pytest.raises(ZeroDivisionError):
            async with pool.connection():
                raise ZeroDivisionError


async def test_a_broken_lease_gives_its_slot_to_a_waiter(pool: ConnectionPool) -> None:
    held = [await pool.get_connection(), await pool.get_connection()]
    waiting = asyncio.ensure_future(pool.get_connection())
    await asyncio.sleep(0)
    held[0].disconnect()
    pool.release(held[0])
    assert await ask(await waiting, "PING") == b"PONG"
    pool.release(await waiting)
    pool.release(held[1])


async def test_state_on_the_server_is_nobody_elses_surprise(pool: ConnectionPool) -> None:
    async with pool.connection() as connection:
        await ask(connection, "SELECT", 3)
        await ask(connection, "SET", "k", "other database")
    async with pool.connection() as connection:
        assert await ask(connection, "GET", "k") is None


async def test_a_refused_password_raises_and_costs_no_slot() -> None:
    async with FakeServer(password="right") as server:
        pool = ConnectionPool(host=server.host, port=server.port, password="wrong", max_connections=1)
        for _ in range(3):
            with pytest.raises(AuthenticationFailureError) as caught:
                await pool.get_connection()
            assert "wrong" not in str(caught.value)
        await pool.aclose()


async def test_an_unreachable_server_raises_and_costs_no_slot(respool_server: FakeServer) -> None:
    await respool_server.stop()
    async with ConnectionPool.from_url(respool_server.url, max_connections=1) as pool:
        for _ in range(3):
            with pytest.raises(ConnectionError, match="cannot connect"):
                await pool.get_connection()


async def test_an_idle_connection_is_closed_and_its_slot_free(respool_server: FakeServer) -> None:
    url = respool_server.url
    async with ConnectionPool.from_url(url, max_idle_time=0.01, idle_check_interval=0.01) as pool:
        connection = await pool.get_connection()
        pool.release(connection)
        await respool_server.until(lambda: not respool_server.connections)
        assert "0/unlimited" in repr(pool)


async def test_a_leased_connection_is_never_closed_for_being_idle(respool_server: FakeServer) -> None:
    url = respool_server.url
    async with ConnectionPool.from_url(url, max_idle_time=0.01, idle_check_interval=0.01) as pool:
        leased = await pool.get_connection()
        other = await pool.get_connection()
        pool.release(other)
        await respool_server.until(lambda: len(respool_server.connections) == 1)
        assert leased.is_connected
        pool.release(leased)


async def test_the_bound_holds_after_disconnect(pool: ConnectionPool) -> None:
    leased = await pool.get_connection()
    pool.disconnect()
    assert not leased.is_connected
    async with pool.connection():
        assert "2/2" in repr(pool)
    pool.release(leased)


def test_a_pool_starts_afresh_on_a_new_loop_when_the_old_one_is_closed() -> None:
    pool = ConnectionPool(host="127.0.0.1", port=1)

    async def use() -> None:
        with pytest.raises(ConnectionError, match="cannot connect"):
            await pool.get_connection()

    asyncio.run(use())
    asyncio.run(use())


@pytest.mark.parametrize("bound", [0, -1])
def test_a_pool_without_room_is_refused(bound: int) -> None:
    with pytest.raises(DataError, match="max_connections"):
        ConnectionPool(max_connections=bound)


def test_repr_shows_address_and_bound_and_no_secret() -> None:
    pool = ConnectionPool(host="example.org", password="secret", max_connections=3)
    assert repr(pool) == "<ConnectionPool example.org:6379 0/3 connections>"
