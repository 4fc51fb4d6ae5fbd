"""Hashes, on a fake and on a real server."""

from __future__ import annotations

import pytest

from respool_testing import FakeServer, RawConnection
from respool_testing.replies import OK, Error, Map, Reply

WRONG_TYPE = Error.of("WRONGTYPE Operation against a key holding the wrong kind of value")


async def test_fields_are_set_and_counted_when_new(any_client: RawConnection) -> None:
    assert await any_client.call("HSET", "h", "a", "1", "b", "2") == 2
    assert await any_client.call("HSET", "h", "a", "9", "c", "3") == 1
    assert await any_client.call("HMSET", "h", "b", "8") == OK
    assert await any_client.call("HMGET", "h", "a", "b", "x") == [b"9", b"8", None]
    assert await any_client.call("HLEN", "h") == 3


async def test_a_hash_is_a_map_in_resp3_and_flat_in_resp2(any_client: RawConnection) -> None:
    await any_client.call("HSET", "h", "a", "1")
    assert await any_client.call("HGETALL", "h") == [b"a", b"1"]
    await any_client.call("HELLO", 3)
    assert await any_client.call("HGETALL", "h") == Map([(b"a", b"1")])
    assert await any_client.call("HGETALL", "missing") == Map([])


async def test_names_and_values_can_be_had_alone(any_client: RawConnection) -> None:
    await any_client.call("HSET", "h", "a", "12")
    replies = [
        await any_client.call(*line.split()) for line in ("HKEYS h", "HVALS h", "HSTRLEN h a", "HSTRLEN h x")
    ]
    assert replies == [[b"a"], [b"12"], 2, 0]


async def test_hsetnx_leaves_an_existing_field_alone(any_client: RawConnection) -> None:
    assert [await any_client.call("HSETNX", "h", "a", value) for value in ("1", "2")] == [1, 0]
    assert await any_client.call("HGET", "h", "a") == b"1"


async def test_the_last_field_takes_the_key_along(any_client: RawConnection) -> None:
    await any_client.call("HSET", "h", "a", "1", "b", "2")
    assert await any_client.call("HDEL", "h", "a", "x") == 1
    assert await any_client.call("HEXISTS", "h", "a") == 0
    assert await any_client.call("HDEL", "h", "b") == 1
    assert await any_client.call("EXISTS", "h") == 0


async def test_fields_count(any_client: RawConnection) -> None:
    assert await any_client.call("HINCRBY", "h", "n", 5) == 5
    assert await any_client.call("HINCRBYFLOAT", "h", "n", "0.5") == b"5.5"


async def test_changing_a_field_keeps_the_keys_expiry(any_client: RawConnection) -> None:
    await any_client.call("HSET", "h", "a", "1")
    await any_client.call("EXPIRE", "h", 100)
    await any_client.call("HSET", "h", "b", "2")
    assert await any_client.call("TTL", "h") == 100


@pytest.mark.parametrize(
    ("request_line", "complaint"),
    [
        ("HSET h a", "ERR wrong number of arguments for 'hset' command"),
        ("HMSET h a 1 b", "ERR wrong number of arguments for 'hmset' command"),
        ("HINCRBY h text 1", "ERR hash value is not an integer"),
        ("HINCRBY h n x", "ERR value is not an integer or out of range"),
        ("HINCRBY h n 9223372036854775807", "ERR increment or decrement would overflow"),
        ("HINCRBYFLOAT h text 1", "ERR hash value is not a float"),
        ("HINCRBYFLOAT h n x", "ERR value is not a valid float"),
        ("HINCRBYFLOAT h n inf", "ERR value is NaN or Infinity"),
        ("HRANDFIELD h x", "ERR value is not an integer or out of range"),
        ("HRANDFIELD h 1 FOO", "ERR syntax error"),
        ("HSCAN h x", "ERR invalid cursor"),
        ("HSCAN h 0 FOO", "ERR syntax error"),
    ],
)
async def test_bad_hash_requests_are_refused(
    any_client: RawConnection, request_line: str, complaint: str
) -> None:
    await any_client.call("HSET", "h", "text", "x", "n", "1")
    assert await any_client.call(*request_line.split()) == Error.of(complaint)


@pytest.mark.parametrize("request_line", ["HGET k f", "HSET k f v", "HGETALL k", "HDEL k f", "HINCRBY k f 1"])
async def test_a_string_is_no_hash(any_client: RawConnection, request_line: str) -> None:
    await any_client.call("SET", "k", "v")
    assert await any_client.call(*request_line.split()) == WRONG_TYPE


async def test_random_fields_are_different_unless_asked_otherwise(any_client: RawConnection) -> None:
    await any_client.call("HSET", "h", "a", "1", "b", "2")
    some = await any_client.call("HRANDFIELD", "h", 5)
    assert isinstance(some, list)
    assert set(some) == {b"a", b"b"}
    many = await any_client.call("HRANDFIELD", "h", -5)
    assert isinstance(many, list)
    assert len(many) == 5
    assert await any_client.call("HRANDFIELD", "missing", 5) == []
    assert await any_client.call("HRANDFIELD", "missing") is None


@pytest.mark.parametrize(("protocol", "expected"), [(2, [b"a", b"1"]), (3, [[b"a", b"1"]])])
async def test_random_fields_come_with_values(
    any_client: RawConnection, protocol: int, expected: Reply
) -> None:
    await any_client.call("HELLO", protocol)
    await any_client.call("HSET", "h", "a", "1")
    assert await any_client.call("HRANDFIELD", "h", 1, "WITHVALUES") == expected


async def test_hscan_meets_every_field(any_client: RawConnection) -> None:
    for number in range(50):
        await any_client.call("HSET", "h", f"field{number}", "x" * 100)
    found: list[Reply] = []
    cursor: Reply = b"0"
    while found == [] or cursor != b"0":
        assert isinstance(cursor, bytes)
        reply = await any_client.call("HSCAN", "h", cursor, "COUNT", 5, "MATCH", "field*")
        assert isinstance(reply, list)
        cursor, page = reply
        assert isinstance(page, list)
        found += page[::2]
    assert set(found) == {b"field%d" % number for number in range(50)}


async def test_fields_are_read_and_deleted_at_once_by_newer_servers() -> None:
    async with FakeServer(version="8.0.0") as server, RawConnection(server.host, server.port) as client:
        await client.call("HSET", "h", "a", "1", "b", "2")
        assert await client.call("HGETDEL", "h", "FIELDS", 2, "a", "x") == [b"1", None]
        assert await client.call("HGETDEL", "h", "FIELDS", 1, "b") == [b"2"]
        assert await client.call("EXISTS", "h") == 0


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        ("FOO 1 a", "ERR Mandatory argument FIELDS is missing or not at the right position"),
        ("FIELDS 0 a", "ERR Number of fields must be a positive integer"),
        ("FIELDS x a", "ERR Number of fields must be a positive integer"),
        ("FIELDS 2 a", "ERR The `numfields` parameter must match the number of arguments"),
    ],
)
async def test_nonsense_about_fields_is_refused_by_newer_servers(words: str, complaint: str) -> None:
    async with FakeServer(version="8.0.0") as server, RawConnection(server.host, server.port) as client:
        assert await client.call("HGETDEL", "h", *words.split()) == Error.of(complaint)
