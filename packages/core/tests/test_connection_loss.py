"""What becomes of requests when a connection is lost, ends, or falls silent."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest
from pytest_asyncio import fixture as async_fixture

from respool._connection.base import BaseConnection
from respool._connection.invocation import CommandInvocation
from respool._connection.session import Held
from respool._connection.tcp import Connection
from respool._wire.values import ProtocolVersion, ValueT
from respool.errors import ConnectionError, DataError, InvalidResponse, RedisError, TimeoutError
from respool_testing import FakeServer, RawConnection, RealServer

AnyServer = FakeServer | RealServer

GREETING = b"%1\r\n+id\r\n:1\r\n+OK\r\n+OK\r\n"
"""What answers the three commands of a plain handshake."""


class Losses:
    """Observe a connection as its pool would."""

    def __init__(self, connection: BaseConnection) -> None:
        self.seen: list[BaseConnection] = []
        self.happened = asyncio.Event()
        connection.observer = self

    def on_lost(self, connection: BaseConnection) -> None:
        self.seen.append(connection)
        self.happened.set()

    def on_suspect(self, connection: BaseConnection) -> None:
        """Silence is not what these tests are about."""


class Script:
    """Answers what it reads with the next words of a script; then says nothing more."""

    def __init__(self) -> None:
        self.words: list[bytes] = [GREETING]
        self.port = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        words = iter(self.words)
        with contextlib.suppress(OSError):
            while await reader.read(2**16):
                writer.write(next(words, b""))
        writer.close()


@async_fixture
async def script() -> AsyncIterator[Script]:
    script = Script()
    async with await asyncio.start_server(script.serve, "127.0.0.1", 0) as server:
        script.port = server.sockets[0].getsockname()[1]
        yield script


@async_fixture
async def to_script(script: Script) -> AsyncIterator[Connection]:
    connection = Connection("127.0.0.1", script.port)
    yield connection
    connection.disconnect()
    await connection.wait_closed()


@async_fixture(params=[2, 3], ids=["RESP2", "RESP3"])
async def connection(request: pytest.FixtureRequest, any_server: AnyServer) -> AsyncIterator[Connection]:
    protocol: ProtocolVersion = request.param
    connection = Connection(any_server.host, any_server.port, protocol_version=protocol)
    yield connection
    connection.disconnect()
    await connection.wait_closed()


async def call(connection: BaseConnection, command: bytes, *args: ValueT) -> object:
    return await (await connection.create_request(command, *args))


async def kill(connection: BaseConnection, killer: RawConnection) -> None:
    """Let the server cut the connection, and wait until that is known here."""
    losses = Losses(connection)
    assert connection.client_id is not None
    await killer.call("CLIENT", "KILL", "ID", connection.client_id)
    await losses.happened.wait()


async def two_in_flight(connection: Connection) -> list[asyncio.Future[object]]:
    await connection.connect()
    return await connection.create_requests([CommandInvocation(b"PING")] * 2)


async def outcomes(requests: list[asyncio.Future[object]]) -> list[object]:
    return list(await asyncio.gather(*requests, return_exceptions=True))


# ---- the server hangs up


async def test_a_killed_connection_fails_what_it_had_written(
    connection: Connection, any_client: RawConnection
) -> None:
    request = await connection.create_request(b"BLPOP", "list", 0)
    await asyncio.sleep(0)  # the write happens in the next tick
    await kill(connection, any_client)
    with pytest.raises(ConnectionError, match=connection.describe()) as lost:
        await request
    assert lost.value.maybe_executed
    assert not connection.is_connected


async def test_a_lost_connection_is_an_error_even_where_error_replies_are_results(
    connection: Connection, any_client: RawConnection
) -> None:
    request = await connection.create_request(b"BLPOP", "list", 0, raise_exceptions=False)
    await asyncio.sleep(0)
    await kill(connection, any_client)
    with pytest.raises(ConnectionError):
        await request


async def test_the_next_request_connects_again(connection: Connection, any_client: RawConnection) -> None:
    await connection.connect()
    before = connection.client_id
    await kill(connection, any_client)
    assert connection.client_id is None
    assert await call(connection, b"PING") == b"PONG"
    assert connection.client_id not in (None, before)


async def test_its_owner_is_told_once(connection: Connection, any_client: RawConnection) -> None:
    await connection.connect()
    await kill(connection, any_client)
    losses = Losses(connection)
    await connection.connect()
    connection.disconnect()
    await connection.wait_closed()
    assert losses.seen == [connection]


async def test_a_command_that_ran_before_the_loss_is_said_to_be_in_doubt(respool_server: FakeServer) -> None:
    respool_server.faults.on("INCR").drop_connection(when="after_execute").times(1)
    connection = Connection(respool_server.host, respool_server.port)
    with pytest.raises(ConnectionError) as lost:
        await call(connection, b"INCR", "n")
    assert lost.value.maybe_executed
    assert respool_server.db[0]["n"] == b"1"


async def test_replies_before_the_loss_count(respool_server: FakeServer) -> None:
    respool_server.faults.on("GET").drop_connection()
    connection = Connection(respool_server.host, respool_server.port)
    commands = [CommandInvocation(b"PING"), CommandInvocation(b"GET", ("k",)), CommandInvocation(b"PING")]
    replies = await outcomes(await connection.create_requests(commands))
    assert replies[0] == b"PONG"
    assert [type(reply) for reply in replies[1:]] == [ConnectionError, ConnectionError]
    assert replies[1] is not replies[2]


async def test_half_a_reply_is_none(respool_server: FakeServer) -> None:
    respool_server.db[0]["k"] = b"value"
    respool_server.faults.on("GET").half_reply(then="drop_connection")
    with pytest.raises(ConnectionError):
        await call(Connection(respool_server.host, respool_server.port), b"GET", "k")


# ---- we hang up


async def test_disconnecting_fails_what_is_in_flight(connection: Connection) -> None:
    request = await connection.create_request(b"BLPOP", "list", 0)
    await asyncio.sleep(0)
    connection.disconnect()
    with pytest.raises(ConnectionError, match="disconnected") as lost:
        await request
    assert lost.value.maybe_executed


async def test_disconnecting_before_the_write_says_that_nothing_was_sent(connection: Connection) -> None:
    await connection.connect()
    request = await connection.create_request(b"INCR", "n")
    connection.disconnect()
    with pytest.raises(ConnectionError) as lost:
        await request
    assert not lost.value.maybe_executed
    assert await call(connection, b"EXISTS", "n") == 0


async def test_disconnecting_twice_or_never_connected_does_nothing(connection: Connection) -> None:
    connection.disconnect()
    await connection.wait_closed()
    await connection.connect()
    connection.disconnect()
    connection.disconnect()
    await connection.wait_closed()
    assert not connection.is_connected


async def test_after_disconnecting_it_can_be_used_again(connection: Connection) -> None:
    await call(connection, b"PING")
    connection.disconnect()
    assert await call(connection, b"PING") == b"PONG"


async def test_a_reply_to_an_old_socket_never_reaches_the_new_one(
    connection: Connection, any_client: RawConnection
) -> None:
    old = await connection.create_request(b"BLPOP", "list", 0)
    await asyncio.sleep(0)
    connection.disconnect()
    await any_client.call("LPUSH", "list", "old")
    assert await call(connection, b"ECHO", "new") == b"new"
    assert isinstance(old.exception(), ConnectionError)


# ---- silence


async def test_a_whole_deadline_of_silence_ends_the_connection(respool_server: FakeServer) -> None:
    respool_server.faults.on("GET").hang().times(1)
    connection = Connection(respool_server.host, respool_server.port, stream_timeout=0.05)
    losses = Losses(connection)
    with pytest.raises(TimeoutError) as timed_out:
        await call(connection, b"GET", "k")
    assert timed_out.value.maybe_executed
    assert losses.seen == [connection]
    await respool_server.until(lambda: not respool_server.connections)


async def test_silence_fails_those_behind_it_too(respool_server: FakeServer) -> None:
    respool_server.faults.on("GET").hang()
    connection = Connection(respool_server.host, respool_server.port, stream_timeout=0.05)
    first = await connection.create_request(b"GET", "k")
    patient = await connection.create_request(b"PING", timeout=60)
    first_error, patient_error = await outcomes([first, patient])
    assert isinstance(first_error, TimeoutError)
    assert isinstance(patient_error, ConnectionError)
    assert patient_error.maybe_executed


async def test_a_hasty_request_does_not_end_the_connection(respool_server: FakeServer) -> None:
    respool_server.faults.on("GET").hang()
    connection = Connection(respool_server.host, respool_server.port, stream_timeout=60)
    request = await connection.create_request(b"GET", "k", timeout=0.02)
    with pytest.raises(TimeoutError):
        await request
    assert connection.is_connected
    connection.disconnect()
    await connection.wait_closed()


async def test_a_blocking_command_gets_its_own_time_on_top(respool_server: FakeServer) -> None:
    connection = Connection(respool_server.host, respool_server.port, stream_timeout=0.05)
    assert await call(connection, b"BLPOP", "list", 0.1) is None
    connection.disconnect()
    await connection.wait_closed()


# ---- what is not RESP, or nobody asked for


@pytest.mark.parametrize(
    "garbage", [b"HTTP/1.1 400 Bad Request\r\n", b"*99999999999\r\n", b"%1\r\n*0\r\n:1\r\n"]
)
async def test_garbage_fails_everything_in_flight(
    script: Script, to_script: Connection, garbage: bytes
) -> None:
    script.words.append(garbage)
    errors = await outcomes(await two_in_flight(to_script))
    assert [type(error) for error in errors] == [InvalidResponse, InvalidResponse]
    assert errors[0] is not errors[1]
    assert not to_script.is_connected


async def test_garbage_is_in_doubt_as_any_loss_is(script: Script, to_script: Connection) -> None:
    script.words.append(b"garbage\r\n")
    errors = await outcomes(await two_in_flight(to_script))
    assert all(isinstance(error, RedisError) and error.maybe_executed for error in errors)


async def test_a_reply_before_the_garbage_counts(script: Script, to_script: Connection) -> None:
    script.words.append(b"+PONG\r\n?\r\n")
    first, second = await outcomes(await two_in_flight(to_script))
    assert first == b"PONG"
    assert isinstance(second, InvalidResponse)


async def test_garbage_in_the_handshake_fails_the_attempt(script: Script, to_script: Connection) -> None:
    script.words[:] = [b"220 smtp.example ESMTP\r\n"]
    with pytest.raises(InvalidResponse, match="not RESP"):
        await to_script.connect()


async def test_an_attribute_ends_the_connection_rather_than_shifting_replies(
    script: Script, to_script: Connection
) -> None:
    script.words.append(b"|1\r\n+ttl\r\n:3600\r\n+one\r\n+two\r\n")
    errors = await outcomes(await two_in_flight(to_script))
    assert [type(error) for error in errors] == [InvalidResponse, InvalidResponse]


async def test_a_reply_that_nobody_asked_for_ends_the_connection(
    script: Script, to_script: Connection
) -> None:
    losses = Losses(to_script)
    script.words.append(b"+one\r\n+two\r\n+three\r\n")
    assert await outcomes(await two_in_flight(to_script)) == [b"one", b"two"]
    await losses.happened.wait()
    assert not to_script.is_connected


async def test_replies_in_single_bytes_are_the_same_replies(respool_server: FakeServer) -> None:
    respool_server.faults.on("ECHO").fragment(1)
    connection = Connection(respool_server.host, respool_server.port)
    requests = [await connection.create_request(b"ECHO", number) for number in range(5)]
    assert await asyncio.gather(*requests) == [b"%d" % number for number in range(5)]
    connection.disconnect()
    await connection.wait_closed()


# ---- state that dies with the socket


@pytest.mark.parametrize(
    ("command", "state"),
    [(b"WATCH k", "WATCH"), (b"MULTI", "TRANSACTION"), (b"SELECT 1", "SETTINGS")],
)
async def test_state_lost_with_the_socket_is_refused_until_connect(
    connection: Connection, any_client: RawConnection, command: bytes, state: str
) -> None:
    await call(connection, command)
    await kill(connection, any_client)
    for _ in range(2):
        with pytest.raises(ConnectionError, match=f"lost, and its {state} with it"):
            await connection.create_request(b"PING")
    await connection.connect()
    assert await call(connection, b"PING") == b"PONG"


@pytest.mark.parametrize("finish", [b"EXEC", b"DISCARD"])
async def test_a_finished_transaction_is_no_state(
    connection: Connection, any_client: RawConnection, finish: bytes
) -> None:
    for command in (b"MULTI", finish):
        await call(connection, command)
    assert connection.held is Held.NOTHING
    await kill(connection, any_client)
    assert await call(connection, b"PING") == b"PONG"


async def test_state_given_up_by_disconnecting_is_not_missed(connection: Connection) -> None:
    await call(connection, b"WATCH", "k")
    connection.disconnect()
    assert connection.held is Held.NOTHING
    assert await call(connection, b"PING") == b"PONG"


async def test_an_unsendable_command_leaves_no_state(connection: Connection) -> None:
    unsendable = CommandInvocation(b"GET", ("\ud800",))
    with pytest.raises(DataError):
        await connection.create_requests([CommandInvocation(b"MULTI"), unsendable])
    assert connection.held is Held.NOTHING
