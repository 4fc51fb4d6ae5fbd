"""Connections over TLS and unix sockets, and the options of a TCP socket."""

from __future__ import annotations

import socket
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import trustme
from pytest_asyncio import fixture as async_fixture

from respool._connection.base import BaseConnection
from respool._connection.tcp import Connection
from respool._connection.unix import UnixDomainSocketConnection
from respool.errors import ConnectionError
from respool_testing import FakeServer


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@async_fixture
async def tls_server(authority: trustme.CA) -> AsyncIterator[FakeServer]:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    async with FakeServer(tls=context) as server:
        yield server


@async_fixture
async def unix_server(tmp_path: Path) -> AsyncIterator[FakeServer]:
    async with FakeServer(unixsocket=str(tmp_path / "redis.sock")) as server:
        yield server


def trusting(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


async def ping(connection: BaseConnection) -> object:
    """Say PING, then close."""
    try:
        return await (await connection.create_request(b"PING"))
    finally:
        connection.disconnect()
        await connection.wait_closed()


def socket_of(connection: BaseConnection) -> socket.socket:
    transport = connection.start().transport
    assert transport is not None
    found = transport.get_extra_info("socket")
    assert found is not None
    return found  # type: ignore[no-any-return]


async def test_a_connection_speaks_tls(tls_server: FakeServer, authority: trustme.CA) -> None:
    connection = Connection(tls_server.host, tls_server.port, ssl_context=trusting(authority))
    assert await ping(connection) == b"PONG"


async def test_large_values_go_over_tls(tls_server: FakeServer, authority: trustme.CA) -> None:
    connection = Connection(tls_server.host, tls_server.port, ssl_context=trusting(authority))
    value = b"x" * 1_000_000
    await (await connection.create_request(b"SET", "k", value))
    assert await (await connection.create_request(b"GET", "k")) == value
    connection.disconnect()
    await connection.wait_closed()


async def test_a_certificate_nobody_vouches_for_is_refused(tls_server: FakeServer) -> None:
    connection = Connection(
        tls_server.host, tls_server.port, ssl_context=ssl.create_default_context(), connect_timeout=5
    )
    with pytest.raises(ConnectionError, match="no TLS connection") as refused:
        await ping(connection)
    assert isinstance(refused.value.__cause__, ssl.SSLError)


async def test_tls_to_a_server_without_it_fails_clearly(
    respool_server: FakeServer, authority: trustme.CA
) -> None:
    connection = Connection(respool_server.host, respool_server.port, ssl_context=trusting(authority))
    with pytest.raises(ConnectionError, match=connection.describe()):
        await ping(connection)


async def test_no_tls_to_a_server_with_it_fails_clearly(tls_server: FakeServer) -> None:
    connection = Connection(tls_server.host, tls_server.port)
    with pytest.raises(ConnectionError, match=connection.describe()):
        await ping(connection)


async def test_a_connection_speaks_over_a_unix_socket(unix_server: FakeServer) -> None:
    assert unix_server.unixsocket is not None
    connection = UnixDomainSocketConnection(unix_server.unixsocket, db=1)
    assert repr(connection) == (
        f"<UnixDomainSocketConnection unix:{unix_server.unixsocket} db=1 not connected>"
    )
    assert await ping(connection) == b"PONG"


async def test_a_missing_unix_socket_is_named(tmp_path: Path) -> None:
    path = str(tmp_path / "nobody.sock")
    with pytest.raises(ConnectionError, match=r"nobody\.sock"):
        await ping(UnixDomainSocketConnection(path))


async def test_small_writes_are_not_held_back(respool_server: FakeServer) -> None:
    connection = Connection(respool_server.host, respool_server.port)
    await connection.connect()
    assert socket_of(connection).getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
    await ping(connection)


@pytest.mark.parametrize(("asked", "set_on_socket"), [(None, True), (True, True), (False, False)])
async def test_keepalive_is_on_unless_refused(
    respool_server: FakeServer, asked: bool | None, set_on_socket: bool
) -> None:
    connection = Connection(respool_server.host, respool_server.port, socket_keepalive=asked)
    await connection.connect()
    assert bool(socket_of(connection).getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)) is set_on_socket
    await ping(connection)


@pytest.mark.skipif(not hasattr(socket, "TCP_KEEPCNT"), reason="this system does not count keepalive probes")
async def test_keepalive_options_reach_the_socket(respool_server: FakeServer) -> None:
    options: dict[int, int | bytes] = {socket.TCP_KEEPCNT: 4}
    connection = Connection(respool_server.host, respool_server.port, socket_keepalive_options=options)
    await connection.connect()
    assert socket_of(connection).getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT) == 4
    await ping(connection)


async def test_a_keepalive_option_the_system_lacks_is_our_error(respool_server: FakeServer) -> None:
    connection = Connection(respool_server.host, respool_server.port, socket_keepalive_options={12345: 1})
    with pytest.raises(ConnectionError, match="cannot connect"):
        await ping(connection)
    await respool_server.until(lambda: not respool_server.connections)
