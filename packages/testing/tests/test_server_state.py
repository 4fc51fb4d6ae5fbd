"""What a test can do to a server's state, and ask about it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from respool_testing import CommandLog, FakeServer, RawConnection
from respool_testing._certificate import Certificate
from respool_testing.replies import OK, PONG


async def test_a_snapshot_brings_everything_back(
    respool_server: FakeServer, respool_raw: RawConnection
) -> None:
    respool_server.clock.freeze()
    respool_server.db[0]["l"] = ["a"]
    respool_server.db[3]["k"] = "v"
    respool_server.db[3].expire("k", 60)
    snapshot = respool_server.snapshot()
    await respool_raw.call("RPUSH", "l", "b")
    await respool_raw.call("FLUSHALL")
    respool_server.restore(snapshot)
    assert (respool_server.db[0]["l"], respool_server.db[3].ttl("k")) == ([b"a"], 60)
    assert repr(snapshot) == "<Snapshot of 2 keys>"


async def test_a_snapshot_is_good_for_many_restores(respool_server: FakeServer) -> None:
    respool_server.db[0]["l"] = ["a"]
    snapshot = respool_server.snapshot()
    async with RawConnection(respool_server.host, respool_server.port) as client:
        for _ in range(2):
            assert await client.call("RPUSH", "l", "b") == 2
            respool_server.restore(snapshot)


async def test_a_savepoint_ends_with_its_block(respool_server: FakeServer) -> None:
    respool_server.db[0]["k"] = "before"
    with respool_server.savepoint():
        respool_server.db[0]["k"] = "inside"
        respool_server.db[0]["other"] = "inside"
    assert dict(respool_server.db[0]) == {b"k": b"before"}


async def test_a_snapshot_fits_only_servers_of_its_size(respool_server: FakeServer) -> None:
    with pytest.raises(ValueError, match="4 databases does not fit into 16"):
        respool_server.restore(FakeServer(databases=4).snapshot())


async def test_a_restored_key_spoils_a_watch(respool_server: FakeServer, respool_raw: RawConnection) -> None:
    snapshot = respool_server.snapshot()
    await respool_raw.call("SET", "k", "v")
    for line in ("WATCH k", "MULTI", "PING"):
        await respool_raw.call(*line.split())
    respool_server.restore(snapshot)
    assert repr(await respool_raw.call("EXEC")) == "NullArray()"


async def test_a_reset_server_is_as_good_as_new(
    respool_server: FakeServer, respool_raw: RawConnection
) -> None:
    respool_server.clock.freeze()
    for line in ("SET k v", "CONFIG SET requirepass secret", "CONFIG SET maxclients 1"):
        await respool_raw.call(*line.split())
    respool_server.faults.on("PING").hang()
    respool_server.reset()
    assert await respool_raw.rest() == b""
    left = [len(each) for each in (respool_server.db[0], respool_server.log, respool_server.faults)]
    assert (left, respool_server.clock.frozen) == ([0, 0, 0], False)
    async with RawConnection(respool_server.host, respool_server.port) as client:
        assert await client.call("CONFIG", "GET", "maxclients") == [b"maxclients", b"10000"]


async def test_connections_are_counted(respool_server: FakeServer) -> None:
    for _ in range(3):
        async with RawConnection(respool_server.host, respool_server.port) as client:
            await client.call("PING")
    await respool_server.assert_nothing_open()
    assert respool_server.connections_received == 3


async def test_what_is_left_open_is_named(respool_server: FakeServer, respool_raw: RawConnection) -> None:
    await respool_raw.call("CLIENT", "SETNAME", "forgotten")
    with pytest.raises(AssertionError, match="name='forgotten'"):
        await respool_server.assert_nothing_open(timeout=0.01)


async def test_tcp_tls_and_a_socket_file_are_served_together(
    tmp_path: Path, respool_certificate: Certificate | None
) -> None:
    if respool_certificate is None:
        pytest.skip("needs trustme")
    path = str(tmp_path / "s")
    async with FakeServer(unixsocket=path, tls=respool_certificate.served, tls_port=0) as server:
        plain = RawConnection(server.host, server.port)
        secured = RawConnection(server.host, server.tls_port or 0, tls=respool_certificate.trust)
        async with plain, secured, RawConnection(path=path) as local:
            assert [await each.call("SET", "k", "v") for each in (plain, secured, local)] == [OK] * 3
        assert server.url == f"redis://127.0.0.1:{server.port}"
        assert server.tls_url == f"rediss://127.0.0.1:{server.tls_port}"
        assert server.unix_url == f"unix://{path}"


async def test_tls_clients_come_in_numbers(respool_certificate: Certificate | None) -> None:
    if respool_certificate is None:
        pytest.skip("needs trustme")
    trust = respool_certificate.trust

    async def ping(server: FakeServer) -> object:
        async with RawConnection(server.host, server.port, tls=trust) as client:
            return await client.call("PING")

    async with FakeServer(tls=respool_certificate.served) as server:
        assert await asyncio.gather(*(ping(server) for _ in range(20))) == [PONG] * 20


def test_what_a_server_does_not_have_has_no_address() -> None:
    server = FakeServer()
    with pytest.raises(ValueError, match="no TLS context"):
        _ = server.tls_url
    with pytest.raises(ValueError, match="no socket file"):
        _ = server.unix_url
    with pytest.raises(ValueError, match="a port for TLS needs"):
        FakeServer(tls_port=0)


@pytest.fixture
async def log() -> CommandLog:
    """Offer a short log that has let go of something."""
    async with FakeServer(log_limit=3) as server, RawConnection(server.host, server.port) as client:
        for line in ("SET a 1", "MULTI", "SET b 2", "EXEC"):
            await client.call(*line.split())
        return server.log


def test_a_log_lets_go_of_the_oldest(log: CommandLog) -> None:
    assert ([str(entry) for entry in log], log.forgotten) == (
        ["SET b 2  (not executed)  [client 1]", "EXEC  [client 1]", "SET b 2  [client 1]"],
        2,
    )


def test_what_may_have_been_forgotten_is_not_asserted(log: CommandLog) -> None:
    log.assert_called("SET")
    with pytest.raises(AssertionError, match="the log has let go of 2 requests"):
        log.assert_not_called("GET")
    with pytest.raises(AssertionError, match=r"\(the log has let go of 2 earlier ones\)"):
        log.assert_called("GET")
    log.clear()
    log.assert_not_called("GET")


async def test_the_log_knows_order_and_clients(
    respool_server: FakeServer, respool_raw: RawConnection
) -> None:
    for line in ("MULTI", "SET k v", "PING", "EXEC"):
        await respool_raw.call(*line.split())
    log = respool_server.log
    log.assert_called_in_order("MULTI", ("SET", "k"), "PING")
    with pytest.raises(AssertionError, match="SET k did not run in its place"):
        log.assert_called_in_order("PING", "SET k")
    log.assert_called("SET", client_id=1)
    log.assert_not_called("SET", client_id=2)
