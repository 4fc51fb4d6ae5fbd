"""Messages that come without being asked for: pushes, publications, what MONITOR tells."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from pytest_asyncio import fixture as async_fixture

from respool._connection.tcp import Connection
from respool._wire.values import ProtocolVersion, ValueT
from respool.errors import ConnectionError, DataError, ResponseError, TimeoutError
from respool_testing import FakeServer, RawConnection, RealServer, ServerProcess

AnyServer = FakeServer | RealServer

INVALIDATE = {b"invalidate"}


@async_fixture(params=[2, 3], ids=["RESP2", "RESP3"])
async def connection(request: pytest.FixtureRequest, any_server: AnyServer) -> AsyncIterator[Connection]:
    protocol: ProtocolVersion = request.param
    connection = Connection(any_server.host, any_server.port, protocol_version=protocol)
    yield connection
    connection.disconnect()
    await connection.wait_closed()


@async_fixture
async def tracking(any_server: AnyServer) -> AsyncIterator[Connection]:
    """Offer a connection that is told of changes to what it has read."""
    connection = Connection(any_server.host, any_server.port, stream_timeout=5)
    assert await connection.update_tracking_client(True)
    yield connection
    connection.disconnect()
    await connection.wait_closed()


async def call(connection: Connection, command: bytes, *args: ValueT) -> object:
    return await (await connection.create_request(command, *args))


async def test_a_subscription_is_confirmed_and_served(
    connection: Connection, any_client: RawConnection
) -> None:
    await connection.send_command(b"SUBSCRIBE", "news")
    assert await connection.fetch_push_message() == [b"subscribe", b"news", 1]
    await any_client.call("PUBLISH", "news", "hello")
    assert await connection.fetch_push_message() == [b"message", b"news", b"hello"]


async def test_each_channel_is_confirmed(connection: Connection) -> None:
    await connection.send_command(b"SUBSCRIBE", "a", "b")
    confirmations = [await connection.fetch_push_message() for _ in range(2)]
    assert confirmations == [[b"subscribe", b"a", 1], [b"subscribe", b"b", 2]]


async def test_unsubscribing_is_confirmed_too(connection: Connection) -> None:
    await connection.send_command(b"PSUBSCRIBE", "n*")
    await connection.send_command(b"PUNSUBSCRIBE")
    confirmations = [await connection.fetch_push_message() for _ in range(2)]
    assert confirmations == [[b"psubscribe", b"n*", 1], [b"punsubscribe", b"n*", 0]]


async def test_a_refusal_is_told_before_what_the_server_said_after_it(connection: Connection) -> None:
    await connection.connect()
    await connection.send_command(b"SUBSCRIBE")
    await connection.send_command(b"SUBSCRIBE", "news")
    with pytest.raises(ResponseError, match="wrong number of arguments"):
        await connection.fetch_push_message()
    assert await connection.fetch_push_message() == [b"subscribe", b"news", 1]


async def test_messages_come_as_text_on_request(connection: Connection) -> None:
    await connection.send_command(b"SUBSCRIBE", "é")
    assert await connection.fetch_push_message(decode=True) == ["subscribe", "é", 1]


async def test_requests_go_on_beside_a_subscription(any_server: AnyServer, any_client: RawConnection) -> None:
    connection = Connection(any_server.host, any_server.port, protocol_version=3)
    await connection.send_command(b"SUBSCRIBE", "news")
    assert await connection.fetch_push_message() == [b"subscribe", b"news", 1]
    pongs = [await connection.create_request(b"ECHO", number) for number in range(3)]
    await any_client.call("PUBLISH", "news", "x")
    assert await asyncio.gather(*pongs) == [b"0", b"1", b"2"]
    assert await connection.fetch_push_message() == [b"message", b"news", b"x"]
    connection.disconnect()
    await connection.wait_closed()


async def test_a_waiting_reader_gets_the_message(connection: Connection, any_client: RawConnection) -> None:
    await connection.send_command(b"SUBSCRIBE", "news")
    await connection.fetch_push_message()
    reader = asyncio.create_task(connection.fetch_push_message(block=True))
    await asyncio.sleep(0)
    await any_client.call("PUBLISH", "news", "x")
    assert await reader == [b"message", b"news", b"x"]


async def test_without_a_message_the_wait_is_limited(any_server: AnyServer) -> None:
    connection = Connection(any_server.host, any_server.port, stream_timeout=0.05)
    await connection.connect()
    with pytest.raises(TimeoutError, match="no push message"):
        await connection.fetch_push_message()
    assert connection.is_connected
    connection.disconnect()
    await connection.wait_closed()


async def test_a_blocked_reader_is_woken_by_the_loss(connection: Connection) -> None:
    await connection.connect()
    reader = asyncio.create_task(connection.fetch_push_message(block=True))
    await asyncio.sleep(0)
    connection.disconnect()
    with pytest.raises(ConnectionError, match="disconnected"):
        await reader


async def test_a_cancelled_reader_takes_no_message(connection: Connection, any_client: RawConnection) -> None:
    await connection.send_command(b"SUBSCRIBE", "news")
    await connection.fetch_push_message()
    reader = asyncio.create_task(connection.fetch_push_message(block=True))
    await asyncio.sleep(0)
    reader.cancel()
    await asyncio.wait([reader])
    await any_client.call("PUBLISH", "news", "x")
    assert await connection.fetch_push_message() == [b"message", b"news", b"x"]


async def test_a_lost_subscription_is_not_resumed_in_silence(
    connection: Connection, any_client: RawConnection
) -> None:
    await connection.send_command(b"SUBSCRIBE", "news")
    await connection.fetch_push_message()
    reader = asyncio.create_task(connection.fetch_push_message(block=True))
    await asyncio.sleep(0)
    assert connection.client_id is not None
    await any_client.call("CLIENT", "KILL", "ID", connection.client_id)
    with pytest.raises(ConnectionError):
        await reader
    with pytest.raises(ConnectionError, match="SUBSCRIPTION"):
        await connection.fetch_push_message()


async def test_invalidations_are_pushed_while_tracking(
    tracking: Connection, any_client: RawConnection
) -> None:
    await call(tracking, b"GET", "k")
    await any_client.call("SET", "k", "v")
    assert await tracking.fetch_push_message(push_message_types=INVALIDATE) == [b"invalidate", [b"k"]]


async def test_other_types_stay_in_the_queue(tracking: Connection, any_client: RawConnection) -> None:
    await tracking.send_command(b"SUBSCRIBE", "news")
    await call(tracking, b"GET", "k")
    await any_client.call("SET", "k", "v")
    assert await tracking.fetch_push_message(push_message_types=INVALIDATE) == [b"invalidate", [b"k"]]
    assert await tracking.can_read()
    assert tracking.push_messages.qsize() == 1
    assert await tracking.fetch_push_message() == [b"subscribe", b"news", 1]
    assert not await tracking.can_read()


async def test_invalidations_may_be_sent_to_another_connection(
    any_server: AnyServer, tracking: Connection, any_client: RawConnection
) -> None:
    reader = Connection(any_server.host, any_server.port)
    assert await reader.update_tracking_client(True, tracking.client_id)
    assert reader.tracking_client_id == tracking.client_id
    await call(reader, b"GET", "k")
    await any_client.call("SET", "k", "v")
    assert await tracking.fetch_push_message(push_message_types=INVALIDATE) == [b"invalidate", [b"k"]]
    reader.disconnect()
    await reader.wait_closed()


async def test_tracking_can_be_turned_off(tracking: Connection, any_client: RawConnection) -> None:
    assert await tracking.update_tracking_client(False)
    assert tracking.tracking_client_id is None
    await call(tracking, b"GET", "k")
    await any_client.call("SET", "k", "v")
    await call(tracking, b"PING")
    assert not await tracking.can_read()


async def test_tracking_that_the_server_refuses_is_told(connection: Connection) -> None:
    assert not await connection.update_tracking_client(True, 999_999)
    assert connection.tracking_client_id is None


@pytest.mark.parametrize("protocol", [2, 3])
async def test_monitor_tells_what_others_do(real_server: ServerProcess, protocol: ProtocolVersion) -> None:
    connection = Connection(real_server.host, real_server.port, protocol_version=protocol)
    await connection.send_command(b"MONITOR")
    assert await connection.fetch_push_message() == b"OK"
    real_server.call("ECHO", "seen")
    line = await connection.fetch_push_message(decode=True)
    assert isinstance(line, str)
    assert line.endswith('"ECHO" "seen"')
    connection.disconnect()
    await connection.wait_closed()


async def test_an_unsendable_channel_is_refused(connection: Connection) -> None:
    with pytest.raises(DataError):
        await connection.send_command(b"SUBSCRIBE", None)  # type: ignore[arg-type]
    assert await call(connection, b"PING") == b"PONG"
