"""Lists, on a fake and on a real server."""

from __future__ import annotations

import pytest

from respool_testing import RawConnection
from respool_testing.replies import NULL_ARRAY, OK, Error, Reply

WRONG_TYPE = Error.of("WRONGTYPE Operation against a key holding the wrong kind of value")
NOT_AN_INTEGER = "ERR value is not an integer or out of range"


async def filled(client: RawConnection, *items: str) -> None:
    await client.call("RPUSH", "l", *items)


async def content(client: RawConnection, key: str = "l") -> Reply:
    return await client.call("LRANGE", key, 0, -1)


async def test_items_are_pushed_on_either_end(any_client: RawConnection) -> None:
    assert await any_client.call("RPUSH", "l", "c", "d") == 2
    assert await any_client.call("LPUSH", "l", "b", "a") == 4
    assert await content(any_client) == [b"a", b"b", b"c", b"d"]


async def test_pushx_needs_a_list(any_client: RawConnection) -> None:
    assert await any_client.call("LPUSHX", "l", "a") == 0
    await filled(any_client, "a")
    assert await any_client.call("RPUSHX", "l", "b") == 2


async def test_items_are_popped_from_either_end(any_client: RawConnection) -> None:
    await filled(any_client, "a", "b", "c", "d")
    assert await any_client.call("LPOP", "l") == b"a"
    assert await any_client.call("RPOP", "l", 2) == [b"d", b"c"]
    assert await any_client.call("LPOP", "l", 0) == []
    assert await any_client.call("LPOP", "l", 9) == [b"b"]
    assert await any_client.call("EXISTS", "l") == 0


async def test_popping_nothing_has_two_spellings(any_client: RawConnection) -> None:
    any_client.send("LPOP", "missing")
    any_client.send("LPOP", "missing", 1)
    assert await any_client.read_bytes(10) == b"$-1\r\n*-1\r\n"


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [(0, 0, [b"a"]), (-2, -1, [b"b", b"c"]), (1, 99, [b"b", b"c"]), (5, 9, []), (2, 1, []), (-99, 0, [b"a"])],
)
async def test_ranges_include_both_ends(
    any_client: RawConnection, first: int, last: int, expected: Reply
) -> None:
    await filled(any_client, "a", "b", "c")
    assert await any_client.call("LRANGE", "l", first, last) == expected
    assert await any_client.call("LTRIM", "l", first, last) == OK
    assert await content(any_client) == expected


@pytest.mark.parametrize(("index", "expected"), [(0, b"a"), (-1, b"c"), (3, None), (-4, None)])
async def test_an_item_is_found_by_its_index(any_client: RawConnection, index: int, expected: Reply) -> None:
    await filled(any_client, "a", "b", "c")
    assert await any_client.call("LINDEX", "l", index) == expected


async def test_an_item_is_replaced_by_its_index(any_client: RawConnection) -> None:
    await filled(any_client, "a", "b", "c")
    assert await any_client.call("LSET", "l", -1, "z") == OK
    assert await content(any_client) == [b"a", b"b", b"z"]


async def test_an_item_is_inserted_next_to_another(any_client: RawConnection) -> None:
    await filled(any_client, "a", "c")
    assert await any_client.call("LINSERT", "l", "BEFORE", "c", "b") == 3
    assert await any_client.call("LINSERT", "l", "after", "c", "d") == 4
    assert await any_client.call("LINSERT", "l", "AFTER", "x", "y") == -1
    assert await any_client.call("LINSERT", "missing", "AFTER", "x", "y") == 0
    assert await content(any_client) == [b"a", b"b", b"c", b"d"]


@pytest.mark.parametrize(
    ("count", "removed", "left"),
    [(1, 1, [b"b", b"a", b"a"]), (-2, 2, [b"a", b"b"]), (0, 3, [b"b"]), (9, 3, [b"b"])],
)
async def test_items_are_removed_from_either_end(
    any_client: RawConnection, count: int, removed: int, left: Reply
) -> None:
    await filled(any_client, "a", "b", "a", "a")
    assert await any_client.call("LREM", "l", count, "a") == removed
    assert await content(any_client) == left


async def test_an_item_moves_from_list_to_list(any_client: RawConnection) -> None:
    await filled(any_client, "a", "b", "c")
    assert await any_client.call("LMOVE", "l", "m", "LEFT", "RIGHT") == b"a"
    assert await any_client.call("RPOPLPUSH", "l", "m") == b"c"
    assert await content(any_client, "m") == [b"c", b"a"]
    assert await any_client.call("LMOVE", "missing", "m", "LEFT", "RIGHT") is None


async def test_a_list_can_be_turned_round_itself(any_client: RawConnection) -> None:
    await filled(any_client, "a", "b", "c")
    assert await any_client.call("LMOVE", "l", "l", "LEFT", "RIGHT") == b"a"
    assert await content(any_client) == [b"b", b"c", b"a"]


async def test_nothing_is_taken_where_it_cannot_be_put(any_client: RawConnection) -> None:
    await filled(any_client, "a")
    await any_client.call("SET", "text", "x")
    assert await any_client.call("LMOVE", "l", "text", "LEFT", "LEFT") == WRONG_TYPE
    assert await content(any_client) == [b"a"]


async def test_lmpop_takes_from_the_first_list_that_has_any(any_client: RawConnection) -> None:
    await filled(any_client, "a", "b", "c")
    assert await any_client.call("LMPOP", 2, "missing", "l", "RIGHT", "COUNT", 2) == [b"l", [b"c", b"b"]]
    assert await any_client.call("LMPOP", 1, "missing", "LEFT") == NULL_ARRAY


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ("", 0),
        ("RANK 2", 2),
        ("RANK -1", 3),
        ("COUNT 2", [0, 2]),
        ("COUNT 0 RANK -1", [3, 2, 0]),
        ("COUNT 0 MAXLEN 3", [0, 2]),
        ("RANK 9", None),
        ("RANK 9 COUNT 0", []),
    ],
)
async def test_places_of_an_item_are_found(any_client: RawConnection, options: str, expected: Reply) -> None:
    await filled(any_client, "a", "b", "a", "a")
    assert await any_client.call("LPOS", "l", "a", *options.split()) == expected


@pytest.mark.parametrize(
    ("request_line", "complaint"),
    [
        ("LPOP l -1", "ERR value is out of range, must be positive"),
        ("LPOP l x", "ERR value is out of range, must be positive"),
        ("LPOP l 1 2", "ERR wrong number of arguments for 'lpop' command"),
        ("LINDEX l x", NOT_AN_INTEGER),
        ("LRANGE l x 1", NOT_AN_INTEGER),
        ("LSET l 9 x", "ERR index out of range"),
        ("LSET missing 0 x", "ERR no such key"),
        ("LINSERT l NEAR a b", "ERR syntax error"),
        ("LMOVE l l UP LEFT", "ERR syntax error"),
        ("LMPOP 0 l LEFT", "ERR numkeys should be greater than 0"),
        ("LMPOP 2 l LEFT", "ERR syntax error"),
        ("LMPOP 1 l UP", "ERR syntax error"),
        ("LMPOP 1 l LEFT COUNT 0", "ERR count should be greater than 0"),
        ("LPOS l a COUNT -1", "ERR COUNT can't be negative"),
        ("LPOS l a MAXLEN x", "ERR MAXLEN can't be negative"),
        ("LPOS l a FOO 1", "ERR syntax error"),
    ],
)
async def test_bad_list_requests_are_refused(
    any_client: RawConnection, request_line: str, complaint: str
) -> None:
    await filled(any_client, "a")
    assert await any_client.call(*request_line.split()) == Error.of(complaint)


@pytest.mark.parametrize(
    "request_line", ["LPUSH k v", "LPOP k", "LLEN k", "LRANGE k 0 1", "LINDEX k 0", "LSET k 0 v"]
)
async def test_a_string_is_no_list(any_client: RawConnection, request_line: str) -> None:
    await any_client.call("SET", "k", "v")
    assert await any_client.call(*request_line.split()) == WRONG_TYPE
