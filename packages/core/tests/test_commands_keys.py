"""The typed commands on keys: what there is, when it expires, in which order."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta, timezone
from typing import Literal

import pytest
import pytest_asyncio

from packages.core.tests.typed import client_of, text_client_of
from respool import Redis
from respool.errors import DataError, ResponseError
from respool_testing import RealServer, ServerProcess

FAR = 4_000_000_000
"""Seconds of Unix time that these tests will not see pass."""


@pytest_asyncio.fixture
async def redis(real_server: ServerProcess, any_protocol: Literal[2, 3]) -> AsyncIterator[Redis[bytes]]:
    async with client_of(real_server, any_protocol) as redis:
        yield redis


async def test_keys_are_counted_and_deleted(redis: Redis[bytes]) -> None:
    await redis.mset({"a": 1, "b": 2, "c": 3})
    assert await redis.exists("a", "a", "none") == 2
    assert await redis.touch("a", "none") == 1
    assert await redis.unlink("a", "none") == 1
    assert await redis.delete("b", "c") == 2


async def test_keys_are_found(redis: Redis[bytes]) -> None:
    assert await redis.randomkey() is None
    await redis.mset({"a": 1, "ab": 2})
    assert sorted(await redis.keys()) == [b"a", b"ab"]
    assert await redis.keys("?b") == [b"ab"]
    assert await redis.randomkey() in (b"a", b"ab")


async def test_keys_are_scanned(redis: Redis[bytes]) -> None:
    await redis.set("s", 1)
    await redis.hset("h", "a", 1)
    cursor, keys = await redis.scan(0, count=1000)
    assert (cursor, sorted(keys)) == (0, [b"h", b"s"])
    assert await redis.scan(match="h*", type="hash", count=1000) == (0, [b"h"])


async def test_types_are_words_of_the_server(redis: Redis[bytes]) -> None:
    await redis.set("s", 1)
    assert await redis.type("s") == "string"
    assert await redis.type("none") == "none"
    assert await redis.object_encoding("s") == "int"
    assert await redis.object_encoding("none") is None


async def test_how_a_key_is_used(redis: Redis[bytes]) -> None:
    await redis.set("s", "text")
    assert await redis.object_idletime("s") == 0
    assert await redis.object_refcount("s") == 1
    with pytest.raises(ResponseError, match="LFU"):
        await redis.object_freq("s")
    assert await redis.object_refcount("none") is None


async def test_keys_are_renamed_copied_and_moved(redis: Redis[bytes]) -> None:
    await redis.set("a", 1)
    assert await redis.rename("a", "b") is True
    assert await redis.copy("b", "c") is True
    assert await redis.copy("b", "c") is False
    assert await redis.copy("b", "c", replace=True, destination_db=0) is True
    assert await redis.renamenx("b", "c") is False
    assert await redis.move("b", 1) is True
    assert await redis.move("b", 1) is False


async def test_a_dump_is_restored(redis: Redis[bytes]) -> None:
    await redis.set("a", "value")
    dump = await redis.dump("a")
    assert dump is not None
    assert await redis.restore("b", 0, dump) is True
    assert await redis.restore("b", FAR * 1000, dump, replace=True, absttl=True, idletime=5) is True
    assert await redis.get("b") == b"value"
    assert await redis.dump("none") is None


async def test_a_dump_is_never_decoded(real_server: ServerProcess) -> None:
    async with Redis.from_url(real_server.url, decode_responses=True, encoding="latin-1") as redis:
        await redis.set("a", "value")
        dump = await redis.dump("a")
        assert isinstance(dump, bytes)
        assert await redis.restore("b", timedelta(minutes=1), dump, frequency=5) is True


async def test_keys_migrate(redis: Redis[bytes], real_server: ServerProcess) -> None:
    async with RealServer(real_server.binary) as other:
        where = (other.host, other.port)
        await redis.set("a", 1)
        assert await redis.migrate(*where, "none", destination_db=0, timeout=5000) is False
        assert await redis.migrate(*where, "a", "none", destination_db=0, timeout=5000, copy=True) is True
        assert await redis.migrate(*where, "a", destination_db=0, timeout=timedelta(seconds=5), replace=True)
        assert await redis.exists("a") == 0


async def test_credentials_for_a_migration_are_sent(redis: Redis[bytes], real_server: ServerProcess) -> None:
    await redis.set("a", 1)
    async with RealServer(real_server.binary, ["--requirepass", "secret"]) as other:
        where = (other.host, other.port)
        with pytest.raises(ResponseError, match="NOAUTH"):
            await redis.migrate(*where, "a", destination_db=0, timeout=5000)
        for user in (None, "default"):
            assert await redis.migrate(
                *where,
                "a",
                destination_db=0,
                timeout=5000,
                copy=True,
                replace=True,
                username=user,
                password="secret",
            )


async def test_keys_expire_after_a_while(redis: Redis[bytes]) -> None:
    await redis.set("a", 1)
    assert await redis.ttl("a") == -1
    assert await redis.ttl("none") == -2
    assert await redis.expire("a", timedelta(minutes=5)) is True
    assert 290 < await redis.ttl("a") <= 300
    assert await redis.pexpire("a", 100_000) is True
    assert 90_000 < await redis.pttl("a") <= 100_000
    assert await redis.persist("a") is True
    assert await redis.persist("a") is False


async def test_keys_expire_at_a_moment(redis: Redis[bytes]) -> None:
    await redis.set("a", 1)
    moment = datetime.fromtimestamp(FAR, timezone.utc) + timedelta(milliseconds=7)
    assert await redis.expireat("a", moment) is True
    assert await redis.expiretime("a") == FAR
    assert await redis.pexpireat("a", moment) is True
    assert await redis.pexpiretime("a") == FAR * 1000 + 7
    assert await redis.pexpiretime("none") == -2


async def test_an_expiry_has_conditions(redis: Redis[bytes]) -> None:
    await redis.set("a", 1, ex=100)
    assert await redis.expire("a", 200, nx=True) is False
    assert await redis.expire("a", 200, xx=True, gt=True) is True
    assert await redis.pexpire("a", 300_000, lt=True) is False
    with pytest.raises(DataError, match="nx and lt"):
        await redis.expireat("a", FAR, nx=True, lt=True)


async def test_elements_are_sorted(redis: Redis[bytes]) -> None:
    await redis.execute_command("RPUSH", "l", 3, 1, 2)
    await redis.mset({"w_1": 9, "w_2": 8, "w_3": 7, "n_1": "one"})
    assert await redis.sort("l") == [b"1", b"2", b"3"]
    assert await redis.sort("l", desc=True, start=0, num=2) == [b"3", b"2"]
    assert await redis.sort_ro("l", by="w_*", alpha=True) == [b"3", b"2", b"1"]
    assert await redis.sort("l", get=["n_*", "#"]) == [b"one", b"1", None, b"2", None, b"3"]
    assert await redis.sort_ro("l", get=["#"], num=1, start=0) == [b"1"]
    assert await redis.sort_store("l", "sorted") == 3


async def test_sort_takes_a_start_and_a_number(redis: Redis[bytes]) -> None:
    with pytest.raises(DataError, match="num missing"):
        await redis.sort("l", start=1)


async def test_text_comes_back_where_asked_for(
    real_server: ServerProcess, any_protocol: Literal[2, 3]
) -> None:
    async with text_client_of(real_server, any_protocol) as redis:
        await redis.set("ä", 1)
        assert await redis.keys() == ["ä"]
        assert await redis.scan(count=1000) == (0, ["ä"])
        assert await redis.type("ä") == "string"
