"""Faults that clients of this kind have had: a call that waits for ever, a slot that is never seen again.

One test for each; none of them may come back.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator

import pytest
from pytest_asyncio import fixture as async_fixture

from packages.core.tests.waiting import let_news_arrive
from respool import BaseConnection, BlockingConnectionPool, Connection, ConnectionPool, Redis
from respool.errors import ConnectionError, ResponseError, TimeoutError
from respool.lowlevel import build_request
from respool_testing import FakeServer, Simulation, simulate

PATIENCE = 5.0


async def ask(connection: BaseConnection, *args: str | int) -> object:
    return await (await connection.create_request(str(args[0]).encode(), *args[1:]))


@async_fixture
async def one_slot(respool_server: FakeServer) -> AsyncIterator[BlockingConnectionPool]:
    """Offer a pool of one connection: a slot that is lost is missed at once."""
    async with BlockingConnectionPool.from_url(
        respool_server.url, max_connections=1, timeout=PATIENCE
    ) as pool:
        yield pool


async def check_the_slot(pool: BlockingConnectionPool) -> None:
    async with pool.connection() as connection:
        assert await ask(connection, "ECHO", "mine") == b"mine"


# ---- waiting for what never comes


class DeafServer:
    """Greets, and then reads no more: what is sent to it piles up at the client."""

    port = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        introduction = await reader.read(2**16)
        writer.write(b"%1\r\n+id\r\n:1\r\n" + b"+OK\r\n" * introduction.count(b"SETINFO"))
        self._writer = writer  # which, forgotten, would close
        writer.transport.pause_reading()  # type: ignore[attr-defined]  # every socket's can

    def hang_up(self) -> None:
        self._writer.transport.abort()


@async_fixture
async def deaf_server() -> AsyncIterator[DeafServer]:
    deaf = DeafServer()
    async with await asyncio.start_server(deaf.serve, "127.0.0.1", 0) as server:
        deaf.port = server.sockets[0].getsockname()[1]
        yield deaf
        deaf.hang_up()
        await let_news_arrive()


async def test_who_waits_to_write_is_woken_by_the_loss(deaf_server: DeafServer) -> None:
    connection = Connection("127.0.0.1", deaf_server.port)
    requests = [await connection.create_request(b"SET", number, b"x" * 2**22) for number in range(8)]
    last = await connection.create_request(b"PING")
    await let_news_arrive()
    deaf_server.hang_up()
    errors = await asyncio.gather(*requests, last, return_exceptions=True)
    assert {type(error) for error in errors} == {ConnectionError}
    await connection.wait_closed()


async def test_who_waits_to_write_runs_out_of_time(deaf_server: DeafServer) -> None:
    connection = Connection("127.0.0.1", deaf_server.port, stream_timeout=0.1)
    requests = [await connection.create_request(b"SET", number, b"x" * 2**22) for number in range(8)]
    errors = await asyncio.gather(*requests, return_exceptions=True)
    assert all(isinstance(error, (TimeoutError, ConnectionError)) for error in errors)
    connection.disconnect()
    await connection.wait_closed()


async def test_a_push_reader_is_woken_when_its_server_goes(respool_server: FakeServer) -> None:
    connection = Connection(respool_server.host, respool_server.port)
    await connection.send_command(b"SUBSCRIBE", "news")
    assert await connection.fetch_push_message() == [b"subscribe", b"news", 1]
    reader = asyncio.ensure_future(connection.fetch_push_message(block=True))
    await let_news_arrive()
    respool_server.drop_connections()
    with pytest.raises(ConnectionError):
        await reader
    await connection.wait_closed()


async def test_a_lease_from_a_server_that_never_greets_ends_in_time(respool_server: FakeServer) -> None:
    respool_server.faults.on("HELLO").hang().times(1)
    url = respool_server.url
    async with BlockingConnectionPool.from_url(url, max_connections=1, connect_timeout=0.05) as pool:
        with pytest.raises(TimeoutError, match="connect_timeout"):
            await pool.get_connection()
        await check_the_slot(pool)


async def test_a_call_to_a_server_that_never_answers_ends_in_time(respool_server: FakeServer) -> None:
    respool_server.faults.on("INCRBY").hang()
    async with Redis.from_url(respool_server.url, stream_timeout=0.05) as redis:
        with pytest.raises(TimeoutError):
            await redis.incr("n")


def test_a_server_that_fell_silent_costs_one_call_and_not_two() -> None:
    async def call_twice(_: Simulation) -> None:
        async with FakeServer() as server:
            server.faults.on("HELLO").delay(2).times(1)
            server.faults.on("INCRBY").hang().times(1)
            async with Redis.from_url(server.url, stream_timeout=5) as redis:
                with pytest.raises(TimeoutError):
                    await redis.incr("n")
                assert await redis.ping() == b"PONG"

    simulate(call_twice)


async def test_a_client_has_a_deadline_though_nobody_asked_for_one(respool_server: FakeServer) -> None:
    async with Redis.from_url(respool_server.url) as redis:
        await redis.ping()
        request = build_request(("GET", "k"))
        redis.connection_pool.line.send(request)
        assert request.deadline < asyncio.get_running_loop().time() + 60
        await request.future


async def test_a_late_goodbye_of_the_old_socket_leaves_the_new_one_alone(respool_server: FakeServer) -> None:
    connection = Connection(respool_server.host, respool_server.port)
    await connection.connect()
    connection.disconnect()
    await connection.connect()  # the old socket says goodbye meanwhile
    fresh = connection.client_id
    pending = await connection.create_request(b"ECHO", "mine")
    await respool_server.until(lambda: len(respool_server.connections) == 1)
    assert await pending == b"mine"
    assert (connection.is_connected, connection.client_id) == (True, fresh)
    connection.disconnect()
    await connection.wait_closed()


# ---- slots that are never seen again


async def test_a_connection_that_dies_in_the_handshake_costs_no_slot(
    respool_server: FakeServer, one_slot: BlockingConnectionPool
) -> None:
    respool_server.faults.on("HELLO").drop_connection().times(1)
    with pytest.raises(ConnectionError):
        await one_slot.get_connection()
    await check_the_slot(one_slot)


async def test_a_connection_refused_in_the_handshake_costs_no_slot(
    respool_server: FakeServer, one_slot: BlockingConnectionPool
) -> None:
    respool_server.faults.on("HELLO").reply_error("ERR not you").times(1)
    with pytest.raises(ResponseError):
        await one_slot.get_connection()
    await check_the_slot(one_slot)


async def test_a_lease_cancelled_in_the_handshake_costs_no_slot(
    respool_server: FakeServer, one_slot: BlockingConnectionPool
) -> None:
    fault = respool_server.faults.on("HELLO").hang().times(1)
    leasing = asyncio.ensure_future(one_slot.get_connection())
    await respool_server.until(lambda: fault.hits > 0)
    leasing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await leasing
    await check_the_slot(one_slot)


async def test_a_constructor_that_raises_costs_no_slot(respool_server: FakeServer) -> None:
    fails = [False]

    class Moody(Connection):
        def __init__(self, host: str, port: int) -> None:
            if fails[0]:
                raise OSError("not today")
            super().__init__(host, port)

    host, port = respool_server.host, respool_server.port
    async with BlockingConnectionPool(
        connection_class=Moody, max_connections=1, timeout=PATIENCE, host=host, port=port
    ) as pool:
        fails[0] = True
        with pytest.raises(OSError, match="not today"):
            await pool.get_connection()
        fails[0] = False
        await check_the_slot(pool)


async def test_a_lease_that_dies_before_its_release_costs_no_slot(
    respool_server: FakeServer, one_slot: BlockingConnectionPool
) -> None:
    connection = await one_slot.get_connection()
    respool_server.drop_connections()
    await let_news_arrive()
    assert not connection.is_connected
    one_slot.release(connection)
    await check_the_slot(one_slot)


async def test_a_lease_that_dies_and_revives_itself_costs_no_slot(
    respool_server: FakeServer, one_slot: BlockingConnectionPool
) -> None:
    connection = await one_slot.get_connection()
    respool_server.drop_connections()
    await let_news_arrive()
    assert await ask(connection, "PING") == b"PONG"
    one_slot.release(connection)
    await check_the_slot(one_slot)
    assert len(respool_server.connections) == 1


async def test_a_waiter_cancelled_while_its_connection_opens_costs_no_slot(
    respool_server: FakeServer, one_slot: BlockingConnectionPool
) -> None:
    held = await one_slot.get_connection()
    waiting = asyncio.ensure_future(one_slot.get_connection())
    await let_news_arrive()
    fault = respool_server.faults.on("HELLO").hang().times(1)
    held.disconnect()
    one_slot.release(held)
    await respool_server.until(lambda: fault.hits > 0)
    waiting.cancel()
    await check_the_slot(one_slot)


async def test_a_waiter_whose_patience_ends_as_it_is_served_costs_no_slot(respool_server: FakeServer) -> None:
    async with BlockingConnectionPool.from_url(respool_server.url, max_connections=1, timeout=0.01) as pool:
        held = await pool.get_connection()
        waiting = asyncio.ensure_future(pool.get_connection())
        await asyncio.wait([waiting])
        assert isinstance(waiting.exception(), ConnectionError)
        pool.release(held)
        await check_the_slot(pool)


async def test_a_blocking_command_cancelled_before_it_has_a_slot_costs_none(
    one_slot: BlockingConnectionPool,
) -> None:
    redis = Redis(connection_pool=one_slot)
    async with one_slot.connection():
        blocked = redis.execute_command("BLPOP", "list", 0)
        await let_news_arrive()
        blocked.cancel()
    await check_the_slot(one_slot)


async def test_the_bound_holds_after_idle_connections_were_closed(respool_server: FakeServer) -> None:
    url = respool_server.url
    async with ConnectionPool.from_url(
        url, max_connections=2, max_idle_time=0.01, idle_check_interval=0.01
    ) as pool:
        for connection in [await pool.get_connection() for _ in range(2)]:
            pool.release(connection)
        await respool_server.until(lambda: not respool_server.connections)
        held = [await pool.get_connection() for _ in range(2)]
        with pytest.raises(ConnectionError, match="Too many"):
            await pool.get_connection()
        for connection in held:
            pool.release(connection)


async def test_the_bound_holds_after_leases_were_disconnected_with_the_pool(
    respool_server: FakeServer,
) -> None:
    async with ConnectionPool.from_url(respool_server.url, max_connections=2) as pool:
        held = [await pool.get_connection() for _ in range(2)]
        pool.disconnect()
        with pytest.raises(ConnectionError, match="Too many"):
            await pool.get_connection()
        for connection in held:
            pool.release(connection)
        async with pool.connection(), pool.connection():
            assert len(respool_server.connections) == 2


async def test_waiters_are_served_though_one_task_keeps_coming_back(one_slot: BlockingConnectionPool) -> None:
    served: list[str] = []

    async def come(name: str, times: int) -> None:
        for _ in range(times):
            connection = await one_slot.get_connection()
            served.append(name)
            one_slot.release(connection)

    await asyncio.gather(come("greedy", 5), come("patient", 1), come("late", 1))
    assert set(served[:3]) == {"greedy", "patient", "late"}


# ---- closing of idle connections


async def test_connections_in_use_are_not_idle(respool_server: FakeServer) -> None:
    url = respool_server.url
    async with ConnectionPool.from_url(url, max_idle_time=0.01, idle_check_interval=0.01) as pool:
        redis = Redis(connection_pool=pool)
        popped = redis.execute_command("BLPOP", "list", 0)
        async with pool.connection() as listener:
            await listener.send_command(b"SUBSCRIBE", "news")
            await listener.fetch_push_message()
            idle = await pool.get_connection()
            pool.release(idle)
            await respool_server.until(lambda: len(respool_server.connections) == 2)
            respool_server.db[0].clear()
            await redis.execute_command("RPUSH", "list", "x")
            assert await popped == [b"list", b"x"]
            assert listener.is_connected


async def test_idle_connections_are_closed_every_time(respool_server: FakeServer) -> None:
    url = respool_server.url
    async with ConnectionPool.from_url(url, max_idle_time=0.01, idle_check_interval=0.01) as pool:
        for _ in range(3):
            async with pool.connection() as connection:
                assert await ask(connection, "PING") == b"PONG"
            await respool_server.until(lambda: not respool_server.connections)


# ---- fork


FORKING = """
import asyncio, os, sys, warnings
from respool import ConnectionPool, Redis

warnings.simplefilter("ignore", DeprecationWarning)

async def main(url: str) -> None:
    async with Redis.from_url(url) as redis:
        await redis.set("k", "parent")
        async with redis.connection_pool.connection() as lease:
            child = os.fork()
            if child == 0:
                redis.connection_pool.disconnect()
                lease.disconnect()
                os._exit(0)
            assert os.waitpid(child, 0)[1] == 0
            reply = await asyncio.wait_for(await lease.create_request(b"ECHO", "leased"), 5)
            assert reply == b"leased", reply
            assert await asyncio.wait_for(redis.get("k"), 5) == b"parent"

asyncio.run(main(sys.argv[1]))
"""

FORKED_AND_RUNNING = """
import asyncio, os, sys, warnings
from respool import Redis

warnings.simplefilter("ignore", DeprecationWarning)

async def use(redis) -> None:
    await redis.set("child", "was here")

async def main(url: str) -> None:
    async with Redis.from_url(url) as redis:
        await redis.set("k", "parent")
        child = os.fork()
        if child == 0:
            asyncio._set_running_loop(None)
            asyncio.run(use(redis))
            os._exit(0)
        assert os.waitpid(child, 0)[1] == 0
        assert await asyncio.wait_for(redis.get("k"), 5) == b"parent"
        assert await asyncio.wait_for(redis.get("child"), 5) == b"was here"

asyncio.run(main(sys.argv[1]))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
@pytest.mark.parametrize("script", [FORKING, FORKED_AND_RUNNING], ids=["cleans up", "goes on using it"])
async def test_a_forked_child_does_the_parents_connections_no_harm(
    respool_server: FakeServer, script: str
) -> None:
    command = [sys.executable, "-c", script, respool_server.url]
    run = await asyncio.to_thread(subprocess.run, command, capture_output=True, timeout=30)
    assert run.returncode == 0, run.stderr.decode()
