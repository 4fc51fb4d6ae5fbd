"""The typed commands on vector sets."""

from __future__ import annotations

import struct
from collections.abc import AsyncIterator
from typing import Literal

import pytest
import pytest_asyncio

from packages.core.tests.typed import client_of, needs, needs_version, text_client_of
from respool import Redis
from respool_testing import ServerProcess


@pytest_asyncio.fixture
async def redis(real_server: ServerProcess, any_protocol: Literal[2, 3]) -> AsyncIterator[Redis[bytes]]:
    async with client_of(real_server, any_protocol) as redis:
        await needs(redis, "VADD", why="Redis >= 8")
        await redis.vadd("v", [1, 0], "east", quantization="NOQUANT", attributes='{"warm": 1}')
        await redis.vadd("v", struct.pack("<2f", 0, 1), "north", quantization="NOQUANT")
        yield redis


async def test_elements_come_and_go(redis: Redis[bytes]) -> None:
    assert (
        await redis.vadd("v", [1, 1], "northeast", quantization="NOQUANT", cas=True, ef=100, numlinks=16)
        is True
    )
    assert await redis.vadd("v", [1, 1.1], "northeast", quantization="NOQUANT") is False
    assert await redis.vcard("v") == 3
    assert await redis.vdim("v") == 2
    assert await redis.vrem("v", "northeast") is True
    assert await redis.vrem("v", "northeast") is False


async def test_dimensions_are_reduced(redis: Redis[bytes]) -> None:
    assert await redis.vadd("w", [1, 2, 3], "a", reduce_dim=2) is True
    assert await redis.vdim("w") == 2


async def test_vectors_are_read(redis: Redis[bytes]) -> None:
    assert await redis.vemb("v", "east") == pytest.approx([1.0, 0.0])
    assert await redis.vemb("v", "none") is None
    raw = await redis.vemb_raw("v", "east")
    assert raw is not None
    assert (raw.quantization, struct.unpack("<2f", raw.raw), raw.norm) == ("f32", (1.0, 0.0), 1.0)
    assert await redis.vemb_raw("v", "none") is None


async def test_a_quantised_vector_has_a_range(redis: Redis[bytes]) -> None:
    await redis.vadd("q", [3, 4], "a", quantization="Q8")
    raw = await redis.vemb_raw("q", "a")
    assert raw is not None
    assert (raw.quantization, len(raw.raw)) == ("int8", 2)
    assert raw.norm == pytest.approx(5.0)
    assert raw.range == pytest.approx(0.8)


async def test_likeness(redis: Redis[bytes]) -> None:
    assert await redis.vsim("v", [1, 0.1], count=1) == [b"east"]
    assert await redis.vsim("v", "north", with_scores=True) == [
        (b"north", 1.0),
        (b"east", pytest.approx(0.5)),
    ]
    assert await redis.vsim("v", "north", filter=".warm == 1", filter_ef=10, ef=50) == [b"east"]
    assert await redis.vsim("v", "north", truth=True, no_thread=True) == [b"north", b"east"]


async def test_likeness_with_attributes(redis: Redis[bytes]) -> None:
    await needs_version(redis, 8, 2)
    near, far = await redis.vsim_details("v", "north", epsilon=0.9)
    assert (near.element, near.score, near.attributes) == (b"north", 1.0, None)
    assert (far.element, far.attributes) == (b"east", b'{"warm": 1}')


async def test_attributes(redis: Redis[bytes]) -> None:
    assert await redis.vgetattr("v", "east") == b'{"warm": 1}'
    assert await redis.vgetattr("v", "north") is None
    assert await redis.vsetattr("v", "north", '{"warm": 0}') is True
    assert await redis.vsetattr("v", "none", "{}") is False


async def test_elements_by_chance(redis: Redis[bytes]) -> None:
    assert await redis.vrandmember("v") in (b"east", b"north")
    assert sorted(await redis.vrandmember("v", 5)) == [b"east", b"north"]
    assert await redis.vrandmember("none") is None
    assert await redis.vrandmember("none", 5) == []


async def test_membership(redis: Redis[bytes]) -> None:
    await needs(redis, "VISMEMBER", why="Redis >= 8.2")
    assert await redis.vismember("v", "east") is True
    assert await redis.vismember("v", "none") is False


async def test_neighbours(redis: Redis[bytes]) -> None:
    layers = await redis.vlinks("v", "east")
    assert layers is not None
    assert layers[-1] == [b"north"]
    scored = await redis.vlinks("v", "east", withscores=True)
    assert scored is not None
    ((neighbour, score),) = scored[-1]
    assert neighbour == b"north"
    assert score == pytest.approx(0.5)
    assert await redis.vlinks("v", "none") is None


async def test_a_vector_set_is_told(redis: Redis[bytes]) -> None:
    told = await redis.vinfo("v")
    assert told is not None
    assert (told.quantization, told.dimensions, told.size) == ("f32", 2, 2)
    assert await redis.vinfo("none") is None


async def test_a_stored_vector_is_never_decoded(
    redis: Redis[bytes], real_server: ServerProcess, any_protocol: Literal[2, 3]
) -> None:
    async with text_client_of(real_server, any_protocol) as text:
        raw = await text.vemb_raw("v", "east")
        assert raw is not None
        assert isinstance(raw.raw, bytes)
        assert await text.vsim("v", "east", count=1) == ["east"]
