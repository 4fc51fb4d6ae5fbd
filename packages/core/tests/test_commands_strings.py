"""The typed commands on strings."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta, timezone
from typing import Literal

import pytest
import pytest_asyncio

from packages.core.tests.typed import Server, client_of, needs, text_client_of
from respool import Redis
from respool.errors import DataError, ResponseError
from respool_testing import ServerProcess

FAR = 4_000_000_000
"""Seconds of Unix time that these tests will not see pass."""


@pytest_asyncio.fixture
async def redis(any_server: Server, any_protocol: Literal[2, 3]) -> AsyncIterator[Redis[bytes]]:
    async with client_of(any_server, any_protocol) as redis:
        yield redis


async def test_a_value_grows_and_is_measured(redis: Redis[bytes]) -> None:
    assert await redis.append("k", "ab") == 2
    assert await redis.append("k", b"cd") == 4
    assert await redis.strlen("k") == 4
    assert await redis.strlen("other") == 0


async def test_parts_of_a_value_are_read_and_written(redis: Redis[bytes]) -> None:
    await redis.set("k", "Hello World")
    assert await redis.setrange("k", 6, "Redis") == 11
    assert await redis.getrange("k", 0, -1) == b"Hello Redis"
    assert await redis.getrange("k", 20, 30) == b""


async def test_counters_go_up_and_down(redis: Redis[bytes]) -> None:
    assert await redis.incr("n", 10) == 10
    assert await redis.decr("n", 3) == 7
    assert await redis.incrbyfloat("n", 0.5) == 7.5


async def test_getdel_returns_and_deletes(redis: Redis[bytes]) -> None:
    await redis.set("k", "v")
    assert await redis.getdel("k") == b"v"
    assert await redis.getdel("k") is None


async def test_many_keys_are_set_and_got(redis: Redis[bytes]) -> None:
    assert await redis.mset({"a": 1, "b": "two"}) is True
    assert await redis.mget("a", "b", "c") == [b"1", b"two", None]
    assert await redis.mget(["a", "c"]) == [b"1", None]
    assert await redis.msetnx({"b": 2, "c": 3}) is False
    assert await redis.msetnx({"c": 3, "d": 4}) is True


@pytest.mark.parametrize("period", [100, timedelta(seconds=100)])
async def test_set_takes_seconds_as_number_or_timedelta(redis: Redis[bytes], period: int | timedelta) -> None:
    assert await redis.set("k", "v", ex=period) is True
    assert 90 < await redis.ttl("k") <= 100


@pytest.mark.parametrize("period", [100_000, timedelta(seconds=100)])
async def test_set_takes_milliseconds_as_number_or_timedelta(
    redis: Redis[bytes], period: int | timedelta
) -> None:
    assert await redis.set("k", "v", px=period) is True
    assert 90 < await redis.ttl("k") <= 100


@pytest.mark.parametrize("moment", [FAR, datetime.fromtimestamp(FAR, timezone.utc)])
async def test_set_takes_a_moment_as_number_or_datetime(redis: Redis[bytes], moment: int | datetime) -> None:
    assert await redis.set("k", "v", exat=moment) is True
    assert await redis.expiretime("k") == FAR
    assert await redis.set("k", "v", pxat=FAR * 1000 + 7) is True
    assert await redis.pexpiretime("k") == FAR * 1000 + 7


async def test_set_can_keep_the_expiry(redis: Redis[bytes]) -> None:
    await redis.set("k", 1, exat=FAR)
    await redis.set("k", 2, keepttl=True)
    assert await redis.expiretime("k") == FAR


async def test_set_returns_the_former_value_where_asked(redis: Redis[bytes]) -> None:
    assert await redis.set("k", 1, get=True) is None
    assert await redis.set("k", 2, get=True, xx=True) == b"1"
    assert await redis.set("other", 2, xx=True) is False


async def test_set_compares_on_servers_that_can(
    real_server: ServerProcess, any_protocol: Literal[2, 3]
) -> None:
    async with client_of(real_server, any_protocol) as redis:
        await needs(redis, "COMMANDLOG", why="Valkey >= 8.1")
        await redis.set("k", 1)
        assert await redis.set("k", 2, ifeq=2) is False
        assert await redis.set("k", 2, ifeq=1) is True


async def test_set_with_options_that_exclude_each_other_fails_through_its_future(redis: Redis[bytes]) -> None:
    call = redis.set("k", 1, nx=True, xx=True)
    with pytest.raises(DataError, match="nx and xx exclude each other"):
        await call
    with pytest.raises(DataError, match="ex and keepttl"):
        await redis.set("k", 1, ex=1, keepttl=True)
    assert await redis.get("k") is None


async def test_options_that_exclude_each_other_are_refused_by_a_pipeline_at_once(redis: Redis[bytes]) -> None:
    async with redis.pipeline() as pipe:
        with pytest.raises(DataError, match="nx and xx"):
            pipe.set("k", 1, nx=True, xx=True)


async def test_getex_changes_the_expiry(redis: Redis[bytes]) -> None:
    await redis.set("k", "v")
    assert await redis.getex("k", exat=FAR) == b"v"
    assert await redis.expiretime("k") == FAR
    assert await redis.getex("k", persist=True) == b"v"
    assert await redis.ttl("k") == -1
    assert await redis.getex("other") is None


async def test_getex_refuses_two_times(redis: Redis[bytes]) -> None:
    with pytest.raises(DataError, match="ex and persist"):
        await redis.getex("k", ex=1, persist=True)


async def test_what_two_values_have_in_common(
    real_server: ServerProcess, any_protocol: Literal[2, 3]
) -> None:
    async with client_of(real_server, any_protocol) as redis:
        await redis.mset({"a": "ohmytext", "b": "mynewtext"})
        assert await redis.lcs("a", "b") == b"mytext"
        assert await redis.lcs("a", "b", len=True) == 6
        found = await redis.lcs("a", "b", idx=True, minmatchlen=3)
        assert found.matches == [((4, 7), (5, 8), 4)]
        assert (found.matches[0].first, found.length) == ((4, 7), 6)


async def test_lcs_answers_one_question(redis: Redis[bytes]) -> None:
    with pytest.raises(DataError, match="len and idx"):
        await redis.lcs("a", "b", len=True, idx=True)  # type: ignore[call-overload]


async def test_the_server_judges_what_values_mean(redis: Redis[bytes]) -> None:
    await redis.set("k", "text")
    with pytest.raises(ResponseError, match="not an integer"):
        await redis.incr("k")
    with pytest.raises(ResponseError):
        await redis.set("k", 1, ex=-5)


async def test_text_comes_back_where_asked_for(any_server: Server, any_protocol: Literal[2, 3]) -> None:
    async with text_client_of(any_server, any_protocol) as redis:
        await redis.mset({"a": "ä", "n": "1.5"})
        assert await redis.mget("a", "none") == ["ä", None]
        assert await redis.incrbyfloat("n") == 2.5
        assert await redis.set("a", 1, get=True) == "ä"
