"""The typed commands on streams, consumer groups, and what tells of them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Literal

import pytest
import pytest_asyncio

from packages.core.tests.typed import client_of, needs, text_client_of
from respool import Redis
from respool.errors import DataError, StreamConsumerGroupError
from respool_testing import ServerProcess


@pytest_asyncio.fixture
async def redis(real_server: ServerProcess, any_protocol: Literal[2, 3]) -> AsyncIterator[Redis[bytes]]:
    async with client_of(real_server, any_protocol) as redis:
        yield redis


@pytest_asyncio.fixture
async def group(redis: Redis[bytes]) -> Redis[bytes]:
    """A stream `s` of two entries, both pending with consumer `c` of group `g`."""
    for number in (1, 2):
        await redis.xadd("s", {"n": number}, f"{number}-0")
    await redis.xgroup_create("s", "g", 0)
    await redis.xreadgroup("g", "c", {"s": ">"})
    return redis


async def test_entries_are_appended_and_read(redis: Redis[bytes]) -> None:
    assert await redis.xadd("s", {"a": 1, "b": "x"}, "1-1") == b"1-1"
    assert await redis.xadd("s", {"a": 2}, "2-1") == b"2-1"
    assert await redis.xrange("s") == [(b"1-1", {b"a": b"1", b"b": b"x"}), (b"2-1", {b"a": b"2"})]
    assert await redis.xrange("s", "(1-1", 9, count=1) == [(b"2-1", {b"a": b"2"})]
    assert await redis.xrevrange("s", "1-1") == [(b"1-1", {b"a": b"1", b"b": b"x"})]
    assert await redis.xlen("s") == 2
    assert await redis.xrange("none") == []


async def test_an_entry_is_appended_only_where_there_is_a_stream(redis: Redis[bytes]) -> None:
    assert await redis.xadd("s", {"a": 1}, nomkstream=True) is None
    assert b"-" in await redis.xadd("s", {"a": 1})


async def test_streams_are_trimmed(redis: Redis[bytes]) -> None:
    for number in range(1, 6):
        await redis.xadd("s", {"a": 1}, f"{number}-0", maxlen=4, approximate=False)
    assert await redis.xlen("s") == 4
    assert await redis.xtrim("s", minid="3-0", approximate=False) == 1
    assert await redis.xtrim("s", maxlen=1, limit=100) == 0
    assert await redis.xtrim("s", maxlen=1, approximate=False) == 2


async def test_trimming_is_by_one_measure(redis: Redis[bytes]) -> None:
    with pytest.raises(DataError, match="maxlen and minid"):
        await redis.xadd("s", {"a": 1}, maxlen=1, minid="1-0")
    with pytest.raises(DataError, match="maxlen and minid"):
        await redis.xtrim("s", maxlen=1, minid="1-0")
    with pytest.raises(DataError, match="give maxlen or minid"):
        await redis.xtrim("s")


async def test_entries_are_deleted(redis: Redis[bytes]) -> None:
    await redis.xadd("s", {"a": 1}, "1-0")
    assert await redis.xdel("s", "1-0", "9-0") == 1
    assert await redis.xsetid("s", "7-0", entries_added=9, max_deleted_id="6-0") is True
    assert (await redis.xinfo_stream("s")).last_generated_id == b"7-0"


async def test_entries_are_deleted_with_their_references(group: Redis[bytes]) -> None:
    await needs(group, "XDELEX", "XACKDEL", why="Redis >= 8.2")
    await group.xadd("s", {"n": 3}, "3-0", maxlen=100, ref_policy="DELREF")
    assert await group.xtrim("s", maxlen=100, ref_policy="ACKED") == 0
    assert await group.xackdel("s", "g", "1-0", "9-0", ref_policy="DELREF") == [1, -1]
    assert await group.xdelex("s", "2-0", ref_policy="ACKED") == [2]
    assert await group.xdelex("s", "2-0", "9-0") == [1, -1]


async def test_streams_are_read_behind_ids(redis: Redis[bytes]) -> None:
    await redis.xadd("s", {"a": 1}, "1-0")
    await redis.xadd("t", {"b": 2}, "1-0")
    assert await redis.xread({"s": 0, "t": "0-0"}, count=5) == {
        b"s": [(b"1-0", {b"a": b"1"})],
        b"t": [(b"1-0", {b"b": b"2"})],
    }
    assert await redis.xread({"s": "$"}) == {}


async def test_entries_are_waited_for(redis: Redis[bytes]) -> None:
    wait = redis.xread({"s": "0-0"}, block=0)
    await redis.xadd("s", {"a": 1}, "1-0")
    assert await wait == {b"s": [(b"1-0", {b"a": b"1"})]}
    assert await redis.xread({"s": "$"}, block=timedelta(milliseconds=10)) == {}


async def test_a_group_reads_new_entries_and_its_own(redis: Redis[bytes]) -> None:
    assert await redis.xgroup_create("s", "g", mkstream=True) is True
    wait = redis.xreadgroup("g", "c", {"s": ">"}, count=5, block=0)
    await redis.xadd("s", {"a": 1}, "1-0")
    assert await wait == {b"s": [(b"1-0", {b"a": b"1"})]}
    assert await redis.xreadgroup("g", "c", {"s": 0}) == {b"s": [(b"1-0", {b"a": b"1"})]}
    await redis.xdel("s", "1-0")
    assert await redis.xreadgroup("g", "c", {"s": 0}) == {b"s": [(b"1-0", {})]}
    assert await redis.xreadgroup("g", "c", {"s": ">"}, noack=True) == {}


async def test_a_group_is_kept(redis: Redis[bytes]) -> None:
    await redis.xgroup_create("s", "g", mkstream=True)
    assert await redis.xgroup_createconsumer("s", "g", "c") is True
    assert await redis.xgroup_createconsumer("s", "g", "c") is False
    assert await redis.xgroup_setid("s", "g", 0, entries_read=0) is True
    assert await redis.xgroup_delconsumer("s", "g", "c") == 0
    assert await redis.xgroup_destroy("s", "g") is True
    assert await redis.xgroup_destroy("s", "g") is False


async def test_a_group_that_is_not_there_has_its_own_error(redis: Redis[bytes]) -> None:
    await redis.xadd("s", {"a": 1})
    with pytest.raises(StreamConsumerGroupError):
        await redis.xreadgroup("none", "c", {"s": ">"})


async def test_entries_are_acknowledged(group: Redis[bytes]) -> None:
    assert await group.xack("s", "g", "1-0", "9-0") == 1
    summary = await group.xpending("s", "g")
    assert (summary.total, summary.min, summary.max, summary.consumers) == (1, b"2-0", b"2-0", {b"c": 1})


async def test_nothing_is_pending(redis: Redis[bytes]) -> None:
    await redis.xgroup_create("s", "g", mkstream=True)
    summary = await redis.xpending("s", "g")
    assert (summary.total, summary.min, summary.consumers) == (0, None, {})
    assert await redis.xpending_range("s", "g") == []


async def test_pending_entries_are_listed(group: Redis[bytes]) -> None:
    first, second = await group.xpending_range("s", "g", count=5, consumername="c", idle=0)
    assert (first.id, first.consumer, first.deliveries) == (b"1-0", b"c", 1)
    assert (second.id, second.idle >= 0) == (b"2-0", True)


async def test_pending_entries_change_hands(group: Redis[bytes]) -> None:
    claim = await group.xclaim("s", "g", "d", 0, ["1-0"], idle=timedelta(seconds=5), retrycount=7)
    assert claim == [(b"1-0", {b"n": b"1"})]
    assert await group.xclaim("s", "g", "d", 0, "2-0", time=1, force=True, justid=True) == [b"2-0"]
    first, _ = await group.xpending_range("s", "g", consumername="d")
    assert (first.deliveries, first.idle >= 5000) == (7, True)
    with pytest.raises(DataError, match="idle and time"):
        await group.xclaim("s", "g", "d", 0, "1-0", idle=1, time=1)


async def test_idle_entries_change_hands(group: Redis[bytes]) -> None:
    await group.xdel("s", "2-0")
    assert await group.xautoclaim("s", "g", "d", 0, count=1) == (b"2-0", [(b"1-0", {b"n": b"1"})], [])
    assert await group.xautoclaim("s", "g", "d", 0, justid=True) == (b"0-0", [b"1-0"], [b"2-0"])


async def test_a_stream_is_told(group: Redis[bytes]) -> None:
    told = await group.xinfo_stream("s")
    assert (told.length, told.groups, told.entries_added) == (2, 1, 2)
    assert (told.first_entry, told.last_entry) == ((b"1-0", {b"n": b"1"}), (b"2-0", {b"n": b"2"}))
    assert (told.last_generated_id, told.max_deleted_entry_id) == (b"2-0", b"0-0")
    await group.xdel("s", "1-0", "2-0")
    assert (await group.xinfo_stream("s")).first_entry is None


async def test_groups_and_consumers_are_told(group: Redis[bytes]) -> None:
    (told,) = await group.xinfo_groups("s")
    assert (told.name, told.consumers, told.pending, told.entries_read, told.lag) == (b"g", 1, 2, 2, 0)
    assert told.last_delivered_id == b"2-0"
    (consumer,) = await group.xinfo_consumers("s", "g")
    assert (consumer.name, consumer.pending, consumer.idle >= 0) == (b"c", 2, True)


async def test_a_stream_is_told_in_full(group: Redis[bytes]) -> None:
    told = await group.xinfo_stream_full("s", count=1)
    assert (told.length, told.entries) == (2, [(b"1-0", {b"n": b"1"})])
    (one,) = told.groups
    assert (one.name, one.pel_count) == (b"g", 2)
    (consumer,) = one.consumers
    assert (consumer.name, consumer.pel_count, consumer.pending[0].id) == (b"c", 2, b"1-0")
    assert consumer.pending[0].deliveries == 1


async def test_text_comes_back_where_asked_for(
    real_server: ServerProcess, any_protocol: Literal[2, 3]
) -> None:
    async with text_client_of(real_server, any_protocol) as redis:
        assert await redis.xadd("s", {"ä": "ö"}, "1-0") == "1-0"
        assert await redis.xread({"s": 0}) == {"s": [("1-0", {"ä": "ö"})]}
        await redis.xgroup_create("s", "g", 0)
        assert (await redis.xinfo_groups("s"))[0].name == "g"
