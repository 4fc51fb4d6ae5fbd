"""Sets and sorted sets on a fake server: what the tests themselves see of them, and who waits for them."""

from __future__ import annotations

from respool_testing import FakeServer, RawConnection
from respool_testing.database import Scores
from respool_testing.replies import OK, Reply


async def test_a_test_reads_and_writes_sets(respool_server: FakeServer, respool_raw: RawConnection) -> None:
    respool_server.db[0]["s"] = {"a", b"b"}
    respool_server.db[0]["z"] = Scores({b"low": 1, b"high": 2.5})
    assert await respool_raw.call("SCARD", "s") == 2
    assert await respool_raw.call("ZRANGE", "z", 0, -1) == [b"low", b"high"]
    assert respool_server.db[0]["s"] == {b"a", b"b"}
    assert respool_server.db[0]["z"] == Scores({b"low": 1.0, b"high": 2.5})


async def test_what_is_read_of_a_sorted_set_can_be_written_again(respool_server: FakeServer) -> None:
    respool_server.db[0]["z"] = Scores({b"a": 1})
    respool_server.db[0]["copy"] = respool_server.db[0]["z"]
    async with RawConnection(respool_server.host, respool_server.port) as client:
        assert await client.call("ZSCORE", "copy", "a") == b"1"


async def test_an_empty_set_is_no_key(respool_server: FakeServer, respool_raw: RawConnection) -> None:
    await respool_raw.call("SADD", "s", "a")
    await respool_raw.call("ZADD", "z", 1, "a")
    await respool_raw.call("SPOP", "s")
    await respool_raw.call("ZPOPMIN", "z")
    assert len(respool_server.db[0]) == 0


async def test_who_waits_for_a_member_gets_the_first_that_comes(
    respool_server: FakeServer, respool_raw: RawConnection
) -> None:
    async with RawConnection(respool_server.host, respool_server.port) as waiting:
        waiting.send("BZPOPMAX", "other", "z", 0)
        await respool_server.until(lambda: any(each.blocked for each in respool_server.connections))
        await respool_raw.call("ZADD", "z", 1, "a", 2, "b")
        assert await waiting.read() == [b"z", b"b", b"2"]
    assert await respool_raw.call("ZCARD", "z") == 1


async def test_sets_are_dumped_and_restored(respool_raw: RawConnection) -> None:
    await respool_raw.call("SADD", "s", "a", "b")
    await respool_raw.call("ZADD", "z", 0.1, "a", "-inf", "b")
    for key in ("s", "z"):
        dumped = await respool_raw.call("DUMP", key)
        assert isinstance(dumped, bytes)
        assert await respool_raw.call("RESTORE", f"{key}2", 0, dumped) == OK
    assert await respool_raw.call("SMISMEMBER", "s2", "a", "b") == [1, 1]
    assert await respool_raw.call("ZRANGE", "z2", 0, -1, "WITHSCORES") == [b"b", b"-inf", b"a", b"0.1"]


async def test_pages_of_a_set_hold_every_member_once(respool_raw: RawConnection) -> None:
    members = [f"m{number}" for number in range(50)]
    await respool_raw.call("SADD", "s", *members)
    cursor, seen = b"0", list[Reply]()
    while True:
        reply = await respool_raw.call("SSCAN", "s", cursor, "COUNT", 7)
        assert isinstance(reply, list)
        assert isinstance(reply[0], bytes)
        assert isinstance(reply[1], list)
        cursor, seen = reply[0], [*seen, *reply[1]]
        if cursor == b"0":
            break
    assert sorted(map(str, seen)) == sorted(str(each.encode()) for each in members)
