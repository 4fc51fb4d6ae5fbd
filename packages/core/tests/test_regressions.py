"""Faults that were found once and must not come back."""

from __future__ import annotations

import asyncio

import pytest

from respool import Connection
from respool.errors import ConnectionError, DataError, TimeoutError
from respool.lowlevel import build_request
from respool_testing import FakeServer


async def ask(connection: Connection, *args: str | int) -> object:
    return await (await connection.create_request(str(args[0]).encode(), *args[1:]))


async def test_a_list_that_looks_like_a_message_is_still_a_reply(respool_server: FakeServer) -> None:
    connection = Connection(respool_server.host, respool_server.port)
    await connection.send_command(b"SUBSCRIBE", "channel")
    await ask(connection, "RPUSH", "l", "message", "a")
    assert await ask(connection, "LRANGE", "l", 0, -1) == [b"message", b"a"]
    assert await ask(connection, "ECHO", "mine") == b"mine"
    connection.disconnect()
    await connection.wait_closed()


async def test_a_default_deadline_is_kept_beside_a_longer_one(respool_server: FakeServer) -> None:
    connection = Connection(respool_server.host, respool_server.port, stream_timeout=0.05)
    waiting = await connection.create_request(b"BLPOP", "nokey", 0, timeout=60)
    behind = build_request(("GET", "k"))
    connection.start().send(behind)
    with pytest.raises(TimeoutError):
        await behind.future
    assert not waiting.done()
    waiting.cancel()
    connection.disconnect()
    await connection.wait_closed()


async def test_a_request_parked_behind_a_slow_handshake_keeps_its_deadline(
    respool_server: FakeServer,
) -> None:
    respool_server.faults.on("HELLO").hang()
    connection = Connection(respool_server.host, respool_server.port, stream_timeout=0.05)
    parked = build_request(("GET", "k"))
    connection.start().send(parked)
    with pytest.raises(TimeoutError) as caught:
        await parked.future
    assert not caught.value.maybe_executed
    connection.disconnect()
    await connection.wait_closed()


async def test_a_connect_callback_that_is_cancelled_fails_the_connect(respool_server: FakeServer) -> None:
    connection = Connection(respool_server.host, respool_server.port)

    async def await_what_is_cancelled(_: object) -> None:
        future = asyncio.get_running_loop().create_future()
        future.cancel()
        await future

    connection.register_connect_callback(await_what_is_cancelled)
    with pytest.raises(ConnectionError, match="cancelled"):
        await connection.connect()
    await connection.wait_closed()


async def test_a_cancelled_connect_gives_the_attempt_up(respool_server: FakeServer) -> None:
    fault = respool_server.faults.on("HELLO").hang()
    connection = Connection(respool_server.host, respool_server.port)
    connecting = asyncio.ensure_future(connection.connect())
    await respool_server.until(lambda: fault.hits > 0)
    connecting.cancel()
    await respool_server.until(lambda: not respool_server.connections)
    await connection.wait_closed()


@pytest.mark.parametrize("name", [b"", b"  "])
async def test_an_empty_command_name_is_refused(respool_server: FakeServer, name: bytes) -> None:
    connection = Connection(respool_server.host, respool_server.port)
    with pytest.raises(DataError, match="empty"):
        await connection.create_request(name)
    connection.disconnect()
    await connection.wait_closed()
