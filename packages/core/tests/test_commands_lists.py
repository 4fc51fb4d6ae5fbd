"""The typed commands on lists, those that wait among them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable
from typing import Literal

import pytest
import pytest_asyncio

from packages.core.tests.typed import client_of, text_client_of
from respool import Redis
from respool.errors import DataError, ResponseError
from respool_testing import ServerProcess


@pytest_asyncio.fixture
async def redis(real_server: ServerProcess, any_protocol: Literal[2, 3]) -> AsyncIterator[Redis[bytes]]:
    async with client_of(real_server, any_protocol) as redis:
        yield redis


async def test_elements_are_pushed_and_popped(redis: Redis[bytes]) -> None:
    assert await redis.rpush("l", "b", "c") == 2
    assert await redis.lpush("l", "a") == 3
    assert await redis.lpop("l") == b"a"
    assert await redis.rpop("l") == b"c"
    assert await redis.lpop("none") is None


async def test_many_elements_are_popped(redis: Redis[bytes]) -> None:
    await redis.rpush("l", "a", "b", "c")
    assert await redis.lpop("l", 2) == [b"a", b"b"]
    assert await redis.rpop("l", 5) == [b"c"]
    assert await redis.rpop("l", 5) is None


async def test_elements_are_pushed_on_lists_only(redis: Redis[bytes]) -> None:
    assert await redis.lpushx("l", 1) == 0
    assert await redis.rpushx("l", 1) == 0
    await redis.rpush("l", 2)
    assert await redis.lpushx("l", 1) == 2
    assert await redis.rpushx("l", 3, 4) == 4


async def test_elements_are_read(redis: Redis[bytes]) -> None:
    await redis.rpush("l", "a", "b", "c")
    assert await redis.lrange("l", 0, -2) == [b"a", b"b"]
    assert await redis.lindex("l", -1) == b"c"
    assert await redis.lindex("l", 9) is None
    assert await redis.llen("l") == 3


async def test_elements_are_changed(redis: Redis[bytes]) -> None:
    await redis.rpush("l", "a", "b", "b")
    assert await redis.lset("l", 0, "x") is True
    assert await redis.linsert("l", "BEFORE", "b", "y") == 4
    assert await redis.linsert("l", "AFTER", "none", "y") == -1
    assert await redis.lrem("l", -1, "b") == 1
    assert await redis.ltrim("l", 1, -1) is True
    assert await redis.lrange("l", 0, -1) == [b"y", b"b"]


async def test_elements_are_found(redis: Redis[bytes]) -> None:
    await redis.rpush("l", "a", "b", "a")
    assert await redis.lpos("l", "a") == 0
    assert await redis.lpos("l", "a", rank=-1, maxlen=2) == 2
    assert await redis.lpos("l", "a", count=0) == [0, 2]
    assert await redis.lpos("l", "none") is None
    assert await redis.lpos("l", "none", count=1) == []


async def test_elements_are_moved(redis: Redis[bytes]) -> None:
    await redis.rpush("l", "a", "b")
    assert await redis.lmove("l", "m") == b"a"
    assert await redis.lmove("l", "m", "RIGHT", "LEFT") == b"b"
    assert await redis.lmove("l", "m") is None
    assert await redis.lmpop(["l", "m"], count=5) == (b"m", [b"b", b"a"])
    assert await redis.lmpop(["l", "m"], "RIGHT") is None


async def test_elements_are_waited_for(redis: Redis[bytes]) -> None:
    waits: list[Awaitable[object]] = [
        redis.blpop(["a", "b"]),
        redis.brpop("c", 0),
        redis.blmove("d", "dest", 0, "RIGHT", "LEFT"),
        redis.blmpop(0, ["e"], "RIGHT", count=2),
    ]
    for key in "bcde":
        await redis.rpush(key, 1, 2)
    assert await asyncio.gather(*waits) == [(b"b", b"1"), (b"c", b"2"), b"2", (b"e", [b"2", b"1"])]


async def test_a_wait_for_elements_ends_with_none(redis: Redis[bytes]) -> None:
    assert await redis.blpop("l", 0.01) is None
    assert await redis.brpop(["l"], timeout=0.01) is None
    assert await redis.blmove("l", "m", 0.01) is None
    assert await redis.blmpop(0.01, ["l"]) is None


async def test_a_wait_shares_no_connection(redis: Redis[bytes]) -> None:
    wait = redis.blpop("l")
    assert await redis.ping() == b"PONG"
    assert not wait.done()
    wait.cancel()


async def test_a_wait_is_refused_in_a_pipeline(redis: Redis[bytes]) -> None:
    async with redis.pipeline() as pipe:
        with pytest.raises(DataError, match="blocking"):
            pipe.blpop("l")


async def test_the_server_judges_a_wait(redis: Redis[bytes]) -> None:
    with pytest.raises(ResponseError, match="negative"):
        await redis.blpop("l", -1)


async def test_text_comes_back_where_asked_for(
    real_server: ServerProcess, any_protocol: Literal[2, 3]
) -> None:
    async with text_client_of(real_server, any_protocol) as redis:
        await redis.rpush("l", "ä", "ö", "ü", "x")
        assert await redis.lrange("l", 0, 0) == ["ä"]
        assert await redis.lpop("l") == "ä"
        assert await redis.blpop("l") == ("l", "ö")
        assert await redis.lmpop(["l"], count=2) == ("l", ["ü", "x"])
