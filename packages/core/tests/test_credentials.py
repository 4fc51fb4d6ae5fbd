"""Credentials that change: asked for at each connect, and sent again on live connections."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable

import pytest

from packages.core.tests.waiting import come_true
from respool import Connection, ConnectionPool, CredentialProvider, Credentials, Redis
from respool.errors import AuthenticationFailureError, ConnectionError, DataError
from respool_testing import FakeServer


class Vault:
    """A provider whose password is changed by the test."""

    def __init__(self, password: str) -> None:
        self.password = password
        self.asked = 0
        self.listeners: list[Callable[[], None]] = []

    def get_credentials(self) -> Credentials:
        self.asked += 1
        return self.password

    def subscribe(self, on_change: Callable[[], None]) -> Callable[[], None]:
        self.listeners.append(on_change)
        return lambda: self.listeners.remove(on_change)

    def change(self, password: str) -> None:
        self.password = password
        for listener in list(self.listeners):
            listener()


def said(server: FakeServer) -> list[list[bytes]]:
    return [list(entry.words) for entry in server.log if entry.words[0] == b"AUTH"]


async def ask_in_time() -> Credentials:
    await asyncio.sleep(0)
    return None, "right"


@pytest.mark.parametrize(
    "source",
    [lambda: "right", lambda: ("default", "right"), lambda: (None, "right"), ask_in_time, Vault("right")],
    ids=["password", "user and password", "default user", "coroutine function", "object"],
)
async def test_credentials_are_asked_for_at_each_connect(
    source: CredentialProvider | Callable[[], Credentials | Awaitable[Credentials]],
) -> None:
    async with FakeServer(password="right") as server:
        connection = Connection(server.host, server.port, credential_provider=source)
        for _ in range(2):
            assert await (await connection.create_request(b"PING")) == b"PONG"
            connection.disconnect()
        await connection.wait_closed()


async def test_new_credentials_are_used_from_the_next_connect_on() -> None:
    vault = Vault("wrong")
    async with FakeServer(password="right") as server:
        pool = ConnectionPool(
            host=server.host, port=server.port, credential_provider=vault, max_connections=1
        )
        with pytest.raises(AuthenticationFailureError):
            await pool.get_connection()
        vault.password = "right"
        async with pool.connection() as connection:
            assert await (await connection.create_request(b"PING")) == b"PONG"
        await pool.aclose()
        assert vault.asked == 2


@pytest.mark.parametrize("answer", [7654, ("a", "b", "c"), ("user", None), b"bytes"])
async def test_what_is_no_credential_fails_the_connect_and_is_not_told(
    respool_server: FakeServer, answer: object
) -> None:
    connection = Connection(respool_server.host, respool_server.port, credential_provider=lambda: answer)  # type: ignore[arg-type]
    with pytest.raises(DataError, match="credentials are") as caught:
        await connection.connect()
    assert repr(answer) not in str(caught.value)


async def test_a_provider_that_fails_fails_the_connect(respool_server: FakeServer) -> None:
    def fail() -> str:
        raise RuntimeError("the vault is closed")

    connection = Connection(respool_server.host, respool_server.port, credential_provider=fail)
    with pytest.raises(ConnectionError, match="vault is closed") as caught:
        await connection.connect()
    assert isinstance(caught.value.__cause__, RuntimeError)


async def test_a_provider_counts_into_the_time_to_connect(respool_server: FakeServer) -> None:
    async def never() -> str:
        await asyncio.get_running_loop().create_future()
        return ""

    connection = Connection(
        respool_server.host, respool_server.port, connect_timeout=0.02, credential_provider=never
    )
    with pytest.raises(TimeoutError, match="connect_timeout"):
        await connection.connect()


def test_two_sources_of_credentials_are_one_too_many() -> None:
    with pytest.raises(DataError, match="not both"):
        Connection(password="secret", credential_provider=lambda: "other")


async def test_live_connections_authenticate_anew_when_credentials_change() -> None:
    vault = Vault("right")
    async with FakeServer(password="right") as server:
        redis = Redis(server.host, server.port, credential_provider=vault)
        await redis.ping()
        vault.change("right")
        await server.until(lambda: bool(said(server)))
        assert await redis.ping() == b"PONG"
        assert len(server.connections) == 1
        await redis.aclose()
        assert not vault.listeners


async def test_a_change_may_be_told_from_another_thread() -> None:
    vault = Vault("right")
    async with FakeServer(password="right") as server:
        redis = Redis(server.host, server.port, credential_provider=vault)
        await redis.ping()
        thread = threading.Thread(target=vault.change, args=("right",))
        thread.start()
        await server.until(lambda: bool(said(server)))
        thread.join()
        await redis.aclose()


async def test_authentication_waits_for_the_end_of_a_transaction() -> None:
    vault = Vault("right")
    async with FakeServer(password="right") as server:
        connection = Connection(server.host, server.port, credential_provider=vault)
        await (await connection.create_request(b"MULTI"))
        vault.change("right")
        await come_true(lambda: vault.asked == 2)
        assert await (await connection.create_request(b"INCR", "k")) == b"QUEUED"
        assert await (await connection.create_request(b"EXEC")) == [1]
        await server.until(lambda: bool(said(server)))
        assert await (await connection.create_request(b"PING")) == b"PONG"
        connection.disconnect()
        await connection.wait_closed()


async def test_a_connection_whose_new_credentials_are_refused_is_closed() -> None:
    vault = Vault("right")
    async with FakeServer(password="right") as server:
        connection = Connection(server.host, server.port, credential_provider=vault)
        await connection.connect()
        vault.change("wrong")
        await server.until(lambda: not server.connections)
        with pytest.raises(AuthenticationFailureError):
            await connection.connect()
        await connection.wait_closed()
        assert not vault.listeners


async def test_a_provider_that_fails_later_leaves_the_connection_as_it_is() -> None:
    vault = Vault("right")
    async with FakeServer(password="right") as server:
        connection = Connection(server.host, server.port, credential_provider=vault)
        await connection.connect()
        vault.change(None)  # type: ignore[arg-type]
        await come_true(lambda: vault.asked == 2)
        assert await (await connection.create_request(b"PING")) == b"PONG"
        connection.disconnect()
        await connection.wait_closed()
