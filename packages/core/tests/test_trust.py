"""When a silent connection is doubted, and what is asked of it before it is trusted again."""

from __future__ import annotations

import asyncio

import pytest

from packages.core.tests.waiting import come_true
from respool import BaseConnection, Connection, ConnectionPool, Redis
from respool._connection import base, generation, link, silence
from respool.errors import ConnectionError
from respool_testing import FakeServer


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


@pytest.fixture
def soon_suspect(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (generation, link, silence):
        monkeypatch.setattr(module, "SUSPECT_SECONDS", 0.01)


@pytest.mark.usefixtures("soon_suspect")
async def test_a_pool_is_told_of_silence_and_the_command_waits_on(respool_server: FakeServer) -> None:
    respool_server.clock.freeze()
    respool_server.faults.on("GET").delay(1)
    async with Suspicious.from_url(respool_server.url) as pool:
        waiting = Redis(connection_pool=pool).get("k")
        await come_true(lambda: pool.suspected >= 2)
        assert not waiting.done()
        respool_server.clock.advance(1)
        assert await waiting is None


@pytest.mark.usefixtures("soon_suspect")
async def test_silence_after_a_slow_opening_is_told_too(respool_server: FakeServer) -> None:
    respool_server.faults.on("HELLO").delay(0.03)
    async with Suspicious.from_url(respool_server.url) as pool:
        hung = respool_server.faults.on("GET").hang()
        waiting = Redis(connection_pool=pool).get("k")
        await respool_server.until(lambda: hung.hits > 0)
        before = pool.suspected
        await come_true(lambda: pool.suspected > before)
        waiting.cancel()
        pool.disconnect()


@pytest.mark.usefixtures("soon_suspect")
async def test_a_slow_opening_is_suspect_too(respool_server: FakeServer) -> None:
    respool_server.clock.freeze()
    slow = respool_server.faults.on("HELLO").delay(1)
    async with Suspicious.from_url(respool_server.url) as pool:
        waiting = Redis(connection_pool=pool).get("k")
        await come_true(lambda: pool.suspected >= 1 and slow.hits > 0)
        respool_server.clock.advance(1)
        assert await waiting is None


@pytest.mark.usefixtures("soon_suspect")
async def test_the_silence_of_a_blocking_command_is_not_suspect(respool_server: FakeServer) -> None:
    async with Suspicious.from_url(respool_server.url) as pool:
        popping = Redis(connection_pool=pool).execute_command("BLPOP", "list", 0)
        other = Redis(connection_pool=pool)
        await respool_server.until(lambda: any(each.blocked for each in respool_server.connections))
        for _ in range(20):
            await other.ping()
        assert pool.suspected == 0
        await other.execute_command("RPUSH", "list", "x")
        assert await popping == [b"list", b"x"]


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
    assert await fine == b"fine"
    with pytest.raises((type(error), RuntimeError)):
        await failing
    connection.disconnect()
    await connection.wait_closed()
