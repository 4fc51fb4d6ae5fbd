"""The fake server's life: listeners, connections, starting and stopping."""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path

import pytest
import trustme

from respool_testing import FakeServer, RawConnection
from respool_testing.replies import OK, PONG, Error


async def test_a_server_has_an_address_while_it_runs() -> None:
    async with FakeServer() as server:
        assert server.running
        assert server.url == f"redis://127.0.0.1:{server.port}"
        async with RawConnection(server.host, server.port) as client:
            assert await client.call("PING") == PONG
    assert not server.running


async def test_the_password_is_part_of_the_address() -> None:
    async with FakeServer(password="p@ss/word") as server:
        assert server.url == f"redis://:p%40ss%2Fword@127.0.0.1:{server.port}"


async def test_a_stopped_server_refuses_connections_and_has_closed_its_own() -> None:
    async with FakeServer() as server:
        client = await RawConnection(server.host, server.port).__aenter__()
        assert await client.call("PING") == PONG
    assert await client.rest() == b""
    await client.close()
    with pytest.raises(ConnectionRefusedError):
        await RawConnection(server.host, server.port).__aenter__()


async def test_a_server_starts_again_on_its_port_with_its_data() -> None:
    server = FakeServer()
    await server.start()
    server.db[0]["k"] = "v"
    port = server.port
    await server.stop()
    await server.start()
    assert (server.port, server.db[0]["k"]) == (port, b"v")
    await server.stop()


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
async def test_a_loopback_address_may_be_chosen(host: str) -> None:
    async with FakeServer(host=host) as server, RawConnection(server.host, server.port) as client:
        assert await client.call("PING") == PONG


async def test_starting_and_stopping_twice_changes_nothing() -> None:
    server = FakeServer()
    await server.start()
    port = server.port
    await server.start()
    assert server.port == port
    await server.stop()
    await server.stop()


async def test_a_restart_loses_the_data_unless_told_otherwise(respool_server: FakeServer) -> None:
    respool_server.db[0]["k"] = "v"
    await respool_server.restart(lose_data=False)
    assert "k" in respool_server.db[0]
    await respool_server.restart()
    assert "k" not in respool_server.db[0]


async def test_a_taken_port_is_an_error(respool_server: FakeServer) -> None:
    with pytest.raises(OSError, match="address already in use"):
        await FakeServer(port=respool_server.port).start()


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.1", "example.com", ""])
def test_only_loopback_addresses_are_served(host: str) -> None:
    with pytest.raises(ValueError, match="loopback"):
        FakeServer(host=host)


@pytest.mark.parametrize("version", ["7", "7.4", "seven", "7.4.x"])
def test_a_version_is_three_numbers(version: str) -> None:
    with pytest.raises(ValueError, match="three numbers"):
        FakeServer(version=version)


async def test_dropped_clients_hear_nothing_and_new_ones_are_welcome(respool_server: FakeServer) -> None:
    async with RawConnection(respool_server.host, respool_server.port) as client:
        await client.call("PING")
        assert respool_server.drop_connections() == 1
        assert await client.rest() == b""
    async with RawConnection(respool_server.host, respool_server.port) as client:
        assert await client.call("PING") == PONG


async def test_connections_tell_who_is_there(respool_server: FakeServer, respool_raw: RawConnection) -> None:
    await respool_raw.call("HELLO", 3, "SETNAME", "me")
    await respool_raw.call("SELECT", 2)
    (seen,) = respool_server.connections
    assert (seen.name, seen.database, seen.protocol, seen.user, seen.blocked) == (
        "me",
        2,
        3,
        "default",
        False,
    )


async def test_until_wakes_when_its_condition_holds(respool_server: FakeServer) -> None:
    two_are_here = asyncio.ensure_future(respool_server.until(lambda: len(respool_server.connections) == 2))
    async with RawConnection(respool_server.host, respool_server.port) as client:
        await client.call("PING")
        assert not two_are_here.done()
        async with RawConnection(respool_server.host, respool_server.port):
            await two_are_here


async def test_until_can_be_given_up(respool_server: FakeServer, respool_raw: RawConnection) -> None:
    waiting = asyncio.ensure_future(respool_server.until(lambda: False))
    await asyncio.wait([waiting], timeout=0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert await respool_raw.call("PING") == PONG


async def test_requests_are_served_in_pieces_of_any_size(respool_raw: RawConnection) -> None:
    for byte in b"*2\r\n$4\r\nECHO\r\n$2\r\nhi\r\n":
        respool_raw.write(bytes([byte]))
        await asyncio.wait([asyncio.ensure_future(asyncio.sleep(0))])
    assert await respool_raw.reply() == b"hi"


async def test_a_large_value_goes_through(respool_raw: RawConnection) -> None:
    value = b"x" * 5_000_000
    assert await respool_raw.call("SET", "k", value) == OK
    assert await respool_raw.call("GET", "k") == value


async def test_a_client_that_does_not_read_is_not_served_for_ever(
    respool_server: FakeServer, respool_raw: RawConnection
) -> None:
    await respool_raw.call("SET", "k", b"x" * 1_000_000)
    async with RawConnection(respool_server.host, respool_server.port) as lazy:
        for _ in range(100):
            lazy.send("GET", "k")
        await respool_raw.call("PING")
        assert len(respool_server.log.calls("GET")) < 100
        for _ in range(100):
            await lazy.reply()


async def test_a_seed_makes_choices_repeatable() -> None:
    chosen = []
    for _ in range(2):
        async with FakeServer(seed=7) as server, RawConnection(server.host, server.port) as client:
            for number in range(20):
                server.db[0][f"k{number}"] = "v"
            chosen.append([await client.call("RANDOMKEY") for _ in range(5)])
    assert chosen[0] == chosen[1]


async def test_a_socket_file_is_served_and_removed(tmp_path: Path) -> None:
    path = tmp_path / "socket"
    async with FakeServer(unixsocket=str(path)):
        async with RawConnection(path=str(path)) as client:
            assert await client.call("PING") == PONG
            info = await client.call("CLIENT", "INFO")
        assert isinstance(info, bytes)
        assert b"addr=" + str(path).encode() + b":0" in info
    assert not path.exists()


async def test_a_port_can_speak_tls() -> None:
    authority = trustme.CA()
    ours, theirs = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH), ssl.create_default_context()
    authority.issue_cert("127.0.0.1").configure_cert(ours)
    authority.configure_trust(theirs)
    async with FakeServer(tls=ours) as server:
        assert server.url.startswith("rediss://")
        async with RawConnection(server.host, server.port, tls=theirs) as client:
            assert await client.call("PING") == PONG


async def test_an_older_server_lacks_what_came_later() -> None:
    async with FakeServer(version="6.0.0") as server, RawConnection(server.host, server.port) as client:
        reply = await client.call("GETEX", "k")
        assert reply == Error.of("ERR unknown command 'GETEX', with args beginning with: 'k' ")
        assert await client.call("CLIENT", "NO-EVICT", "on") == Error.of(
            "ERR unknown subcommand 'NO-EVICT'. Try CLIENT HELP."
        )
