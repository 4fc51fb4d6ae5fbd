"""The contract of messages: `send_command`, `fetch_push_message`, `push_messages`, `can_read` and tracking.

On every server, transport and protocol.
"""

from __future__ import annotations

import asyncio

import pytest
from pytest_asyncio import fixture as async_fixture

from packages.core.tests.contract import Connect, Protocol, ask, kill
from respool import BaseConnection, ConnectionError, DataError, TimeoutError
from respool.errors import UnknownCommandError
from respool_testing import Endpoint, FakeServer, RawConnection

INVALIDATIONS = "__redis__:invalidate"


@async_fixture
async def listener(any_connect: Connect) -> BaseConnection:
    """Offer a connection that has subscribed to `news`, the confirmation fetched."""
    connection = any_connect()
    await connection.send_command(b"SUBSCRIBE", "news")
    assert await connection.fetch_push_message() == [b"subscribe", b"news", 1]
    return connection


@async_fixture
async def reader(any_connect: Connect, any_protocol: Protocol) -> BaseConnection:
    """Offer a connection that is itself told of changes to what it has read."""
    if any_protocol == 2:
        pytest.skip("RESP2 has no push messages: it takes another connection to be told")
    connection = any_connect()
    assert await connection.update_tracking_client(True)
    return connection


# --- subscriptions


async def test_a_command_answered_by_messages_is_owed_no_reply(listener: BaseConnection) -> None:
    assert listener.requests_pending == 0
    assert not await listener.can_read()


async def test_messages_come_in_the_order_they_were_published(
    listener: BaseConnection, any_witness: RawConnection
) -> None:
    for number in range(100):
        await any_witness.call("PUBLISH", "news", number)
    heard = [await listener.fetch_push_message() for _ in range(100)]
    assert heard == [[b"message", b"news", b"%d" % number] for number in range(100)]


async def test_every_channel_and_pattern_is_confirmed(any_connect: Connect) -> None:
    connection = any_connect()
    await connection.send_command(b"SUBSCRIBE", "a", "b")
    await connection.send_command(b"PSUBSCRIBE", "c*")
    await connection.send_command(b"UNSUBSCRIBE", "a")
    confirmed = [await connection.fetch_push_message() for _ in range(4)]
    assert confirmed == [
        [b"subscribe", b"a", 1],
        [b"subscribe", b"b", 2],
        [b"psubscribe", b"c*", 3],
        [b"unsubscribe", b"a", 2],
    ]


async def test_a_pattern_says_what_matched(any_connect: Connect, any_witness: RawConnection) -> None:
    connection = any_connect()
    await connection.send_command(b"PSUBSCRIBE", "n*")
    await connection.fetch_push_message()
    await any_witness.call("PUBLISH", "news", b"\xff\r\n")
    assert await connection.fetch_push_message() == [b"pmessage", b"n*", b"news", b"\xff\r\n"]


async def test_a_mebibyte_is_a_message_like_any_other(
    listener: BaseConnection, any_witness: RawConnection
) -> None:
    large = b"x" * 2**20
    await any_witness.call("PUBLISH", "news", large)
    assert await listener.fetch_push_message() == [b"message", b"news", large]


async def test_requests_go_on_beside_a_subscription(
    listener: BaseConnection, any_protocol: Protocol, any_witness: RawConnection
) -> None:
    if any_protocol == 2:
        pytest.skip("RESP2 allows nothing else beside a subscription")
    tokens = [await listener.create_request(b"ECHO", number) for number in range(50)]
    await any_witness.call("PUBLISH", "news", "x")
    tokens += [await listener.create_request(b"ECHO", number) for number in range(50, 100)]
    assert await asyncio.gather(*tokens) == [b"%d" % number for number in range(100)]
    assert await listener.fetch_push_message() == [b"message", b"news", b"x"]


async def test_monitor_tells_what_others_do(
    any_connect: Connect, any_endpoint: Endpoint, any_witness: RawConnection
) -> None:
    if any_endpoint.is_fake:
        pytest.skip("the fake server has no MONITOR")
    connection = any_connect()
    await connection.send_command(b"MONITOR")
    assert await connection.fetch_push_message() == b"OK"
    await any_witness.call("ECHO", "seen")
    line = await connection.fetch_push_message(decode=True)
    assert isinstance(line, str)
    assert line.endswith('"ECHO" "seen"')


async def test_an_unsendable_channel_is_refused(any_connect: Connect) -> None:
    connection = any_connect()
    with pytest.raises(DataError):
        await connection.send_command(b"SUBSCRIBE", None)  # type: ignore[arg-type]
    assert await ask(connection, b"PING") == b"PONG"


async def test_a_refused_subscription_shifts_nothing(
    any_connect: Connect, any_endpoint: Endpoint, any_witness: RawConnection
) -> None:
    connection = any_connect(username="ann", password="secret")
    any_endpoint.add_user("ann", "secret")
    if isinstance(any_endpoint.server, FakeServer):
        any_endpoint.server.faults.on("SUBSCRIBE").reply_error("NOPERM no permissions to access a channel")
    else:
        await any_witness.call("ACL", "SETUSER", "ann", "resetchannels")
    await connection.send_command(b"SUBSCRIBE", "news")
    tokens = [await connection.create_request(b"ECHO", number) for number in range(3)]
    assert await asyncio.gather(*tokens) == [b"0", b"1", b"2"]


async def test_requests_never_get_what_monitor_tells(any_connect: Connect, any_endpoint: Endpoint) -> None:
    if any_endpoint.is_fake:
        pytest.skip("the fake server has no MONITOR")
    connection = any_connect()
    await connection.send_command(b"MONITOR")
    await connection.fetch_push_message()
    with pytest.raises(DataError, match="MONITOR"):
        await connection.create_request(b"ECHO", "mine")


@pytest.mark.parametrize("mode", ["OFF", "SKIP"])
async def test_replies_cannot_be_turned_off_by_hand(any_connect: Connect, mode: str) -> None:
    connection = any_connect()
    with pytest.raises(DataError, match="noreply"):
        await connection.send_command(b"CLIENT REPLY", mode)
    assert await ask(connection, b"ECHO", "mine") == b"mine"


async def test_a_refused_command_is_told_to_the_reader(any_connect: Connect) -> None:
    connection = any_connect(stream_timeout=0.1)
    await connection.send_command(b"NOSUCH")
    with pytest.raises(UnknownCommandError):
        await connection.fetch_push_message()


# --- how a message is fetched


@pytest.mark.parametrize("default", [False, True])
@pytest.mark.parametrize("chosen", [None, False, True])
async def test_messages_are_decoded_as_replies_are(
    any_connect: Connect, default: bool, chosen: bool | None
) -> None:
    connection = any_connect(decode_responses=default, encoding="latin-1")
    await connection.send_command(b"SUBSCRIBE", "é")
    decoded = default if chosen is None else chosen
    message = await connection.fetch_push_message(decode=chosen)
    assert message == (["subscribe", "é", 1] if decoded else [b"subscribe", b"\xe9", 1])


async def test_a_message_that_does_not_decode_comes_as_bytes(
    listener: BaseConnection, any_witness: RawConnection
) -> None:
    await any_witness.call("PUBLISH", "news", b"\xff")
    assert await listener.fetch_push_message(decode=True) == ["message", "news", b"\xff"]


async def test_unwanted_types_stay_in_the_queue_in_order(
    any_connect: Connect, any_witness: RawConnection
) -> None:
    connection = any_connect()
    await connection.send_command(b"SUBSCRIBE", "a", "b")
    await connection.send_command(b"PSUBSCRIBE", "c*")
    assert await connection.fetch_push_message(push_message_types={b"psubscribe"}) == [
        b"psubscribe",
        b"c*",
        3,
    ]
    assert await connection.can_read()
    assert connection.push_messages.qsize() == 2
    kept = [connection.push_messages.get_nowait() for _ in range(2)]
    assert kept == [[b"subscribe", b"a", 1], [b"subscribe", b"b", 2]]
    assert not await connection.can_read()


async def test_of_several_types_the_next_one_comes(any_connect: Connect) -> None:
    connection = any_connect()
    await connection.send_command(b"SUBSCRIBE", "a")
    await connection.send_command(b"PSUBSCRIBE", "b")
    await connection.send_command(b"UNSUBSCRIBE", "a")
    wanted = {b"psubscribe", b"unsubscribe"}
    heard = [await connection.fetch_push_message(push_message_types=wanted) for _ in range(2)]
    assert heard == [[b"psubscribe", b"b", 2], [b"unsubscribe", b"a", 1]]


async def test_without_a_message_the_wait_ends_with_stream_timeout(any_connect: Connect) -> None:
    connection = any_connect(stream_timeout=0.02)
    await connection.connect()
    with pytest.raises(TimeoutError, match="no push message"):
        await connection.fetch_push_message()
    assert connection.is_connected


async def test_a_blocking_wait_has_no_end_of_its_own(
    any_connect: Connect, any_witness: RawConnection
) -> None:
    connection = any_connect(stream_timeout=0.02)
    await connection.send_command(b"SUBSCRIBE", "news")
    await connection.fetch_push_message()
    patient = asyncio.ensure_future(connection.fetch_push_message(block=True))
    with pytest.raises(TimeoutError):  # by then the patient one has outlived stream_timeout, too
        await connection.fetch_push_message(push_message_types={b"pmessage"})
    assert not patient.done()
    await any_witness.call("PUBLISH", "news", "x")
    assert await patient == [b"message", b"news", b"x"]


async def test_a_cancelled_reader_takes_no_message(
    listener: BaseConnection, any_witness: RawConnection
) -> None:
    reader = asyncio.ensure_future(listener.fetch_push_message(block=True))
    await asyncio.sleep(0)
    reader.cancel()
    await asyncio.wait([reader])
    await any_witness.call("PUBLISH", "news", "x")
    assert await listener.fetch_push_message() == [b"message", b"news", b"x"]


async def test_readers_are_served_in_the_order_they_came(
    listener: BaseConnection, any_witness: RawConnection
) -> None:
    readers = [asyncio.ensure_future(listener.fetch_push_message(block=True)) for _ in range(3)]
    await asyncio.sleep(0)
    for number in range(3):
        await any_witness.call("PUBLISH", "news", number)
    heard = await asyncio.gather(*readers)
    assert heard == [[b"message", b"news", b"%d" % number] for number in range(3)]


@pytest.mark.parametrize("block", [False, True])
async def test_readers_are_woken_when_the_connection_is_lost(
    listener: BaseConnection, any_witness: RawConnection, block: bool
) -> None:
    reader = asyncio.ensure_future(listener.fetch_push_message(block=block))
    await asyncio.sleep(0)
    await kill(any_witness, listener)
    with pytest.raises(ConnectionError):
        await reader


async def test_readers_are_woken_by_disconnect(listener: BaseConnection) -> None:
    reader = asyncio.ensure_future(listener.fetch_push_message(block=True))
    await asyncio.sleep(0)
    listener.disconnect()
    with pytest.raises(ConnectionError):
        await reader


async def test_a_lost_subscription_is_not_resumed_in_silence(
    listener: BaseConnection, any_witness: RawConnection
) -> None:
    reader = asyncio.ensure_future(listener.fetch_push_message(block=True))
    await asyncio.sleep(0)
    await kill(any_witness, listener)
    await asyncio.wait([reader])
    assert isinstance(reader.exception(), ConnectionError)
    with pytest.raises(ConnectionError, match="SUBSCRIPTION"):
        await listener.fetch_push_message()


# --- tracking


async def test_what_was_read_and_changed_is_told(reader: BaseConnection, any_witness: RawConnection) -> None:
    await ask(reader, b"GET", "k")
    await any_witness.call("SET", "k", "v")
    types = {b"invalidate"}
    assert await reader.fetch_push_message(push_message_types=types) == [b"invalidate", [b"k"]]


async def test_a_flush_is_told_as_everything(reader: BaseConnection, any_witness: RawConnection) -> None:
    await ask(reader, b"GET", "k")
    await any_witness.call("FLUSHALL")
    assert await reader.fetch_push_message() == [b"invalidate", None]


async def test_tracking_is_off_on_request(reader: BaseConnection, any_witness: RawConnection) -> None:
    assert await reader.update_tracking_client(False)
    await ask(reader, b"GET", "k")
    await any_witness.call("SET", "k", "v")
    await ask(reader, b"PING")
    assert not await reader.can_read()


async def test_invalidations_go_to_the_connection_that_was_named(
    any_connect: Connect, any_protocol: Protocol, any_witness: RawConnection
) -> None:
    told, reader = any_connect(), any_connect()
    if any_protocol == 2:  # where they are messages on a channel
        await told.send_command(b"SUBSCRIBE", INVALIDATIONS)
        await told.fetch_push_message()
    await told.connect()
    assert await reader.update_tracking_client(True, told.client_id)
    assert reader.tracking_client_id == told.client_id
    await ask(reader, b"GET", "k")
    await any_witness.call("SET", "k", "v")
    message = await told.fetch_push_message()
    assert message == (
        [b"invalidate", [b"k"]] if any_protocol == 3 else [b"message", INVALIDATIONS.encode(), [b"k"]]
    )


async def test_off_forgets_whom_it_was_told_to(any_connect: Connect) -> None:
    told, reader = any_connect(), any_connect()
    await told.connect()
    await reader.update_tracking_client(True, told.client_id)
    assert await reader.update_tracking_client(False)
    assert reader.tracking_client_id is None


async def test_a_refusal_is_told_and_changes_nothing(any_connect: Connect) -> None:
    connection = any_connect()
    assert not await connection.update_tracking_client(True, 999_999_999)
    assert connection.tracking_client_id is None
    assert await ask(connection, b"PING") == b"PONG"


async def test_the_tracking_client_dies_with_the_socket(
    any_connect: Connect, any_witness: RawConnection
) -> None:
    told, reader = any_connect(), any_connect()
    await told.connect()
    await reader.update_tracking_client(True, told.client_id)
    pending = await reader.create_request(b"BLPOP", "list", 0)
    await asyncio.sleep(0)
    await kill(any_witness, reader)
    await asyncio.wait([pending])
    assert isinstance(pending.exception(), ConnectionError)
    assert reader.tracking_client_id is None
