"""Connections over TLS and unix sockets."""

from __future__ import annotations

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


async def test_a_unix_connection_passes_over_what_only_tcp_has(unix_server: FakeServer) -> None:
    assert unix_server.unixsocket is not None
    connection = UnixDomainSocketConnection(unix_server.unixsocket, socket_keepalive=True, tcp_user_timeout=3)
    assert await ping(connection) == b"PONG"


async def test_credentials_of_the_moment_are_asked_for_on_unix_sockets_too(tmp_path: Path) -> None:
    path = str(tmp_path / "locked.sock")
    async with FakeServer(unixsocket=path, password="pw"):
        assert await ping(UnixDomainSocketConnection(path, credential_provider=lambda: "pw")) == b"PONG"


async def test_credentials_of_the_moment_are_asked_for_on_tcp_too() -> None:
    async with FakeServer(password="pw") as server:
        connection = Connection(server.host, server.port, credential_provider=lambda: "pw")
        assert await ping(connection) == b"PONG"
