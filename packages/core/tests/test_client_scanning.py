"""Iterators over keys, fields and members: page after page, to the end."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Literal

import pytest
import pytest_asyncio

from packages.core.tests.typed import Server, client_of, needs_version
from respool import Redis
from respool.errors import WrongTypeError
from respool_testing import ServerProcess

NAMES = {b"name %d" % number for number in range(700)}


@pytest_asyncio.fixture
async def redis(any_server: Server, any_protocol: Literal[2, 3]) -> AsyncIterator[Redis[bytes]]:
    async with client_of(any_server, any_protocol) as redis:
        await redis.flushall()
        yield redis


@pytest_asyncio.fixture
async def real(real_server: ServerProcess, any_protocol: Literal[2, 3]) -> AsyncIterator[Redis[bytes]]:
    async with client_of(real_server, any_protocol) as redis:
        yield redis


async def test_all_keys_are_iterated(redis: Redis[bytes]) -> None:
    await redis.mset(dict.fromkeys(NAMES, b"v"))
    assert {key async for key in redis.scan_iter()} == NAMES
    assert {key async for key in redis.scan_iter(count=100, match="name 1*", type="string")} == {
        name for name in NAMES if name.startswith(b"name 1")
    }


async def test_all_fields_are_iterated_with_their_values(redis: Redis[bytes]) -> None:
    await redis.hset("h", mapping={name: name[5:] for name in NAMES})
    assert {pair async for pair in redis.hscan_iter("h", count=50)} == {(name, name[5:]) for name in NAMES}


async def test_names_of_fields_are_iterated(real_server: ServerProcess, any_protocol: Literal[2, 3]) -> None:
    async with client_of(real_server, any_protocol) as redis:
        await needs_version(redis, 7, 4)
        await redis.hset("h", mapping=dict.fromkeys(NAMES, b"v"))
        assert {name async for name in redis.hscan_iter("h", no_values=True)} == NAMES


async def test_all_members_of_a_set_are_iterated(real: Redis[bytes]) -> None:
    await real.sadd("s", *NAMES)
    assert {member async for member in real.sscan_iter("s")} == NAMES


async def test_all_members_of_a_sorted_set_are_iterated_with_their_scores(real: Redis[bytes]) -> None:
    await real.zadd("z", dict.fromkeys(NAMES, 1.5))
    assert {pair async for pair in real.zscan_iter("z")} == {(name, 1.5) for name in NAMES}


async def test_nothing_is_iterated_where_nothing_is(redis: Redis[bytes]) -> None:
    assert [key async for key in redis.scan_iter()] == []
    assert [field async for field in redis.hscan_iter("none")] == []


async def test_an_iteration_may_be_left_at_any_time(real: Redis[bytes]) -> None:
    await real.sadd("s", *NAMES)
    members = real.sscan_iter("s", count=10)
    assert await anext(members) in NAMES


async def test_what_the_server_refuses_is_raised(real: Redis[bytes]) -> None:
    await real.set("k", "v")
    with pytest.raises(WrongTypeError):
        await anext(real.sscan_iter("k"))
