"""The contract of `create_request` and `create_requests`, on every server, transport and protocol."""

from __future__ import annotations

import asyncio
import random

import pytest

from packages.core.tests.contract import Connect, ask, kill
from respool import CommandInvocation, DataError, ResponseError, TimeoutError
from respool.errors import ConnectionError, UnknownCommandError, WrongTypeError
from respool.lowlevel import ValueT
from respool_testing import RawConnection

UNSENDABLE: list[object] = [None, True, [], {}, "\ud800"]


# --- one request


async def test_a_request_is_a_future_that_comes_before_its_reply(any_connect: Connect) -> None:
    connection = any_connect()
    await connection.connect()
    request = await connection.create_request(b"ECHO", "x")
    assert isinstance(request, asyncio.Future)
    assert not request.done()
    assert await request == b"x"


async def test_the_first_request_connects(any_connect: Connect) -> None:
    connection = any_connect()
    assert await ask(connection, b"PING") == b"PONG"
    assert connection.is_connected


async def test_arguments_arrive_as_they_were_given(any_connect: Connect) -> None:
    connection = any_connect()
    values: list[ValueT] = [b"\x00\r\n\xff", "é", bytearray(b"ab"), memoryview(b"cd"), "", 7, -(2**70)]
    await ask(connection, b"RPUSH", "k", *values)
    expected = [b"\x00\r\n\xff", "é".encode(), b"ab", b"cd", b"", b"7", b"%d" % -(2**70)]
    assert await ask(connection, b"LRANGE", "k", 0, -1) == expected


@pytest.mark.parametrize("number", [0.1, 1 / 3, 1e-300, 1.7976931348623157e308, -5e-324, 2.0**60])
async def test_floats_keep_every_digit(any_connect: Connect, number: float) -> None:
    reply = await ask(any_connect(), b"ECHO", number, decode=True)
    assert isinstance(reply, str)
    assert float(reply) == number


async def test_a_name_of_two_words_is_sent_as_two(any_connect: Connect) -> None:
    connection = any_connect()
    assert await ask(connection, b"CLIENT ID") == connection.client_id


async def test_each_of_many_requests_gets_its_own_reply(any_connect: Connect) -> None:
    connection = any_connect()
    requests = [await connection.create_request(b"ECHO", number) for number in range(1000)]
    assert await asyncio.gather(*requests) == [b"%d" % number for number in range(1000)]


async def test_a_mebibyte_goes_both_ways(any_connect: Connect) -> None:
    connection = any_connect()
    value = random.Random(1).randbytes(2**20)
    assert await ask(connection, b"SET", "k", value) == b"OK"
    assert await ask(connection, b"GET", "k") == value


async def test_mebibytes_in_flight_stay_whole(any_connect: Connect) -> None:
    connection = any_connect()
    values = [bytes([number]) * 2**20 for number in range(6)]
    requests = [await connection.create_request(b"ECHO", value) for value in values]
    assert await asyncio.gather(*requests) == values


@pytest.mark.parametrize("value", UNSENDABLE)
async def test_what_cannot_be_sent_is_refused_and_shifts_nothing(any_connect: Connect, value: ValueT) -> None:
    connection = any_connect()
    before = await connection.create_request(b"ECHO", "before")
    with pytest.raises(DataError):
        await connection.create_request(b"ECHO", value)
    assert [await before, await ask(connection, b"ECHO", "after")] == [b"before", b"after"]


# --- decode and encoding


@pytest.mark.parametrize("default", [False, True])
@pytest.mark.parametrize("chosen", [None, False, True])
async def test_decode_falls_back_to_the_connection(
    any_connect: Connect, default: bool, chosen: bool | None
) -> None:
    connection = any_connect(decode_responses=default)
    decoded = default if chosen is None else chosen
    assert await ask(connection, b"ECHO", "é", decode=chosen) == ("é" if decoded else "é".encode())


async def test_encoding_falls_back_to_the_connection(any_connect: Connect) -> None:
    connection = any_connect(encoding="latin-1")
    assert await ask(connection, b"ECHO", "é") == b"\xe9"
    assert await ask(connection, b"ECHO", "é", decode=True) == "é"
    assert await ask(connection, b"ECHO", "é", encoding="utf-8") == b"\xc3\xa9"
    assert await ask(connection, b"ECHO", b"\xc3\xa9", encoding="utf-8", decode=True) == "é"


@pytest.mark.parametrize("encoding", ["utf-16", "cp1252", "utf-32-be", "euc_jp"])
async def test_any_codec_serves(any_connect: Connect, encoding: str) -> None:
    text = "a\r\nb" if encoding == "cp1252" else "日本\n"
    connection = any_connect(encoding=encoding, decode_responses=True)
    await ask(connection, b"SET", text, text)
    assert await ask(connection, b"MGET", text, "none") == [text, None]
    assert await ask(connection, b"GET", text, decode=False) == text.encode(encoding)


async def test_what_does_not_decode_comes_as_bytes_wherever_it_stands(any_connect: Connect) -> None:
    connection = any_connect(decode_responses=True)
    assert await ask(connection, b"ECHO", b"\xff") == b"\xff"
    await ask(connection, b"RPUSH", "list", "é", b"\xff", "z")
    assert await ask(connection, b"LRANGE", "list", 0, -1) == ["é", b"\xff", "z"]
    await ask(connection, b"HSET", "hash", b"\xff", "é")
    pairs = await ask(connection, b"HGETALL", "hash")
    assert pairs == ({b"\xff": "é"} if connection.protocol_version == 3 else [b"\xff", "é"])


async def test_an_encoding_that_lacks_a_letter_is_told(any_connect: Connect) -> None:
    connection = any_connect(encoding="ascii")
    with pytest.raises(DataError):
        await ask(connection, b"ECHO", "é")
    assert await ask(connection, b"ECHO", "e") == b"e"


# --- errors


async def test_an_error_reply_fails_its_own_request_only(any_connect: Connect) -> None:
    connection = any_connect()
    await ask(connection, b"SET", "k", "text")
    before = await connection.create_request(b"GET", "k")
    wrong = await connection.create_request(b"LPUSH", "k", "v")
    after = await connection.create_request(b"GET", "k")
    with pytest.raises(WrongTypeError, match="WRONGTYPE"):
        await wrong
    assert [await before, await after] == [b"text", b"text"]


async def test_an_error_reply_becomes_the_result_on_request(any_connect: Connect) -> None:
    connection = any_connect()
    request = await connection.create_request(b"NOSUCH", raise_exceptions=False)
    assert isinstance(await request, UnknownCommandError)
    assert await ask(connection, b"PING") == b"PONG"


async def test_a_timeout_raises_even_where_error_replies_do_not(any_connect: Connect) -> None:
    request = await any_connect().create_request(b"BLPOP", "list", 0, raise_exceptions=False, timeout=0.01)
    with pytest.raises(TimeoutError):
        await request


async def test_a_lost_connection_raises_even_where_error_replies_do_not(
    any_connect: Connect, any_witness: RawConnection
) -> None:
    connection = any_connect()
    await connection.connect()
    request = await connection.create_request(b"BLPOP", "list", 0, raise_exceptions=False)
    await asyncio.sleep(0)  # written in the next tick
    await kill(any_witness, connection)
    with pytest.raises(ConnectionError) as lost:
        await request
    assert lost.value.maybe_executed


async def test_errors_inside_a_transaction_stay_in_its_reply(any_connect: Connect) -> None:
    connection = any_connect()
    await ask(connection, b"SET", "k", "text")
    commands = [b"MULTI", b"INCR k", b"GET k", b"EXEC"]
    requests = await connection.create_requests([CommandInvocation(each) for each in commands])
    replies = (await asyncio.gather(*requests))[-1]
    assert isinstance(replies, list)
    assert isinstance(replies[0], ResponseError)
    assert replies[1] == b"text"


# --- timeout


async def test_a_timeout_leaves_the_connection_and_its_order_alone(
    any_connect: Connect, any_witness: RawConnection
) -> None:
    connection = any_connect()
    late = await connection.create_request(b"BLPOP", "list", 0, timeout=0.02)
    with pytest.raises(TimeoutError) as told:
        await late
    assert told.value.maybe_executed
    following = await connection.create_request(b"ECHO", "mine")
    await any_witness.call("LPUSH", "list", "late")
    assert await following == b"mine"
    assert connection.is_connected


async def test_stream_timeout_is_the_timeout_of_requests_without_one(
    any_connect: Connect, any_witness: RawConnection
) -> None:
    connection = any_connect(stream_timeout=0.02)
    slow = await connection.create_request(b"BLPOP", "list", 0, timeout=10)
    with pytest.raises(TimeoutError, match="ECHO"):
        await ask(connection, b"ECHO", "behind")
    await any_witness.call("LPUSH", "list", "x")
    assert await slow == [b"list", b"x"]


async def test_a_timeout_of_nothing_fails_at_once(any_connect: Connect) -> None:
    connection = any_connect()
    await connection.connect()
    with pytest.raises(TimeoutError):
        await ask(connection, b"BLPOP", "list", 0, timeout=0)


# --- noreply


async def test_without_reply_the_result_is_none_and_the_command_runs(any_connect: Connect) -> None:
    connection = any_connect()
    quiet = [await connection.create_request(b"INCR", "n", noreply=True) for _ in range(10)]
    loud = await connection.create_request(b"GET", "n", noreply=False)
    assert await asyncio.gather(*quiet) == [None] * 10
    assert await loud == b"10"


async def test_errors_without_reply_shift_nothing(any_connect: Connect) -> None:
    connection = any_connect()
    tokens = []
    for number in range(50):
        await connection.create_request(b"NOSUCH", noreply=True)
        tokens.append(await connection.create_request(b"ECHO", number))
    assert await asyncio.gather(*tokens) == [b"%d" % number for number in range(50)]


async def test_inside_a_transaction_every_command_has_a_reply(any_connect: Connect) -> None:
    connection = any_connect()
    await ask(connection, b"MULTI")
    with pytest.raises(DataError, match="noreply"):
        await connection.create_request(b"SET", "k", "v", noreply=True)
    assert await ask(connection, b"EXEC") == []


# --- several requests


async def test_ten_thousand_commands_are_answered_in_order(any_connect: Connect) -> None:
    commands = [CommandInvocation(b"ECHO", (number,)) for number in range(10_000)]
    requests = await any_connect().create_requests(commands)
    assert await asyncio.gather(*requests) == [b"%d" % number for number in range(10_000)]


async def test_each_command_of_several_has_its_own_way_to_decode(any_connect: Connect) -> None:
    requests = await any_connect().create_requests(
        [
            CommandInvocation(b"SET", ("k", "é")),
            CommandInvocation(b"GET", ("k",)),
            CommandInvocation(b"GET", ("k",), decode=True),
            CommandInvocation(b"GET", ("k",), decode=True, encoding="latin-1"),
        ]
    )
    assert await asyncio.gather(*requests) == [b"OK", b"\xc3\xa9", "é", "Ã©"]


async def test_several_commands_are_not_mixed_with_others(any_connect: Connect) -> None:
    connection = any_connect()
    step = [CommandInvocation(b"INCR", ("n",))] * 100
    first = await connection.create_requests(step)
    await connection.create_request(b"SET", "n", 1000)
    second = await connection.create_requests(step)
    assert await asyncio.gather(*first) == list(range(1, 101))
    assert await asyncio.gather(*second) == list(range(1001, 1101))


async def test_one_error_of_several_fails_one_future(any_connect: Connect) -> None:
    commands = [CommandInvocation(b"PING"), CommandInvocation(b"NOSUCH"), CommandInvocation(b"PING")]
    requests = await any_connect().create_requests(commands)
    results = await asyncio.gather(*requests, return_exceptions=True)
    assert [results[0], results[2]] == [b"PONG", b"PONG"]
    assert isinstance(results[1], UnknownCommandError)


async def test_errors_of_several_become_results_on_request(any_connect: Connect) -> None:
    commands = [CommandInvocation(b"NOSUCH"), CommandInvocation(b"PING")]
    requests = await any_connect().create_requests(commands, raise_exceptions=False)
    error, pong = await asyncio.gather(*requests)
    assert isinstance(error, UnknownCommandError)
    assert pong == b"PONG"


async def test_the_timeout_of_several_is_for_each_of_them(
    any_connect: Connect, any_witness: RawConnection
) -> None:
    connection = any_connect()
    commands = [CommandInvocation(b"BLPOP", ("list", 0)), CommandInvocation(b"ECHO", ("behind",))]
    requests = await connection.create_requests(commands, timeout=0.02)
    results = await asyncio.gather(*requests, return_exceptions=True)
    assert [type(result) for result in results] == [TimeoutError, TimeoutError]
    await any_witness.call("LPUSH", "list", "late")
    assert await ask(connection, b"ECHO", "mine") == b"mine"


async def test_one_unsendable_command_keeps_all_from_being_sent(any_connect: Connect) -> None:
    connection = any_connect()
    commands = [CommandInvocation(b"SET", ("k", "v")), CommandInvocation(b"SET", ("k", None))]  # type: ignore[arg-type]
    with pytest.raises(DataError):
        await connection.create_requests(commands)
    assert await ask(connection, b"EXISTS", "k") == 0


async def test_no_commands_are_no_requests(any_connect: Connect) -> None:
    assert await any_connect().create_requests([]) == []
