"""Faults that clients of this kind have had: the caller gets wrong data, or writes to the wrong place.

One test for each; none of them may come back.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys

import pytest

from packages.core.tests.waiting import let_news_arrive
from respool import BaseConnection, BlockingConnectionPool, Connection, ConnectionPool, Redis
from respool.errors import AuthenticationError, ConnectionError, RedisError, ResponseError
from respool_testing import FakeServer


async def ask(connection: BaseConnection, *args: str | int) -> object:
    return await (await connection.create_request(str(args[0]).encode(), *args[1:]))


async def lose(connection: BaseConnection, server: FakeServer) -> None:
    """Cut the connection, and wait until it knows."""
    server.drop_connections()
    await let_news_arrive()
    assert not connection.is_connected


async def test_a_shared_request_never_lands_inside_a_leases_transaction(respool_server: FakeServer) -> None:
    async with Redis.from_url(respool_server.url) as redis:
        await redis.ping()
        async with redis.connection_pool.connection() as lease:
            await ask(lease, "MULTI")
            assert await redis.execute_command("ECHO", "shared") == b"shared"
            assert await ask(lease, "EXEC") == []


@pytest.mark.parametrize("slots", [1, 2])
async def test_a_share_handed_out_is_not_leased_to_somebody_elses_transaction(
    respool_server: FakeServer, slots: int
) -> None:
    async with ConnectionPool.from_url(respool_server.url, max_connections=slots) as pool:
        share = await pool.get_connection(acquire=False)
        try:
            await ask(await pool.get_connection(), "MULTI")
            said = await ask(share, "ECHO", "shared")
        except ConnectionError:
            said = None  # with no other slot, one of the two has to be told
        assert said != b"QUEUED"


async def test_a_request_behind_a_transaction_that_is_cancelled_is_not_queued(
    respool_server: FakeServer,
) -> None:
    async with Redis.from_url(respool_server.url) as redis:
        await redis.ping()
        async with redis.pipeline() as pipe:
            pipe.incr("n")
            running = asyncio.ensure_future(pipe.execute())
            await asyncio.sleep(0)
            running.cancel()
        assert await redis.execute_command("ECHO", "next") == b"next"


async def test_ping_never_waits_behind_somebodys_blpop(respool_server: FakeServer) -> None:
    async with Redis.from_url(respool_server.url, stream_timeout=1) as redis:
        blocked = redis.execute_command("BLPOP", "nothing", 0)
        assert await redis.ping() == b"PONG"
        await respool_server.until(lambda: any(client.blocked for client in respool_server.connections))
        assert await redis.ping() == b"PONG"
        blocked.cancel()


async def test_after_a_refused_database_nothing_runs_on_the_first_one(respool_server: FakeServer) -> None:
    async with Redis.from_url(respool_server.url, db=99) as redis:
        for _ in range(3):
            with pytest.raises(ResponseError, match="SELECT 99"):
                await redis.set("k", "v")
    respool_server.log.assert_not_called("SET")


async def test_after_a_refused_password_nothing_runs_unauthenticated() -> None:
    async with (
        FakeServer(users={"ann": "secret"}) as server,
        Redis(server.host, server.port, username="ann", password="wrong") as redis,
    ):
        for _ in range(3):
            with pytest.raises(AuthenticationError):
                await redis.set("k", "v")
        server.log.assert_not_called("SET")


async def test_a_command_called_during_the_handshake_runs_on_the_right_database(
    respool_server: FakeServer,
) -> None:
    respool_server.clock.freeze()
    slow = respool_server.faults.on("SELECT").delay(1)
    async with Redis.from_url(respool_server.url, db=3) as redis:
        early = redis.set("k", "early")
        await respool_server.until(lambda: slow.hits > 0)
        during = redis.execute_command("APPEND", "k", ", during")
        respool_server.clock.advance(1)
        assert [await early, await during] == [True, 13]
    assert (respool_server.db[3]["k"], len(respool_server.db[0])) == (b"early, during", 0)


async def test_the_next_handshake_selects_the_database_again(respool_server: FakeServer) -> None:
    async with Redis.from_url(respool_server.url, db=3) as redis:
        await redis.set("k", "before")
        respool_server.drop_connections()
        assert await redis.get("k") == b"before"


async def test_tracking_is_not_believed_to_survive_a_reconnect(respool_server: FakeServer) -> None:
    connection = Connection(respool_server.host, respool_server.port)
    await connection.connect()
    assert await connection.update_tracking_client(True, connection.client_id)
    await lose(connection, respool_server)
    assert connection.tracking_client_id is None
    with pytest.raises(ConnectionError, match="lost"):
        await ask(connection, "GET", "k")
    connection.disconnect()
    await connection.wait_closed()


async def test_a_lost_watch_never_lets_exec_succeed(respool_server: FakeServer) -> None:
    connection = Connection(respool_server.host, respool_server.port)
    await ask(connection, "WATCH", "k")
    await lose(connection, respool_server)
    respool_server.db[0]["k"] = b"somebody else's"
    for words in (("MULTI",), ("SET", "k", "mine"), ("EXEC",)):
        with pytest.raises(RedisError, match="WATCH"):
            await ask(connection, *words)
    assert respool_server.db[0]["k"] == b"somebody else's"


async def test_a_lost_transaction_never_runs_its_rest_alone(respool_server: FakeServer) -> None:
    connection = Connection(respool_server.host, respool_server.port)
    await ask(connection, "MULTI")
    await lose(connection, respool_server)
    with pytest.raises(RedisError, match="TRANSACTION"):
        await ask(connection, "SET", "k", "mine")
    respool_server.log.assert_not_called("SET")


async def test_half_a_transaction_is_never_sent_again_on_the_next_socket(respool_server: FakeServer) -> None:
    async with Redis.from_url(respool_server.url) as redis:
        respool_server.faults.on("MULTI").drop_connection().times(1)
        async with redis.pipeline() as pipe:
            pipe.incr("n")
            with pytest.raises(ConnectionError):
                await pipe.execute()
        assert await redis.ping() == b"PONG"
    respool_server.log.assert_not_called("INCRBY")


async def test_a_lease_in_a_transaction_is_nobodys_next_connection(respool_server: FakeServer) -> None:
    async with BlockingConnectionPool.from_url(respool_server.url, max_connections=1) as pool:
        async with pool.connection() as connection:
            await ask(connection, "MULTI")
        async with pool.connection() as connection:
            assert await ask(connection, "ECHO", "mine") == b"mine"


async def test_a_transaction_whose_exec_was_cancelled_is_nobodys_either(respool_server: FakeServer) -> None:
    async with BlockingConnectionPool.from_url(respool_server.url, max_connections=1) as pool:
        async with pool.connection() as connection:
            await ask(connection, "MULTI")
            (await connection.create_request(b"EXEC")).cancel()
        async with pool.connection() as connection:
            assert await ask(connection, "ECHO", "mine") == b"mine"


WITHOUT_ASSERTIONS = """
import asyncio, sys
from respool import Redis

async def main(url: str) -> None:
    async with Redis.from_url(url, db=3, username="ann", password="secret", client_name="me") as redis:
        await redis.set("k", "v")
        async with redis.pipeline() as pipe:
            pipe.incr("n")
            await pipe.execute()
        await redis.execute_command("BLPOP", "list", 0.001)

assert False, "this is to be run with -O"
asyncio.run(main(sys.argv[1]))
"""


async def test_no_step_of_the_protocol_vanishes_with_assertions(respool_server: FakeServer) -> None:
    async with FakeServer(users={"ann": "secret"}) as server:
        command = [sys.executable, "-O", "-c", WITHOUT_ASSERTIONS, f"redis://{server.host}:{server.port}"]
        run = await asyncio.to_thread(subprocess.run, command, capture_output=True, timeout=30)
        assert run.returncode == 0, run.stderr.decode()
        assert (server.db[3]["k"], server.db[3]["n"]) == (b"v", b"1")
        server.log.assert_called("HELLO")
