"""The typed commands on sorted sets: members, ranges, pops, set algebra."""

from __future__ import annotations

from collections.abc import AsyncIterator
from math import inf
from typing import Literal

import pytest
import pytest_asyncio

from packages.core.tests.typed import client_of, needs_version, text_client_of
from respool import Redis
from respool.errors import DataError
from respool_testing import ServerProcess


@pytest_asyncio.fixture
async def redis(real_server: ServerProcess, any_protocol: Literal[2, 3]) -> AsyncIterator[Redis[bytes]]:
    async with client_of(real_server, any_protocol) as redis:
        yield redis


@pytest_asyncio.fixture
async def ranked(redis: Redis[bytes]) -> Redis[bytes]:
    await redis.zadd("z", {"a": 1, "b": 2, "c": 3})
    return redis


async def test_members_are_added_and_scored(redis: Redis[bytes]) -> None:
    assert await redis.zadd("z", {"a": 1, "b": 2.5}) == 2
    assert await redis.zadd("z", {"a": 3, "c": inf}, ch=True) == 2
    assert await redis.zscore("z", "c") == inf
    assert await redis.zscore("z", "none") is None
    assert await redis.zmscore("z", ["a", "none"]) == [3.0, None]
    assert await redis.zcard("z") == 3


async def test_conditions_of_zadd(ranked: Redis[bytes]) -> None:
    assert await ranked.zadd("z", {"a": 9, "d": 9}, nx=True) == 1
    assert await ranked.zadd("z", {"a": 9, "e": 9}, xx=True, gt=True, ch=True) == 1
    assert await ranked.zadd("z", {"a": 5}, incr=True) == 14.0
    assert await ranked.zadd("z", {"a": 5}, incr=True, lt=True) is None


async def test_zadd_refuses_what_cannot_be(redis: Redis[bytes]) -> None:
    with pytest.raises(DataError, match="nx and xx"):
        await redis.zadd("z", {"a": 1}, nx=True, xx=True)
    with pytest.raises(DataError, match="gt and lt"):
        await redis.zadd("z", {"a": 1}, gt=True, lt=True)
    with pytest.raises(DataError, match="one member"):
        await redis.zadd("z", {"a": 1, "b": 2}, incr=True)


async def test_scores_grow_and_members_leave(ranked: Redis[bytes]) -> None:
    assert await ranked.zincrby("z", 1.5, "a") == 2.5
    assert await ranked.zrem("z", "a", "none") == 1


async def test_members_by_chance(redis: Redis[bytes]) -> None:
    await redis.zadd("z", {"a": 1})
    assert await redis.zrandmember("z") == b"a"
    assert await redis.zrandmember("none") is None
    assert await redis.zrandmember("z", 5) == [b"a"]
    assert await redis.zrandmember("z", -2, withscores=True) == [(b"a", 1.0), (b"a", 1.0)]


async def test_members_have_ranks(ranked: Redis[bytes]) -> None:
    assert await ranked.zrank("z", "c") == 2
    assert await ranked.zrevrank("z", "c") == 0
    assert await ranked.zrank("z", "none") is None


async def test_members_have_ranks_with_scores(ranked: Redis[bytes]) -> None:
    await needs_version(ranked, 7, 2)
    assert await ranked.zrank("z", "c", withscore=True) == (2, 3.0)
    assert await ranked.zrevrank("z", "c", withscore=True) == (0, 3.0)
    assert await ranked.zrank("z", "none", withscore=True) is None


async def test_a_sorted_set_is_scanned(ranked: Redis[bytes]) -> None:
    assert await ranked.zscan("z", match="[ab]", count=100) == (0, [(b"a", 1.0), (b"b", 2.0)])


async def test_ranges_by_rank(ranked: Redis[bytes]) -> None:
    assert await ranked.zrange("z", 0, 1) == [b"a", b"b"]
    assert await ranked.zrange("z", 0, 0, desc=True, withscores=True) == [(b"c", 3.0)]
    assert await ranked.zrange("none", 0, -1, withscores=True) == []


async def test_ranges_by_score(ranked: Redis[bytes]) -> None:
    assert await ranked.zrange("z", "(1", "+inf", byscore=True) == [b"b", b"c"]
    assert await ranked.zrange("z", 3, 1, byscore=True, desc=True, offset=1, num=1) == [b"b"]
    assert await ranked.zcount("z", 2, inf) == 2


async def test_ranges_by_name(redis: Redis[bytes]) -> None:
    await redis.zadd("z", {"a": 0, "b": 0, "c": 0})
    assert await redis.zrange("z", "[b", "+", bylex=True) == [b"b", b"c"]
    assert await redis.zlexcount("z", "-", "(c") == 2
    assert await redis.zremrangebylex("z", "-", "[b") == 2


async def test_ranges_are_removed_and_stored(ranked: Redis[bytes]) -> None:
    assert await ranked.zrangestore("dest", "z", 2, 3, byscore=True) == 2
    assert await ranked.zrange("dest", 0, -1) == [b"b", b"c"]
    assert await ranked.zremrangebyrank("z", 0, 0) == 1
    assert await ranked.zremrangebyscore("z", 3, "+inf") == 1


async def test_zrange_refuses_what_cannot_be(redis: Redis[bytes]) -> None:
    with pytest.raises(DataError, match="byscore and bylex"):
        await redis.zrange("z", 0, 1, byscore=True, bylex=True)
    with pytest.raises(DataError, match="offset, num belong together: num missing"):
        await redis.zrange("z", 0, 1, byscore=True, offset=1)
    with pytest.raises(DataError, match="for a range by score or by name"):
        await redis.zrangestore("dest", "z", 0, 1, offset=1, num=1)


async def test_members_are_popped(ranked: Redis[bytes]) -> None:
    assert await ranked.zpopmin("z") == [(b"a", 1.0)]
    assert await ranked.zpopmax("z", 2) == [(b"c", 3.0), (b"b", 2.0)]
    assert await ranked.zpopmax("z") == []


async def test_members_of_the_first_key_that_has_some_are_popped(ranked: Redis[bytes]) -> None:
    assert await ranked.zmpop(["none", "z"]) == (b"z", [(b"a", 1.0)])
    assert await ranked.zmpop(["z"], "MAX", count=5) == (b"z", [(b"c", 3.0), (b"b", 2.0)])
    assert await ranked.zmpop(["z"]) is None


async def test_members_are_waited_for(redis: Redis[bytes]) -> None:
    lowest, highest = redis.bzpopmin("z"), redis.bzpopmax(["y", "z"])
    first_of_two = redis.bzmpop(0, ["y", "x"], "MAX", count=2)
    await redis.zadd("z", {"a": 1})
    await redis.zadd("z", {"b": 2})
    await redis.zadd("x", {"c": 3})
    assert sorted([await lowest or (), await highest or ()]) == [(b"z", b"a", 1.0), (b"z", b"b", 2.0)]
    assert await first_of_two == (b"x", [(b"c", 3.0)])


async def test_a_wait_for_members_ends_with_none(redis: Redis[bytes]) -> None:
    assert await redis.bzpopmin("z", 0.01) is None
    assert await redis.bzmpop(0.01, ["z"]) is None


async def test_set_algebra(redis: Redis[bytes]) -> None:
    await redis.zadd("x", {"a": 1, "b": 2})
    await redis.zadd("y", {"b": 3, "c": 4})
    assert await redis.zdiff(["x", "y"]) == [b"a"]
    assert await redis.zdiff(["x", "y"], withscores=True) == [(b"a", 1.0)]
    assert await redis.zinter(["x", "y"]) == [b"b"]
    assert await redis.zinter({"x": 10, "y": 1}, withscores=True) == [(b"b", 23.0)]
    assert await redis.zunion(["x", "y"], aggregate="MAX", withscores=True) == [
        (b"a", 1.0),
        (b"b", 3.0),
        (b"c", 4.0),
    ]
    assert await redis.zintercard(["x", "y"], limit=5) == 1


async def test_set_algebra_is_stored(redis: Redis[bytes]) -> None:
    await redis.zadd("x", {"a": 1, "b": 2})
    await redis.zadd("y", {"b": 3})
    assert await redis.zdiffstore("d", ["x", "y"]) == 1
    assert await redis.zinterstore("i", ["x", "y"], aggregate="MIN") == 1
    assert await redis.zunionstore("u", {"x": 2, "y": 1}) == 2
    assert await redis.zscore("u", "b") == 7.0


async def test_text_comes_back_where_asked_for(
    real_server: ServerProcess, any_protocol: Literal[2, 3]
) -> None:
    async with text_client_of(real_server, any_protocol) as redis:
        await redis.zadd("z", {"ä": 1.5})
        assert await redis.zrange("z", 0, -1, withscores=True) == [("ä", 1.5)]
        assert await redis.zscore("z", "ä") == 1.5
        assert await redis.zpopmin("z") == [("ä", 1.5)]
