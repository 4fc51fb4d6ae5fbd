"""The typed commands on hashes, and on when their fields expire."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Literal

import pytest
import pytest_asyncio

from packages.core.tests.typed import Server, client_of, needs, needs_version, text_client_of
from respool import Redis
from respool.errors import DataError
from respool_testing import ServerProcess

FAR = 4_000_000_000


@pytest_asyncio.fixture
async def redis(any_server: Server, any_protocol: Literal[2, 3]) -> AsyncIterator[Redis[bytes]]:
    async with client_of(any_server, any_protocol) as redis:
        yield redis


async def test_fields_are_set_and_got(redis: Redis[bytes]) -> None:
    assert await redis.hset("h", "a", 1) == 1
    assert await redis.hset("h", mapping={"a": 2, "b": "x"}) == 1
    assert await redis.hget("h", "a") == b"2"
    assert await redis.hget("h", "none") is None
    assert await redis.hmget("h", "a", "none") == [b"2", None]
    assert await redis.hmget("h", ["b"]) == [b"x"]
    assert await redis.hsetnx("h", "a", 3) is False


async def test_a_hash_is_read_whole(redis: Redis[bytes]) -> None:
    await redis.hset("h", mapping={"a": 1, "b": 2})
    assert await redis.hgetall("h") == {b"a": b"1", b"b": b"2"}
    assert await redis.hgetall("none") == {}
    assert sorted(await redis.hkeys("h")) == [b"a", b"b"]
    assert sorted(await redis.hvals("h")) == [b"1", b"2"]
    assert await redis.hlen("h") == 2


async def test_fields_are_counted_measured_and_deleted(redis: Redis[bytes]) -> None:
    await redis.hset("h", "a", "long")
    assert await redis.hstrlen("h", "a") == 4
    assert await redis.hexists("h", "a") is True
    assert await redis.hexists("h", "none") is False
    assert await redis.hdel("h", "a", "none") == 1


async def test_numbers_in_fields_grow(redis: Redis[bytes]) -> None:
    assert await redis.hincrby("h", "n") == 1
    assert await redis.hincrby("h", "n", 4) == 5
    assert await redis.hincrbyfloat("h", "n", 0.25) == 5.25


@pytest.mark.parametrize(
    "given",
    [
        pytest.param({}, id="nothing"),
        pytest.param({"field": "a"}, id="no value"),
        pytest.param({"mapping": {}}, id="no fields"),
        pytest.param({"field": "a", "value": 1, "mapping": {"b": 2}}, id="both"),
    ],
)
async def test_hset_refuses_what_is_neither_a_field_nor_a_mapping(
    redis: Redis[bytes], given: dict[str, object]
) -> None:
    with pytest.raises(DataError, match="either a field and its value, or a mapping"):
        await redis.hset("h", **given)  # type: ignore[call-overload]


async def test_fields_by_chance(redis: Redis[bytes]) -> None:
    await needs(redis, "HRANDFIELD")
    await redis.hset("h", "a", 1)
    assert await redis.hrandfield("h") == b"a"
    assert await redis.hrandfield("none") is None
    assert await redis.hrandfield("h", 5) == [b"a"]
    assert await redis.hrandfield("h", -2, withvalues=True) == [(b"a", b"1"), (b"a", b"1")]
    assert await redis.hrandfield("none", 5, withvalues=True) == []


async def test_a_hash_is_scanned(redis: Redis[bytes]) -> None:
    await needs(redis, "HSCAN")
    await redis.hset("h", mapping={"a": 1, "b": 2})
    assert await redis.hscan("h") == (0, {b"a": b"1", b"b": b"2"})
    assert await redis.hscan("h", match="b*", count=10) == (0, {b"b": b"2"})


async def test_a_hash_is_scanned_for_names_only(
    real_server: ServerProcess, any_protocol: Literal[2, 3]
) -> None:
    async with client_of(real_server, any_protocol) as redis:
        await needs_version(redis, 7, 4)
        await redis.hset("h", mapping={"a": 1, "b": 2})
        cursor, names = await redis.hscan("h", no_values=True)
        assert (cursor, sorted(names)) == (0, [b"a", b"b"])


async def test_fields_are_taken_out(redis: Redis[bytes]) -> None:
    await needs(redis, "HGETDEL", why="Redis >= 8")
    await redis.hset("h", mapping={"a": 1, "b": 2})
    assert await redis.hgetdel("h", "a", "none") == [b"1", None]
    assert await redis.hlen("h") == 1


async def test_fields_are_set_together_with_their_expiry(redis: Redis[bytes]) -> None:
    await needs(redis, "HSETEX", why="Redis >= 8")
    assert await redis.hsetex("h", {"a": 1, "b": 2}, exat=FAR) is True
    assert await redis.hexpiretime("h", "a", "b") == [FAR, FAR]
    assert await redis.hsetex("h", {"a": 3}, fnx=True) is False
    assert await redis.hsetex("h", {"a": 3}, fxx=True, keepttl=True) is True
    assert await redis.hgetex("h", "a", "none", persist=True) == [b"3", None]
    assert await redis.httl("h", "a") == [-1]
    assert await redis.hgetex("h", "a", ex=timedelta(minutes=1)) == [b"3"]
    assert 50 < (await redis.httl("h", "a"))[0] <= 60


async def test_fields_expire(redis: Redis[bytes]) -> None:
    await needs(redis, "HEXPIRE", why="Redis >= 7.4")
    await redis.hset("h", mapping={"a": 1, "b": 2})
    assert await redis.hexpire("h", 100, "a", "none") == [1, -2]
    assert await redis.hexpire("h", 50, "a", gt=True) == [0]
    assert await redis.hpexpire("h", timedelta(seconds=100), "b") == [1]
    assert 90 < (await redis.httl("h", "a"))[0] <= 100
    assert 90_000 < (await redis.hpttl("h", "b"))[0] <= 100_000
    assert await redis.hpersist("h", "a", "none") == [1, -2]


async def test_fields_expire_at_a_moment(redis: Redis[bytes]) -> None:
    await needs(redis, "HEXPIREAT", why="Redis >= 7.4")
    await redis.hset("h", mapping={"a": 1, "b": 2})
    assert await redis.hexpireat("h", FAR, "a") == [1]
    assert await redis.hpexpireat("h", FAR * 1000 + 5, "b") == [1]
    assert await redis.hexpiretime("h", "a") == [FAR]
    assert await redis.hpexpiretime("h", "b", "none") == [FAR * 1000 + 5, -2]


async def test_conditions_of_an_expiry_exclude_each_other(redis: Redis[bytes]) -> None:
    with pytest.raises(DataError, match="nx and gt"):
        await redis.hexpire("h", 1, "a", nx=True, gt=True)
    with pytest.raises(DataError, match="ex and px"):
        await redis.hgetex("h", "a", ex=1, px=1)
    with pytest.raises(DataError, match="fnx and fxx"):
        await redis.hsetex("h", {"a": 1}, fnx=True, fxx=True)


async def test_text_comes_back_where_asked_for(any_server: Server, any_protocol: Literal[2, 3]) -> None:
    async with text_client_of(any_server, any_protocol) as redis:
        await redis.hset("h", mapping={"ä": "ö"})
        assert await redis.hgetall("h") == {"ä": "ö"}
        assert await redis.hkeys("h") == ["ä"]
