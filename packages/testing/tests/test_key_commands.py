"""Keys whatever they hold, on a fake and on a real server."""

from __future__ import annotations

import pytest

from respool_testing import RawConnection
from respool_testing.replies import OK, Error, Reply, Simple


async def test_existence_is_counted_as_often_as_asked(any_client: RawConnection) -> None:
    await any_client.call("MSET", "a", "1", "b", "2")
    assert await any_client.call("EXISTS", "a", "a", "b", "c") == 3
    assert await any_client.call("DEL", "a", "a", "c") == 1
    assert await any_client.call("UNLINK", "b") == 1
    assert await any_client.call("DBSIZE") == 0


@pytest.mark.parametrize(
    ("setup", "name"),
    [("SET k v", b"string"), ("RPUSH k v", b"list"), ("HSET k f v", b"hash"), ("DEL k", b"none")],
)
async def test_a_type_has_a_name(any_client: RawConnection, setup: str, name: bytes) -> None:
    await any_client.call(*setup.split())
    assert await any_client.call("TYPE", "k") == Simple(name)


async def test_rename_takes_value_and_expiry_along(any_client: RawConnection) -> None:
    await any_client.call("SET", "a", "v", "EX", 100)
    await any_client.call("SET", "b", "old")
    assert await any_client.call("RENAME", "a", "b") == OK
    assert await any_client.call("MGET", "a", "b") == [None, b"v"]
    assert await any_client.call("TTL", "b") == 100
    assert await any_client.call("RENAME", "a", "b") == Error.of("ERR no such key")


async def test_renamenx_leaves_an_existing_key_alone(any_client: RawConnection) -> None:
    await any_client.call("MSET", "a", "1", "b", "2")
    assert await any_client.call("RENAMENX", "a", "b") == 0
    assert await any_client.call("RENAMENX", "a", "c") == 1


async def test_a_copy_is_independent(any_client: RawConnection) -> None:
    await any_client.call("RPUSH", "a", "1")
    assert await any_client.call("COPY", "a", "b") == 1
    assert await any_client.call("COPY", "a", "b") == 0
    await any_client.call("RPUSH", "a", "2")
    assert await any_client.call("LRANGE", "b", 0, -1) == [b"1"]
    assert await any_client.call("COPY", "a", "b", "REPLACE") == 1
    assert await any_client.call("LLEN", "b") == 2


async def test_a_key_moves_between_databases(any_client: RawConnection) -> None:
    await any_client.call("SET", "k", "v")
    assert await any_client.call("MOVE", "k", 1) == 1
    assert await any_client.call("EXISTS", "k") == 0
    await any_client.call("SELECT", 1)
    assert await any_client.call("GET", "k") == b"v"


@pytest.mark.parametrize(
    ("request_line", "complaint"),
    [
        ("COPY k k", "ERR source and destination objects are the same"),
        ("MOVE k 0", "ERR source and destination objects are the same"),
        ("MOVE k 99", "ERR DB index is out of range"),
        ("COPY k b DB x", "ERR value is not an integer or out of range"),
        ("COPY k b FOO", "ERR syntax error"),
        ("SCAN x", "ERR invalid cursor"),
        ("SCAN 0 COUNT 0", "ERR syntax error"),
        ("SCAN 0 COUNT x", "ERR value is not an integer or out of range"),
        ("SCAN 0 MATCH", "ERR syntax error"),
        ("OBJECT FOO k", "ERR unknown subcommand 'FOO'. Try OBJECT HELP."),
    ],
)
async def test_bad_requests_for_keys_are_refused(
    any_client: RawConnection, request_line: str, complaint: str
) -> None:
    await any_client.call("SET", "k", "v")
    assert await any_client.call(*request_line.split()) == Error.of(complaint)


async def scanned(client: RawConnection, *options: str) -> list[Reply]:
    """Walk through all keys and return what was found."""
    found: list[Reply] = []
    cursor: Reply = b"0"
    while True:
        assert isinstance(cursor, bytes)
        reply = await client.call("SCAN", cursor, *options)
        assert isinstance(reply, list)
        cursor, page = reply
        assert isinstance(page, list)
        found += page
        if cursor == b"0":
            return found


async def test_scan_meets_every_key(any_client: RawConnection) -> None:
    names = [f"key:{number}" for number in range(100)]
    for name in names:
        await any_client.call("SET", name, "v")
    found = await scanned(any_client, "COUNT", "7")
    assert set(found) == {name.encode() for name in names}


async def test_scan_meets_what_stays_although_others_go(respool_raw: RawConnection) -> None:
    for number in range(40):
        await respool_raw.call("SET", f"key:{number}", "v")
    reply = await respool_raw.call("SCAN", 0, "COUNT", 10)
    assert isinstance(reply, list)
    cursor, page = reply
    await respool_raw.call("DEL", *page)
    rest = await respool_raw.call("SCAN", cursor, "COUNT", 1000)
    assert isinstance(rest, list)
    assert len({*page, *rest[1]}) == 40


async def test_scan_filters_by_pattern_and_type(any_client: RawConnection) -> None:
    await any_client.call("MSET", "a1", "v", "a2", "v", "b1", "v")
    await any_client.call("RPUSH", "a3", "item")
    found = await scanned(any_client, "MATCH", "a*", "TYPE", "string")
    assert sorted(map(str, found)) == ["b'a1'", "b'a2'"]


async def test_keys_and_randomkey_know_what_is_there(any_client: RawConnection) -> None:
    assert await any_client.call("RANDOMKEY") is None
    await any_client.call("SET", "only", "v")
    assert await any_client.call("RANDOMKEY") == b"only"
    assert await any_client.call("KEYS", "o*y") == [b"only"]


async def test_swapdb_exchanges_databases(any_client: RawConnection) -> None:
    await any_client.call("SET", "k", "v")
    assert await any_client.call("SWAPDB", 0, 1) == OK
    assert await any_client.call("EXISTS", "k") == 0
    assert await any_client.call("SWAPDB", 0, "x") == Error.of("ERR invalid second DB index")


async def test_flushing_empties_one_database_or_all(any_client: RawConnection) -> None:
    await any_client.call("SET", "k", "v")
    await any_client.call("SELECT", 1)
    assert await any_client.call("FLUSHDB", "ASYNC") == OK
    await any_client.call("SELECT", 0)
    assert await any_client.call("DBSIZE") == 1
    assert await any_client.call("FLUSHALL") == OK
    assert await any_client.call("DBSIZE") == 0
    assert await any_client.call("FLUSHALL", "foo") == Error.of("ERR syntax error")
