"""When a silent connection is doubted, and what is asked of it before it is trusted again."""

from __future__ import annotations

import asyncio

import pytest

from respool import BaseConnection, Connection, ConnectionPool, Redis
from respool._connection import base, generation
from respool.errors import ConnectionError
from respool_testing import FakeServer, simulate


@pytest.fixture
def soon_idle(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (generation, base):
        monkeypatch.setattr(module, "TRUSTED_SECONDS", -1.0)
        monkeypatch.setattr(module, "PROBE_SECONDS", 0.05)


def commands(server: FakeServer) -> list[bytes]:
    return [entry.words[0] for entry in server.log if entry.words[0] not in (b"HELLO", b"CLIENT")]


# ---- what was idle for long


@pytest.mark.usefixtures("soon_idle")
async def test_an_idle_shared_connection_is_asked_for_a_sign_of_life_first(
    respool_server: FakeServer,
) -> None:
    async with Redis.from_url(respool_server.url) as redis:
        first = [redis.incr("k"), redis.incr("k")]
        assert await asyncio.gather(*first) == [1, 2]
        assert commands(respool_server) == [b"PING", b"INCRBY", b"INCRBY"]


@pytest.mark.usefixtures("soon_idle")
async def test_a_write_on_a_dead_idle_connection_goes_to_another_and_is_executed_once(
    respool_server: FakeServer,
) -> None:
    async with Redis.from_url(respool_server.url) as redis:
        dead = respool_server.faults.on("PING").hang().times(1)
        assert await redis.incr("k") == 1
        assert dead.hits == 1
        assert respool_server.connections_received == 2


@pytest.mark.usefixtures("soon_idle")
async def test_a_dead_idle_connection_is_not_leased(respool_server: FakeServer) -> None:
    async with ConnectionPool.from_url(respool_server.url) as pool:
        dead = respool_server.faults.on("PING").hang().times(1)
        async with pool.connection() as connection:
            assert await (await connection.create_request(b"INCR", "k")) == 1
        async with pool.connection() as connection:
            assert await (await connection.create_request(b"INCR", "k")) == 2
        assert dead.hits == 1


@pytest.mark.usefixtures("soon_idle")
async def test_a_refused_ping_is_a_sign_of_life(respool_server: FakeServer) -> None:
    respool_server.faults.on("PING").reply_error("NOPERM no permission")
    async with Redis.from_url(respool_server.url) as redis:
        assert await redis.incr("k") == 1


@pytest.mark.usefixtures("soon_idle")
async def test_nothing_is_asked_where_nothing_would_be_answered(respool_server: FakeServer) -> None:
    async with ConnectionPool.from_url(respool_server.url, noreply=True) as pool:
        async with pool.connection() as connection:
            await (await connection.create_request(b"INCR", "k"))
            await respool_server.until(lambda: b"INCR" in commands(respool_server))
        assert commands(respool_server) == [b"INCR"]


async def test_a_connection_in_use_is_trusted(respool_server: FakeServer) -> None:
    async with Redis.from_url(respool_server.url) as redis:
        await redis.incr("k")
        await redis.incr("k")
        assert commands(respool_server) == [b"INCRBY", b"INCRBY"]


# ---- silence


class Suspicious(ConnectionPool):
    """A pool that takes note of what it is told."""

    suspected = 0

    def on_suspect(self, connection: BaseConnection) -> None:
        self.suspected += 1


async def suspicions(*commands: tuple[str | int, ...], hello: float = 0.0, get: float = 0.0) -> int:
    """Return how often a pool doubted a server that takes so many seconds for HELLO and for GET."""
    async with FakeServer() as server, Suspicious.from_url(server.url) as pool:
        for name, seconds in (("HELLO", hello), ("GET", get)):
            if seconds:
                server.faults.on(name).delay(seconds)
        for command in commands:
            assert await Redis(connection_pool=pool).execute_command(*command) is None
        return pool.suspected


def test_a_pool_is_told_of_silence_every_second_and_the_command_waits_on() -> None:
    assert simulate(lambda _: suspicions(("GET", "k"), get=3.5)) == 3


def test_a_slow_opening_is_suspect_too() -> None:
    assert simulate(lambda _: suspicions(("GET", "k"), hello=1.5)) == 1


def test_silence_after_a_slow_opening_is_told_too() -> None:
    assert simulate(lambda _: suspicions(("GET", "k"), hello=1.5, get=1.5)) == 2


def test_the_silence_of_a_blocking_command_is_not_suspect() -> None:
    assert simulate(lambda _: suspicions(("BLPOP", "list", 10))) == 0


# ---- last words


@pytest.mark.parametrize("protocol", [2, 3])
async def test_why_a_server_hangs_up_in_the_handshake_is_told(
    respool_server: FakeServer, protocol: int
) -> None:
    respool_server.faults.on("HELLO").max_clients()
    connection = Connection(respool_server.host, respool_server.port, protocol_version=protocol)  # type: ignore[arg-type]
    with pytest.raises(ConnectionError, match="max number of clients"):
        await connection.connect()
    await connection.wait_closed()


# ---- converters


@pytest.mark.parametrize(
    "error", [asyncio.CancelledError(), StopIteration(), ValueError("no"), InterruptedError()]
)
async def test_what_a_converter_raises_ends_its_own_request_alone(
    respool_server: FakeServer, error: BaseException
) -> None:
    from respool.lowlevel import build_request

    def fail(_: object) -> object:
        raise error

    connection = Connection(respool_server.host, respool_server.port)
    await connection.connect()
    failing, fine = build_request(("PING",), convert=fail), build_request(("ECHO", "fine"))
    for request in (failing, fine):
        connection.start().send(request)
    assert await fine.future == b"fine"
    with pytest.raises((type(error), RuntimeError)):
        await failing.future
    connection.disconnect()
    await connection.wait_closed()
