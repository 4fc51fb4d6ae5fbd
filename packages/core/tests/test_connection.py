"""Requests on one connection, over both protocols, told to a fake and to a real server."""

from __future__ import annotations

import asyncio
import math
import random
from collections.abc import AsyncIterator

import pytest
from pytest_asyncio import fixture as async_fixture

from respool._connection.invocation import CommandInvocation
from respool._connection.tcp import Connection
from respool._wire.values import ProtocolVersion, ValueT
from respool.errors import DataError, ResponseError, TimeoutError, UnknownCommandError, WrongTypeError
from respool_testing import FakeServer, RawConnection, RealServer

AnyServer = FakeServer | RealServer


@async_fixture(params=[2, 3], ids=["RESP2", "RESP3"])
async def connection(request: pytest.FixtureRequest, any_server: AnyServer) -> AsyncIterator[Connection]:
    protocol: ProtocolVersion = request.param
    connection = Connection(any_server.host, any_server.port, protocol_version=protocol)
    yield connection
    connection.disconnect()
    await connection.wait_closed()


async def call(connection: Connection, command: bytes, *args: ValueT) -> object:
    return await (await connection.create_request(command, *args))


async def test_the_first_request_connects(connection: Connection) -> None:
    assert not connection.is_connected
    assert await call(connection, b"PING") == b"PONG"
    assert connection.is_connected


async def test_a_request_is_returned_before_its_reply(connection: Connection) -> None:
    await connection.connect()
    request = await connection.create_request(b"ECHO", "x")
    assert not request.done()
    assert connection.requests_pending == 1
    assert await request == b"x"
    assert connection.requests_pending == 0


async def test_many_requests_in_flight_get_their_own_replies(connection: Connection) -> None:
    requests = [await connection.create_request(b"ECHO", number) for number in range(500)]
    assert await asyncio.gather(*requests) == [b"%d" % number for number in range(500)]


async def test_a_name_of_two_words_is_sent_as_two(connection: Connection) -> None:
    assert await call(connection, b"CLIENT ID") == connection.client_id


async def test_arguments_arrive_as_they_were_given(connection: Connection) -> None:
    values: list[ValueT] = [b"\x00\r\n\xff", "é", bytearray(b"ab"), memoryview(b"cd"), 7, -0.5]
    for value in values:
        await call(connection, b"RPUSH", "k", value)
    expected = [b"\x00\r\n\xff", "é".encode(), b"ab", b"cd", b"7", b"-0.5"]
    assert await call(connection, b"LRANGE", "k", 0, -1) == expected


async def test_large_values_go_both_ways(connection: Connection) -> None:
    value = random.Random(1).randbytes(3_000_000)
    requests = [await connection.create_request(b"SET", f"k{at}", value) for at in range(4)]
    assert await asyncio.gather(*requests) == [b"OK"] * 4
    assert await call(connection, b"GET", "k3") == value


async def test_a_reply_is_bytes_unless_it_shall_be_text(connection: Connection) -> None:
    raw = await connection.create_request(b"ECHO", "é")
    text = await connection.create_request(b"ECHO", "é", decode=True)
    assert [await raw, await text] == ["é".encode(), "é"]


async def test_a_request_may_have_an_encoding_of_its_own(connection: Connection) -> None:
    request = await connection.create_request(b"ECHO", "é", encoding="latin-1", decode=True)
    assert await request == "é"
    await call(connection, b"SET", "k", b"\xe9")
    request = await connection.create_request(b"GET", "k", encoding="latin-1", decode=True)
    assert await request == "é"


async def test_text_that_does_not_decode_comes_as_bytes(connection: Connection) -> None:
    request = await connection.create_request(b"ECHO", b"\xff", decode=True)
    assert await request == b"\xff"


async def test_a_connection_may_decode_everything(any_server: AnyServer) -> None:
    connection = Connection(any_server.host, any_server.port, decode_responses=True, encoding="latin-1")
    await call(connection, b"SET", "k", b"\xe9")
    assert await call(connection, b"MGET", "k", "none") == ["é", None]
    assert await (await connection.create_request(b"GET", "k", decode=False)) == b"\xe9"
    connection.disconnect()
    await connection.wait_closed()


async def test_an_error_reply_fails_its_own_request_only(connection: Connection) -> None:
    await call(connection, b"SET", "k", "text")
    before = await connection.create_request(b"GET", "k")
    wrong = await connection.create_request(b"LPUSH", "k", "v")
    after = await connection.create_request(b"GET", "k")
    with pytest.raises(WrongTypeError):
        await wrong
    assert [await before, await after] == [b"text", b"text"]


async def test_an_error_reply_becomes_the_result_on_request(connection: Connection) -> None:
    request = await connection.create_request(b"NOPE", raise_exceptions=False)
    assert isinstance(await request, UnknownCommandError)


async def test_an_error_within_a_transaction_stays_in_its_reply(connection: Connection) -> None:
    await call(connection, b"SET", "k", "v")
    queued = [CommandInvocation(b"INCR", ("k",)), CommandInvocation(b"GET", ("k",))]
    commands = [CommandInvocation(b"MULTI"), *queued, CommandInvocation(b"EXEC")]
    requests = await connection.create_requests(commands)
    replies = (await asyncio.gather(*requests))[-1]
    assert isinstance(replies, list)
    assert isinstance(replies[0], Exception)
    assert replies[1] == b"v"


async def test_several_commands_come_back_in_order(connection: Connection) -> None:
    requests = await connection.create_requests(
        [
            CommandInvocation(b"SET", ("k", "é")),
            CommandInvocation(b"GET", ("k",)),
            CommandInvocation(b"GET", ("k",), decode=True),
            CommandInvocation(b"GET", ("k",), decode=True, encoding="latin-1"),
        ]
    )
    assert await asyncio.gather(*requests) == [b"OK", b"\xc3\xa9", "é", "Ã©"]


async def test_no_commands_are_no_requests(connection: Connection) -> None:
    assert await connection.create_requests([]) == []


async def test_error_replies_of_several_commands_become_results_on_request(connection: Connection) -> None:
    commands = [CommandInvocation(b"NOPE"), CommandInvocation(b"PING")]
    requests = await connection.create_requests(commands, raise_exceptions=False)
    error, pong = await asyncio.gather(*requests)
    assert isinstance(error, ResponseError)
    assert pong == b"PONG"


async def test_one_unsendable_command_keeps_all_from_being_sent(connection: Connection) -> None:
    commands = [CommandInvocation(b"SET", ("k", "v")), CommandInvocation(b"SET", ("k", None))]  # type: ignore[arg-type]
    with pytest.raises(DataError):
        await connection.create_requests(commands)
    assert await call(connection, b"EXISTS", "k") == 0


@pytest.mark.parametrize("value", [None, True, [], {}, "\ud800"])
async def test_what_cannot_be_sent_is_refused_and_shifts_nothing(
    connection: Connection, value: ValueT
) -> None:
    with pytest.raises(DataError):
        await connection.create_request(b"ECHO", value)
    assert await call(connection, b"ECHO", "x") == b"x"


async def test_an_unknown_encoding_is_refused(connection: Connection) -> None:
    with pytest.raises(DataError, match="klingon"):
        await connection.create_request(b"ECHO", "x", encoding="klingon")


async def test_a_blank_name_is_refused(connection: Connection) -> None:
    with pytest.raises(DataError):
        await connection.create_request(b"  ")


@pytest.mark.parametrize("timeout", [-1, math.nan, "5"])
async def test_what_is_no_timeout_is_refused(connection: Connection, timeout: float) -> None:
    with pytest.raises(DataError, match="timeout"):
        await connection.create_request(b"PING", timeout=timeout)


@pytest.mark.parametrize("name", [b"SUBSCRIBE", b"psubscribe", b"SUNSUBSCRIBE", b"MONITOR"])
async def test_a_command_answered_by_messages_is_refused_as_a_request(
    connection: Connection, name: bytes
) -> None:
    with pytest.raises(DataError, match="send_command"):
        await connection.create_request(name, "c")


@pytest.mark.parametrize("mode", ["OFF", "SKIP", b"off"])
async def test_turning_replies_off_by_hand_is_refused(connection: Connection, mode: ValueT) -> None:
    with pytest.raises(DataError, match="noreply"):
        await connection.create_request(b"CLIENT REPLY", mode)


async def test_a_request_without_reply_is_done_once_written(connection: Connection) -> None:
    await connection.connect()
    quiet = await connection.create_request(b"SET", "k", "v", noreply=True)
    loud = await connection.create_request(b"GET", "k")
    assert await quiet is None
    assert await loud == b"v"


async def test_a_connection_without_replies_still_works(
    any_server: AnyServer, any_client: RawConnection
) -> None:
    connection = Connection(any_server.host, any_server.port, noreply=True)
    assert await call(connection, b"LPUSH", "list", "x") is None
    assert await call(connection, b"LPUSH", 1) is None
    assert await any_client.call("BLPOP", "list", 5) == [b"list", b"x"]
    connection.disconnect()
    await connection.wait_closed()


async def test_a_late_reply_never_reaches_another_request(
    connection: Connection, any_client: RawConnection
) -> None:
    late = await connection.create_request(b"BLPOP", "list", 0, timeout=0.03)
    with pytest.raises(TimeoutError) as timed_out:
        await late
    assert timed_out.value.maybe_executed
    following = await connection.create_request(b"ECHO", "mine")
    await any_client.call("LPUSH", "list", "late")
    assert await following == b"mine"


async def test_a_request_that_times_out_takes_no_other_along(
    connection: Connection, any_client: RawConnection
) -> None:
    patient = await connection.create_request(b"BLPOP", "list", 0, timeout=10)
    hasty = await connection.create_request(b"ECHO", "hasty", timeout=0.03)
    with pytest.raises(TimeoutError, match="ECHO"):
        await hasty
    await any_client.call("LPUSH", "list", "x")
    assert await patient == [b"list", b"x"]
    assert connection.is_connected


async def test_a_request_without_any_time_fails_at_once(connection: Connection) -> None:
    await connection.connect()
    request = await connection.create_request(b"BLPOP", "list", 0, timeout=0)
    with pytest.raises(TimeoutError):
        await request


async def test_a_timeout_names_the_command_but_not_its_arguments(connection: Connection) -> None:
    request = await connection.create_request(b"BLPOP", "secret", 0, timeout=0.01)
    with pytest.raises(TimeoutError, match="BLPOP") as timed_out:
        await request
    assert "secret" not in str(timed_out.value)


async def test_a_cancelled_request_does_not_shift_replies(
    connection: Connection, any_client: RawConnection
) -> None:
    await connection.connect()
    blocked = await connection.create_request(b"BLPOP", "list", 0)
    following = await connection.create_request(b"ECHO", "mine")
    await asyncio.sleep(0)  # the write happens in the next tick
    blocked.cancel()
    await any_client.call("LPUSH", "list", "late")
    assert await following == b"mine"
    assert connection.is_connected


async def test_a_request_cancelled_before_the_write_is_never_sent(connection: Connection) -> None:
    await connection.connect()
    request = await connection.create_request(b"INCR", "n")
    request.cancel()
    assert await call(connection, b"EXISTS", "n") == 0


async def test_replies_never_cross_whatever_is_cancelled(connection: Connection) -> None:
    chance = random.Random(7)
    kept: dict[bytes, asyncio.Future[object]] = {}
    for number in range(1000):
        request = await connection.create_request(b"ECHO", number)
        if chance.random() < 0.3:
            request.cancel()
        else:
            kept[b"%d" % number] = request
        if chance.random() < 0.1:
            await asyncio.sleep(0)
    assert await asyncio.gather(*kept.values()) == list(kept)


async def test_numbers_tell_how_it_is_doing(connection: Connection) -> None:
    assert (connection.average_response_time, connection.lag, connection.idle_seconds) == (0, 0, 0)
    await call(connection, b"PING")
    assert connection.average_response_time > 0
    assert connection.estimated_time_to_idle == 0
    pending = await connection.create_request(b"PING")
    assert connection.estimated_time_to_idle == connection.average_response_time
    await pending


async def test_lag_grows_only_while_a_reply_is_owed(connection: Connection) -> None:
    await connection.connect()
    assert connection.lag == 0
    blocked = await connection.create_request(b"BLPOP", "list", 0, timeout=0.02)
    with pytest.raises(TimeoutError):
        await blocked
    assert connection.lag >= 0.01
