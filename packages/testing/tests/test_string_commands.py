"""Strings, on a fake and on a real server."""

from __future__ import annotations

import pytest

from respool_testing import RawConnection
from respool_testing.replies import OK, Error, Reply

WRONG_TYPE = Error.of("WRONGTYPE Operation against a key holding the wrong kind of value")
SYNTAX = Error.of("ERR syntax error")
NOT_AN_INTEGER = Error.of("ERR value is not an integer or out of range")


async def test_a_value_is_set_and_got(any_client: RawConnection) -> None:
    assert await any_client.call("SET", "k", b"\x00\xff\r\n") == OK
    assert await any_client.call("GET", "k") == b"\x00\xff\r\n"


async def test_set_forgets_an_earlier_expiry_unless_told_to_keep_it(any_client: RawConnection) -> None:
    await any_client.call("SET", "k", "v", "EX", 100)
    await any_client.call("SET", "k", "w", "KEEPTTL")
    assert await any_client.call("TTL", "k") == 100
    await any_client.call("SET", "k", "x")
    assert await any_client.call("TTL", "k") == -1


async def test_set_nx_and_xx_depend_on_the_key(any_client: RawConnection) -> None:
    assert await any_client.call("SET", "k", "1", "XX") is None
    assert await any_client.call("SET", "k", "1", "NX") == OK
    assert await any_client.call("SET", "k", "2", "NX") is None
    assert await any_client.call("SET", "k", "3", "XX", "GET") == b"1"
    assert await any_client.call("SET", "k", "4", "NX", "GET") == b"3"


@pytest.mark.parametrize(
    ("request_line", "reply"),
    [
        ("SET k", Error.of("ERR wrong number of arguments for 'set' command")),
        ("SET k v EX 0", Error.of("ERR invalid expire time in 'set' command")),
        ("SET k v PX -5", Error.of("ERR invalid expire time in 'set' command")),
        ("SET k v EX 9223372036854775807", Error.of("ERR invalid expire time in 'set' command")),
        ("SET k v EX x", NOT_AN_INTEGER),
        ("SET k v EX", SYNTAX),
        ("SET k v NX XX", SYNTAX),
        ("SET k v EX 1 PX 1", SYNTAX),
        ("SET k v EX 1 KEEPTTL", SYNTAX),
        ("SET k v FOO", SYNTAX),
        ("SETEX k 0 v", Error.of("ERR invalid expire time in 'setex' command")),
        ("PSETEX k x v", NOT_AN_INTEGER),
        ("GETEX k EX 5 PERSIST", SYNTAX),
        ("MSET a 1 b", Error.of("ERR wrong number of arguments for 'mset' command")),
        ("SETRANGE k -1 v", Error.of("ERR offset is out of range")),
        ("SETRANGE k 536870912 v", Error.of("ERR string exceeds maximum allowed size (proto-max-bulk-len)")),
        ("GETRANGE k x 1", NOT_AN_INTEGER),
    ],
)
async def test_bad_arguments_are_refused(any_client: RawConnection, request_line: str, reply: Reply) -> None:
    assert await any_client.call(*request_line.split()) == reply


@pytest.mark.parametrize(
    "request_line", ["GET l", "SET l v GET", "APPEND l v", "STRLEN l", "GETSET l v", "GETDEL l"]
)
async def test_a_list_is_no_string(any_client: RawConnection, request_line: str) -> None:
    await any_client.call("RPUSH", "l", "item")
    assert await any_client.call(*request_line.split()) == WRONG_TYPE
    assert await any_client.call("LRANGE", "l", 0, -1) == [b"item"]


async def test_a_moment_in_the_past_leaves_no_key(any_client: RawConnection) -> None:
    assert await any_client.call("SET", "k", "v", "PXAT", 1) == OK
    assert await any_client.call("EXISTS", "k") == 0


async def test_getdel_takes_the_value_away(any_client: RawConnection) -> None:
    await any_client.call("SET", "k", "v")
    assert [await any_client.call("GETDEL", "k") for _ in range(2)] == [b"v", None]


async def test_getex_changes_only_the_expiry(any_client: RawConnection) -> None:
    await any_client.call("SET", "k", "v")
    assert await any_client.call("GETEX", "k", "EX", 100) == b"v"
    assert await any_client.call("TTL", "k") == 100
    assert await any_client.call("GETEX", "k", "PERSIST") == b"v"
    assert await any_client.call("TTL", "k") == -1


async def test_mget_says_nothing_of_what_is_no_string(any_client: RawConnection) -> None:
    await any_client.call("MSET", "a", "1", "b", "2")
    await any_client.call("RPUSH", "l", "item")
    assert await any_client.call("MGET", "a", "l", "missing", "b") == [b"1", None, None, b"2"]


async def test_msetnx_sets_all_or_nothing(any_client: RawConnection) -> None:
    assert await any_client.call("MSETNX", "a", "1", "b", "2") == 1
    assert await any_client.call("MSETNX", "c", "3", "b", "9") == 0
    assert await any_client.call("MGET", "a", "b", "c") == [b"1", b"2", None]


async def test_append_and_setrange_grow_a_value(any_client: RawConnection) -> None:
    assert await any_client.call("APPEND", "k", "abc") == 3
    assert await any_client.call("SETRANGE", "k", 5, "x") == 6
    assert await any_client.call("GET", "k") == b"abc\0\0x"
    assert await any_client.call("STRLEN", "k") == 6


@pytest.mark.parametrize(
    ("first", "last", "piece"),
    [(0, 2, b"abc"), (-3, -1, b"def"), (4, 100, b"ef"), (3, 1, b""), (-1, -3, b""), (-100, 0, b"a")],
)
async def test_getrange_counts_from_either_end(
    any_client: RawConnection, first: int, last: int, piece: bytes
) -> None:
    await any_client.call("SET", "k", "abcdef")
    assert await any_client.call("GETRANGE", "k", first, last) == piece
