"""Typed commands in pipelines: each call's future has the type that it has outside."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Literal

import pytest
import pytest_asyncio

from packages.core.tests.typed import client_of, text_client_of
from respool import Redis
from respool.errors import DataError
from respool_testing import ServerProcess


@pytest_asyncio.fixture
async def redis(real_server: ServerProcess, any_protocol: Literal[2, 3]) -> AsyncIterator[Redis[str]]:
    async with text_client_of(real_server, any_protocol) as redis:
        await redis.hset("h", mapping={"ä": 1})
        await redis.zadd("z", {"m": 1.5})
        await redis.xadd("s", {"f": "v"}, "1-0")
        yield redis


@pytest.mark.parametrize("transaction", [True, False])
async def test_replies_are_converted_in_a_pipeline(redis: Redis[str], transaction: bool) -> None:
    async with redis.pipeline(transaction) as pipe:
        futures = (
            pipe.hgetall("h"),
            pipe.zrange("z", 0, -1, withscores=True),
            pipe.xread({"s": 0}),
            pipe.set("k", 1, ex=100),
            pipe.smembers("none"),
            pipe.geopos("none", "m"),
        )
        results = await pipe.execute()
    assert results == [
        {"ä": "1"},
        [("m", 1.5)],
        {"s": [("1-0", {"f": "v"})]},
        True,
        set(),
        [None],
    ]
    assert [await future for future in futures] == results


@pytest.mark.parametrize("transaction", [True, False])
async def test_binary_replies_stay_binary_in_a_pipeline(redis: Redis[str], transaction: bool) -> None:
    async with redis.pipeline(transaction) as pipe:
        dump = pipe.dump("h")
        pipe.dump("none")
        assert (await pipe.execute())[1] is None
    assert isinstance(await dump, bytes)


async def test_commands_that_wait_are_refused_in_a_pipeline(
    real_server: ServerProcess, any_protocol: Literal[2, 3]
) -> None:
    async with client_of(real_server, any_protocol) as redis, redis.pipeline() as pipe:
        with pytest.raises(DataError, match="blocking"):
            pipe.xread({"s": "$"}, block=1)
        with pytest.raises(DataError, match="blocking"):
            pipe.bzpopmin("z")
        pipe.xread({"s": "0"})
        assert await pipe.execute() == [{}]


async def test_waits_convert_and_decode(redis: Redis[str]) -> None:
    assert await redis.bzpopmin("z") == ("z", "m", 1.5)
    assert await redis.xread({"s": 0}, block=1) == {"s": [("1-0", {"f": "v"})]}
