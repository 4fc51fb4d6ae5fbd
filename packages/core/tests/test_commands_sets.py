"""The typed commands on sets."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Literal

import pytest_asyncio

from packages.core.tests.typed import client_of, text_client_of
from respool import Redis
from respool_testing import ServerProcess


@pytest_asyncio.fixture
async def redis(real_server: ServerProcess, any_protocol: Literal[2, 3]) -> AsyncIterator[Redis[bytes]]:
    async with client_of(real_server, any_protocol) as redis:
        yield redis


async def test_members_come_and_go(redis: Redis[bytes]) -> None:
    assert await redis.sadd("s", "a", "b", 3) == 3
    assert await redis.srem("s", "b", "none") == 1
    assert await redis.scard("s") == 2
    assert await redis.smembers("s") == {b"a", b"3"}
    assert await redis.smembers("none") == set()


async def test_membership(redis: Redis[bytes]) -> None:
    await redis.sadd("s", "a", "b")
    assert await redis.sismember("s", "a") is True
    assert await redis.sismember("s", "x") is False
    assert await redis.smismember("s", ["a", "x"]) == [True, False]
    assert await redis.smismember("s", "x", "b") == [False, True]


async def test_members_move(redis: Redis[bytes]) -> None:
    await redis.sadd("s", "a")
    assert await redis.smove("s", "t", "a") is True
    assert await redis.smove("s", "t", "a") is False


async def test_members_by_chance(redis: Redis[bytes]) -> None:
    await redis.sadd("s", "a")
    assert await redis.srandmember("s") == b"a"
    assert await redis.srandmember("s", -2) == [b"a", b"a"]
    assert await redis.srandmember("none") is None
    assert await redis.srandmember("none", 2) == []
    assert await redis.spop("s") == b"a"
    assert await redis.spop("s") is None


async def test_many_members_are_popped(redis: Redis[bytes]) -> None:
    await redis.sadd("s", "a", "b")
    assert await redis.spop("s", 5) == {b"a", b"b"}
    assert await redis.spop("s", 5) == set()


async def test_sets_are_compared(redis: Redis[bytes]) -> None:
    await redis.sadd("x", "a", "b")
    await redis.sadd("y", "b", "c")
    assert await redis.sdiff("x", "y") == {b"a"}
    assert await redis.sinter(["x", "y"]) == {b"b"}
    assert await redis.sunion("x", "y") == {b"a", b"b", b"c"}
    assert await redis.sintercard(["x", "y"]) == 1
    assert await redis.sintercard(["x", "x"], limit=1) == 1


async def test_comparisons_are_stored(redis: Redis[bytes]) -> None:
    await redis.sadd("x", "a", "b")
    await redis.sadd("y", "b", "c")
    assert await redis.sdiffstore("dest", "x", "y") == 1
    assert await redis.sinterstore("dest", ["x", "y"]) == 1
    assert await redis.sunionstore("dest", ["x", "y"]) == 3


async def test_a_set_is_scanned(redis: Redis[bytes]) -> None:
    await redis.sadd("s", "a", "b")
    assert await redis.sscan("s", match="a*", count=10) == (0, [b"a"])


async def test_text_comes_back_where_asked_for(
    real_server: ServerProcess, any_protocol: Literal[2, 3]
) -> None:
    async with text_client_of(real_server, any_protocol) as redis:
        await redis.sadd("s", "ä")
        assert await redis.smembers("s") == {"ä"}
        assert await redis.sscan("s") == (0, ["ä"])
