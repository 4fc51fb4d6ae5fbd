"""The typed commands on bits, and on rough counts of elements."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Literal

import pytest
import pytest_asyncio

from packages.core.tests.typed import client_of, needs_version
from respool import Redis
from respool.errors import DataError
from respool_testing import ServerProcess


@pytest_asyncio.fixture
async def redis(real_server: ServerProcess, any_protocol: Literal[2, 3]) -> AsyncIterator[Redis[bytes]]:
    async with client_of(real_server, any_protocol) as redis:
        yield redis


async def test_single_bits(redis: Redis[bytes]) -> None:
    assert await redis.setbit("b", 7, 1) == 0
    assert await redis.setbit("b", 7, 1) == 1
    assert await redis.getbit("b", 7) == 1
    assert await redis.getbit("b", 100) == 0


async def test_bits_are_counted(redis: Redis[bytes]) -> None:
    await redis.set("b", b"\xff\x01")
    assert await redis.bitcount("b") == 9
    assert await redis.bitcount("b", 1, 1) == 1
    assert await redis.bitcount("b", 0, 3, "BIT") == 4


async def test_bits_are_found(redis: Redis[bytes]) -> None:
    await redis.set("b", b"\x00\x0f")
    assert await redis.bitpos("b", 1) == 12
    assert await redis.bitpos("b", 0, 1) == 8
    assert await redis.bitpos("b", 1, 0, 10, "BIT") == -1


async def test_bits_are_joined(redis: Redis[bytes]) -> None:
    await redis.mset({"a": b"\x0f", "b": b"\x3c"})
    assert await redis.bitop("AND", "dest", "a", "b") == 1
    assert await redis.get("dest") == b"\x0c"
    assert await redis.bitop("NOT", "dest", "a") == 1


async def test_bits_are_joined_in_further_ways(redis: Redis[bytes]) -> None:
    await needs_version(redis, 8, 2)
    await redis.mset({"a": b"\x0f", "b": b"\x3c"})
    assert await redis.bitop("DIFF", "dest", "a", "b") == 1
    assert await redis.get("dest") == b"\x03"


async def test_fields_of_bits(redis: Redis[bytes]) -> None:
    assert await redis.bitfield("f", ("SET", "u8", 0, 200), ("GET", "u4", 0), ("INCRBY", "i5", "#2", -1)) == [
        0,
        12,
        -1,
    ]
    assert await redis.bitfield("f", ("OVERFLOW", "FAIL"), ("INCRBY", "u8", 0, 100)) == [None]
    assert await redis.bitfield_ro("f", ("u8", 0), ("u4", "#0")) == [200, 12]


async def test_ranges_of_bits_are_whole(redis: Redis[bytes]) -> None:
    with pytest.raises(DataError, match="end missing"):
        await redis.bitcount("b", 1)
    with pytest.raises(DataError, match="mode is for a range"):
        await redis.bitcount("b", mode="BIT")
    with pytest.raises(DataError, match="end needs a start"):
        await redis.bitpos("b", 1, end=5)
    with pytest.raises(DataError, match="mode needs"):
        await redis.bitpos("b", 1, 5, mode="BIT")


async def test_elements_are_counted_roughly(redis: Redis[bytes]) -> None:
    assert await redis.pfadd("p", "a", "b") is True
    assert await redis.pfadd("p", "a") is False
    assert await redis.pfadd("q", "c") is True
    assert await redis.pfcount("p", "q") == 3
    assert await redis.pfmerge("dest", "p", "q") is True
    assert await redis.pfcount("dest") == 3
