"""How a connection opens, introduces itself, and fails to."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field

import pytest
from pytest_asyncio import fixture as async_fixture

from respool._connection.base import BaseConnection
from respool._connection.tcp import Connection
from respool._wire.values import ProtocolVersion, ValueT
from respool.errors import (
    AuthenticationFailureError,
    AuthenticationRequiredError,
    ConnectionError,
    DataError,
    RedisError,
    ResponseError,
    TimeoutError,
)
from respool_testing import FakeServer, RealServer

AnyServer = FakeServer | RealServer


@contextlib.asynccontextmanager
async def closing(connection: Connection) -> AsyncIterator[Connection]:
    """Leave nothing open, whatever the test made of it."""
    try:
        yield connection
    finally:
        connection.disconnect()
        await connection.wait_closed()


@dataclass
class SilentServer:
    """Accepts, reads and never answers; the events tell that it was asked something, and hung up on."""

    port: int = 0
    asked: asyncio.Event = field(default_factory=asyncio.Event)
    hung_up: asyncio.Event = field(default_factory=asyncio.Event)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            await reader.read(1)
            self.asked.set()
            await reader.read(-1)
        writer.close()
        self.hung_up.set()


@async_fixture
async def silent_server() -> AsyncIterator[SilentServer]:
    silent = SilentServer()
    async with await asyncio.start_server(silent.serve, "127.0.0.1", 0) as server:
        silent.port = server.sockets[0].getsockname()[1]
        yield silent


@pytest.fixture
def nobody() -> Iterator[int]:
    """Offer a port that refuses connections: bound, so that nobody else gets it, and not listening."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield bound.getsockname()[1]


async def call(connection: BaseConnection, command: bytes, *args: ValueT) -> object:
    return await (await connection.create_request(command, *args))


@pytest.mark.parametrize("protocol", [2, 3])
async def test_the_server_tells_who_it_is(any_server: AnyServer, protocol: ProtocolVersion) -> None:
    async with closing(Connection(any_server.host, any_server.port, protocol_version=protocol)) as connection:
        await connection.connect()
        assert connection.client_id == await call(connection, b"CLIENT ID")
        assert connection.server_version is not None
        assert connection.server_version >= (6,)


@pytest.mark.parametrize("protocol", [2, 3])
async def test_the_server_is_told_name_and_database(any_server: AnyServer, protocol: ProtocolVersion) -> None:
    connection = Connection(
        any_server.host, any_server.port, db=3, client_name="me", protocol_version=protocol
    )
    async with closing(connection):
        info = await call(connection, b"CLIENT INFO")
        assert isinstance(info, bytes)
        assert {b"db=3", b"name=me"} <= set(info.split())


async def test_the_server_is_told_not_to_count_its_reads(respool_server: FakeServer) -> None:
    async with closing(Connection(respool_server.host, respool_server.port, notouch=True)) as connection:
        await connection.connect()
        respool_server.log.assert_called("CLIENT", "NO-TOUCH", "ON", times=1)


async def test_a_password_lets_in() -> None:
    async with (
        FakeServer(password="pw", users={"ann": "secret"}) as server,
        closing(Connection(server.host, server.port, password="pw")) as default,
        closing(Connection(server.host, server.port, username="ann", password="secret")) as ann,
    ):
        assert await call(default, b"PING") == await call(ann, b"PING") == b"PONG"


async def test_a_refused_password_says_so_without_showing_it(any_server: AnyServer) -> None:
    connection = Connection(any_server.host, any_server.port, username="nobody", password="s3cret")
    async with closing(connection):
        with pytest.raises(AuthenticationFailureError) as refused:
            await connection.connect()
        assert not connection.is_connected
        assert "s3cret" not in str(refused.value) + repr(connection)


async def test_a_missing_password_says_so() -> None:
    async with (
        FakeServer(password="pw") as server,
        closing(Connection(server.host, server.port)) as connection,
    ):
        with pytest.raises(AuthenticationRequiredError):
            await connection.connect()


async def test_a_refused_database_is_named(any_server: AnyServer) -> None:
    async with closing(Connection(any_server.host, any_server.port, db=9999)) as connection:
        with pytest.raises(ResponseError, match="SELECT 9999"):
            await connection.create_request(b"PING")


async def test_a_refused_handshake_leaves_no_socket(respool_server: FakeServer) -> None:
    async with closing(Connection(respool_server.host, respool_server.port, db=99)) as connection:
        with pytest.raises(ResponseError):
            await connection.connect()
        await respool_server.until(lambda: not respool_server.connections)


async def test_after_a_refusal_it_can_be_tried_again(respool_server: FakeServer) -> None:
    respool_server.faults.on("HELLO").reply_error("LOADING still").times(1)
    async with closing(Connection(respool_server.host, respool_server.port)) as connection:
        with pytest.raises(ConnectionError, match="LOADING"):
            await connection.connect()
        await connection.connect()
        assert await call(connection, b"PING") == b"PONG"


async def test_a_refused_connection_names_the_address(nobody: int) -> None:
    connection = Connection("127.0.0.1", nobody)
    with pytest.raises(ConnectionError, match=f"127.0.0.1:{nobody}") as refused:
        await connection.connect()
    assert isinstance(refused.value.__cause__, OSError)
    assert not refused.value.maybe_executed


async def test_a_request_fails_as_its_connection_does(nobody: int) -> None:
    with pytest.raises(ConnectionError, match="cannot connect"):
        await Connection("127.0.0.1", nobody).create_request(b"SET", "k", "v")


async def test_everybody_who_waits_gets_an_error_of_his_own(nobody: int) -> None:
    connection = Connection("127.0.0.1", nobody)
    errors = await asyncio.gather(*(connection.connect() for _ in range(3)), return_exceptions=True)
    assert [type(error) for error in errors] == [ConnectionError] * 3
    assert len(set(map(id, errors))) == 3


async def test_a_listener_that_never_answers_is_given_up(silent_server: SilentServer) -> None:
    connection = Connection("127.0.0.1", silent_server.port, connect_timeout=0.05)
    async with closing(connection):
        with pytest.raises(TimeoutError, match="connect_timeout") as timed_out:
            await connection.connect()
        assert not timed_out.value.maybe_executed
        await silent_server.hung_up.wait()


async def test_a_server_that_hangs_up_in_the_handshake_fails_it(respool_server: FakeServer) -> None:
    respool_server.faults.on("HELLO").drop_connection()
    async with closing(Connection(respool_server.host, respool_server.port)) as connection:
        with pytest.raises(ConnectionError):
            await connection.connect()


async def test_concurrent_connects_share_one_opening(respool_server: FakeServer) -> None:
    async with closing(Connection(respool_server.host, respool_server.port)) as connection:
        await asyncio.gather(*(connection.connect() for _ in range(20)))
        assert len(respool_server.connections) == 1
        respool_server.log.assert_called("HELLO", times=1)


async def test_connecting_again_does_nothing(respool_server: FakeServer) -> None:
    async with closing(Connection(respool_server.host, respool_server.port)) as connection:
        await connection.connect()
        await connection.connect()
        respool_server.log.assert_called("HELLO", times=1)


async def test_a_connect_cancelled_before_it_began_leaves_nothing(respool_server: FakeServer) -> None:
    async with closing(Connection(respool_server.host, respool_server.port)) as connection:
        attempt = asyncio.create_task(connection.connect())
        await asyncio.sleep(0)
        attempt.cancel()
        with pytest.raises(asyncio.CancelledError):
            await attempt
        assert not connection.is_connected
        await connection.connect()
        assert connection.is_connected


async def test_a_cancelled_connect_leaves_the_opening_to_others(respool_server: FakeServer) -> None:
    async with closing(Connection(respool_server.host, respool_server.port)) as connection:
        first, second = (asyncio.create_task(connection.connect()) for _ in range(2))
        await asyncio.sleep(0)
        first.cancel()
        await second
        assert first.cancelled()
        assert connection.is_connected


async def test_disconnecting_ends_an_opening_under_way(silent_server: SilentServer) -> None:
    async with closing(Connection("127.0.0.1", silent_server.port)) as connection:
        attempt = asyncio.create_task(connection.connect())
        await silent_server.asked.wait()
        connection.disconnect()
        with pytest.raises(ConnectionError, match="disconnected"):
            await attempt
        await silent_server.hung_up.wait()


async def test_callbacks_run_in_order_before_anything_else(respool_server: FakeServer) -> None:
    said: list[str] = []

    async def introduce(connection: BaseConnection) -> None:
        said.append("first")
        await call(connection, b"SET", "who", "callback")

    connection = Connection(respool_server.host, respool_server.port)
    connection.register_connect_callback(introduce)
    connection.register_connect_callback(lambda _: said.append("second"))
    async with closing(connection):
        assert await call(connection, b"GET", "who") == b"callback"
        assert said == ["first", "second"]


async def test_callbacks_run_again_after_every_connect(respool_server: FakeServer) -> None:
    ids: list[int | None] = []
    connection = Connection(respool_server.host, respool_server.port)
    connection.register_connect_callback(lambda fresh: ids.append(fresh.client_id))
    async with closing(connection):
        await connection.connect()
        connection.disconnect()
        await connection.connect()
        assert len(set(ids)) == 2
        assert None not in ids


async def test_forgotten_callbacks_do_not_run(respool_server: FakeServer) -> None:
    connection = Connection(respool_server.host, respool_server.port)
    connection.register_connect_callback(lambda _: pytest.fail("it was forgotten"))
    connection.clear_connect_callbacks()
    async with closing(connection):
        await connection.connect()


async def test_what_a_callback_raises_fails_the_attempt(respool_server: FakeServer) -> None:
    def refuse(_: BaseConnection) -> None:
        raise ValueError("not today")

    connection = Connection(respool_server.host, respool_server.port)
    connection.register_connect_callback(refuse)
    async with closing(connection):
        with pytest.raises(ConnectionError, match="not today") as failed:
            await connection.connect()
        assert isinstance(failed.value.__cause__, ValueError)
        await respool_server.until(lambda: not respool_server.connections)


async def test_our_own_error_from_a_callback_comes_as_it_is(respool_server: FakeServer) -> None:
    async def ask_nonsense(connection: BaseConnection) -> None:
        await call(connection, b"NOPE")

    connection = Connection(respool_server.host, respool_server.port)
    connection.register_connect_callback(ask_nonsense)
    async with closing(connection):
        with pytest.raises(ResponseError, match="unknown command"):
            await connection.connect()


@pytest.mark.parametrize(
    "options",
    [
        {"protocol_version": 4},
        {"encoding": "klingon"},
        {"stream_timeout": -1},
        {"connect_timeout": float("nan")},
        {"stream_timeout": "soon"},
    ],
)
def test_settings_that_make_no_sense_are_refused_at_once(options: dict[str, object]) -> None:
    with pytest.raises(DataError):
        Connection("127.0.0.1", 1, **options)  # type: ignore[arg-type]


async def test_its_repr_tells_address_database_and_state(respool_server: FakeServer) -> None:
    connection = Connection(respool_server.host, respool_server.port, db=2, password=None)
    where = f"<Connection 127.0.0.1:{respool_server.port} db=2"
    assert repr(connection) == f"{where} not connected>"
    async with closing(connection):
        connection.start()
        assert repr(connection) == f"{where} connecting>"
        await connection.connect()
        assert repr(connection) == f"{where} connected>"


def test_an_ipv6_address_is_told_in_brackets() -> None:
    assert Connection("::1", 6379).describe() == "[::1]:6379"


async def test_a_name_that_cannot_be_one_is_our_error_too(nobody: int) -> None:
    with pytest.raises(RedisError, match="cannot connect"):
        await Connection("x" * 64 + ".invalid", nobody).connect()
