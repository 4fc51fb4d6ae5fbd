"""The keyspace, read and written by the test itself."""

from __future__ import annotations

import pytest

from respool_testing import FakeServer, RawConnection
from respool_testing.database import Plain, Writable
from respool_testing.replies import NULL_ARRAY, Push


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("text", b"text"),
        (b"bytes", b"bytes"),
        (42, b"42"),
        (1.5, b"1.5"),
        (["a", 1], [b"a", b"1"]),
        ({"f": 1}, {b"f": b"1"}),
    ],
)
async def test_what_is_written_is_read_as_bytes(
    respool_server: FakeServer, written: Writable, read: Plain
) -> None:
    respool_server.db[0]["k"] = written
    assert respool_server.db[0]["k"] == respool_server.db[0][b"k"] == read


async def test_clients_and_tests_see_the_same(respool_server: FakeServer, respool_raw: RawConnection) -> None:
    respool_server.db[0]["k"] = "1"
    assert await respool_raw.call("INCR", "k") == 2
    assert respool_server.db[0]["k"] == b"2"
    await respool_raw.call("SELECT", 3)
    await respool_raw.call("HSET", "h", "f", "v")
    assert dict(respool_server.db[3].items()) == {b"h": {b"f": b"v"}}


async def test_a_missing_key_is_a_keyerror(respool_server: FakeServer) -> None:
    database = respool_server.db[0]
    with pytest.raises(KeyError):
        database["k"]
    with pytest.raises(KeyError):
        del database["k"]
    with pytest.raises(KeyError):
        database.expire("k", 1)
    with pytest.raises(KeyError):
        database.ttl("k")
    assert "k" not in database


async def test_what_is_read_is_a_copy(respool_server: FakeServer) -> None:
    respool_server.db[0]["l"] = ["a"]
    read = respool_server.db[0]["l"]
    assert isinstance(read, list)
    read.append(b"b")
    assert respool_server.db[0]["l"] == [b"a"]


async def test_a_key_has_an_end_on_the_servers_clock(respool_server: FakeServer) -> None:
    respool_server.clock.freeze()
    database = respool_server.db[0]
    database["k"] = "v"
    assert database.ttl("k") is None
    database.expire("k", 1.5)
    assert database.ttl("k") == 1.5
    respool_server.clock.advance(1.5)
    assert list(database) == []


async def test_writing_wakes_who_waits(respool_server: FakeServer, respool_raw: RawConnection) -> None:
    respool_raw.send("BLPOP", "q", 0)
    await respool_server.until(lambda: any(each.blocked for each in respool_server.connections))
    respool_server.db[0]["q"] = ["item"]
    assert await respool_raw.reply() == [b"q", b"item"]


async def test_writing_spoils_a_watch_and_invalidates_caches(
    respool_server: FakeServer, respool_raw: RawConnection
) -> None:
    await respool_raw.call("HELLO", 3)
    for line in ("CLIENT TRACKING ON", "GET k", "WATCH k", "MULTI"):
        await respool_raw.call(*line.split())
    respool_server.db[0]["k"] = "v"
    assert await respool_raw.push() == Push([b"invalidate", [b"k"]])
    respool_raw.send("HELLO", 2)
    assert await respool_raw.call("EXEC") != NULL_ARRAY
