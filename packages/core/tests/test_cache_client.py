"""A client with a cache, on fake and real servers: what it answers is what the server would have said."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
import pytest_asyncio

from packages.core.tests.typed import Server, client_of, needs_redis_7
from packages.core.tests.waiting import come_true
from respool import Cache, CacheStats, Redis
from respool.errors import DataError
from respool_testing import ServerProcess


@pytest_asyncio.fixture
async def redis(any_server: Server) -> AsyncIterator[Redis[bytes]]:
    needs_redis_7(any_server)
    async with Redis.from_url(any_server.url, cache=Cache()) as redis:
        await redis.flushall()
        yield redis


@pytest_asyncio.fixture
async def other(any_server: Server) -> AsyncIterator[Redis[bytes]]:
    async with client_of(any_server, 3) as other:
        yield other


def stats(redis: Redis[bytes]) -> CacheStats:
    assert redis.cache is not None
    return redis.cache.stats()


async def heard(redis: Redis[bytes]) -> None:
    """Wait until everything has been reported that was written by now: reports come before the reply."""
    await redis.ping()


async def test_what_was_read_is_answered_at_once(redis: Redis[bytes]) -> None:
    await redis.set("k", "v")
    assert await redis.get("k") == b"v"
    again = redis.get("k")
    assert again.done()
    assert await again == b"v"
    assert (stats(redis).hits, stats(redis).misses, stats(redis).entries) == (1, 1, 1)
    assert stats(redis).hit_rate == 0.5


async def test_what_others_write_is_read(redis: Redis[bytes], other: Redis[bytes]) -> None:
    for number in range(5):
        await other.set("k", number)
        await heard(redis)
        assert await redis.get("k") == await redis.get("k") == b"%d" % number
    assert (stats(redis).hits, stats(redis).invalidations) == (5, 4)


async def test_that_there_is_nothing_is_remembered_until_there_is(
    redis: Redis[bytes], other: Redis[bytes]
) -> None:
    assert await redis.get("k") is None
    assert await redis.get("k") is None
    assert stats(redis).hits == 1
    await other.set("k", "v")
    await heard(redis)
    assert await redis.get("k") == b"v"


READS: list[Callable[[Redis[bytes]], Awaitable[object]]] = [
    lambda redis: redis.exists("s", "none"),
    lambda redis: redis.get("s"),
    lambda redis: redis.hgetall("h"),
    lambda redis: redis.hmget("h", ["f", "none"]),
    lambda redis: redis.lrange("l", 0, -1),
    lambda redis: redis.mget(["s", "none"]),
    lambda redis: redis.smembers("set"),
    lambda redis: redis.type("z"),
    lambda redis: redis.xrange("x"),
    lambda redis: redis.zrange("z", 0, -1, withscores=True),
    lambda redis: redis.zscore("z", "m"),
    lambda redis: redis.execute_command("get", "s"),
]


@pytest.mark.parametrize("read", READS)
async def test_what_is_kept_has_the_shape_that_the_server_gave_it(
    real_server: ServerProcess, read: Callable[[Redis[bytes]], Awaitable[object]]
) -> None:
    async with client_of(real_server, 3) as other:
        await other.set("s", "v")
        await other.hset("h", "f", "v")
        await other.rpush("l", "a", "b")
        await other.sadd("set", "m")
        await other.zadd("z", {"m": 1.5})
        await other.xadd("x", {"f": "v"}, id="1-1")
        async with Redis.from_url(real_server.url, cache=Cache()) as redis:
            assert await read(redis) == await read(redis) == await read(other)
            assert stats(redis).hits == 1


async def test_a_value_may_be_changed_by_whoever_got_it(redis: Redis[bytes]) -> None:
    await redis.rpush("l", "a")
    await redis.hset("h", "f", "v")
    first, second = await asyncio.gather(redis.lrange("l", 0, -1), redis.lrange("l", 0, -1))
    first.append(b"mine")
    second.append(b"mine, too")
    (await redis.lrange("l", 0, -1)).clear()
    (await redis.hgetall("h")).clear()
    (await redis.hgetall("h")).clear()
    assert await redis.lrange("l", 0, -1) == [b"a"]
    assert await redis.hgetall("h") == {b"f": b"v"}


async def test_one_read_serves_all_who_ask_at_the_same_time(redis: Redis[bytes]) -> None:
    await redis.set("k", "v")
    assert await asyncio.gather(*(redis.get("k") for _ in range(50))) == [b"v"] * 50
    assert (stats(redis).misses, stats(redis).joined) == (50, 49)


async def test_who_gives_up_takes_the_reply_from_nobody(redis: Redis[bytes]) -> None:
    await redis.set("k", "v")
    first, second = redis.get("k"), redis.get("k")
    first.cancel()
    assert await second == b"v"
    assert redis.get("k").done()


async def test_an_error_is_for_all_who_asked_and_is_not_kept(redis: Redis[bytes]) -> None:
    await redis.rpush("k", "v")
    first, second = await asyncio.gather(redis.get("k"), redis.get("k"), return_exceptions=True)
    assert type(first) is type(second) is not bytes
    assert first is not second
    assert stats(redis).entries == 0


async def test_a_command_that_cannot_be_sent_fails_as_ever(redis: Redis[bytes]) -> None:
    with pytest.raises(DataError, match="no one spelling"):
        await redis.get(None)  # type: ignore[arg-type]
    assert await redis.execute_command("GET", "k") is None


WRITES: list[Callable[[Redis[bytes]], Awaitable[object]]] = [
    lambda redis: redis.set("k", "new"),
    lambda redis: redis.mset({"other": "1", "k": "new"}),
    lambda redis: redis.flushall(),
    lambda redis: redis.execute_command("del", "k"),
    lambda redis: redis.rename("k", "l"),
    lambda redis: transact(redis),
    lambda redis: pipe(redis),
    lambda redis: watch(redis),
]


async def transact(redis: Redis[bytes]) -> None:
    async with redis.pipeline() as pipe:
        pipe.set("other", "1")
        pipe.set("k", "new")
        await pipe.execute()


async def pipe(redis: Redis[bytes]) -> None:
    async with redis.pipeline(transaction=False) as pipe:
        pipe.set("k", "new")
        await pipe.execute()


async def watch(redis: Redis[bytes]) -> None:
    await redis.transaction(lambda _, pipe: pipe.mset({"k": "new", "l": "new"}), "k")


@pytest.mark.parametrize("write", WRITES)
async def test_own_writes_are_read_whichever_way_they_went(
    redis: Redis[bytes], other: Redis[bytes], write: Callable[[Redis[bytes]], Awaitable[object]]
) -> None:
    await redis.set("k", "old")
    assert await redis.get("k") == b"old"
    await write(redis)
    assert await redis.get("k") == await other.get("k") != b"old"
    assert await redis.get("l") == await other.get("l")


async def test_what_was_popped_on_a_connection_of_its_own_is_gone(redis: Redis[bytes]) -> None:
    await redis.rpush("l", "a", "b")
    assert await redis.llen("l") == 2
    assert await redis.blpop("l", timeout=1) is not None
    assert await redis.llen("l") == 1


async def test_a_read_that_follows_an_own_write_unawaited_sees_it(redis: Redis[bytes]) -> None:
    await redis.set("k", "old")
    assert await redis.get("k") == b"old"
    before, _, after = redis.get("l"), redis.set("k", "new"), redis.get("k")
    _, last = redis.set("l", "new"), redis.get("l")
    assert (await before, await after, await last) == (None, b"new", b"new")


async def test_a_flush_by_others_takes_everything(redis: Redis[bytes], other: Redis[bytes]) -> None:
    await redis.mset({"a": "1", "b": "2"})
    assert await redis.mget("a", "b") == [b"1", b"2"]
    await other.flushall()
    await heard(redis)
    assert stats(redis).entries == 0
    assert await redis.mget("a", "b") == [None, None]


async def test_a_change_of_one_key_takes_all_that_was_read_of_it(
    redis: Redis[bytes], other: Redis[bytes]
) -> None:
    await redis.mset({"a": "1", "b": "2"})
    await asyncio.gather(redis.mget("a", "b"), redis.get("a"), redis.strlen("a"), redis.get("b"))
    await other.set("a", "3")
    await heard(redis)
    assert stats(redis).entries == 1
    assert await redis.mget("a", "b") == [b"3", b"2"]


async def test_what_expires_is_reported(redis: Redis[bytes], other: Redis[bytes]) -> None:
    await redis.set("k", "v")
    assert await redis.get("k") == b"v"
    await other.pexpireat("k", 1)
    await heard(redis)
    assert await redis.get("k") is None


async def test_a_connection_that_the_server_closes_takes_everything(
    redis: Redis[bytes], other: Redis[bytes]
) -> None:
    assert await redis.get("k") is None
    await other.client_kill(id=await redis.client_id())
    await other.set("k", "v")
    await come_true(lambda: stats(redis).losses == 1)
    assert await redis.get("k") == await redis.get("k") == b"v"
    assert stats(redis).hits == 1


async def test_what_the_server_no_longer_tracks_is_dropped(real_server: ServerProcess) -> None:
    async with client_of(real_server, 3) as other, Redis.from_url(real_server.url, cache=Cache()) as redis:
        await other.config_set("tracking-table-max-keys", 5)
        try:
            for number in range(100):
                await redis.get(f"k{number}")
            await come_true(lambda: stats(redis).invalidations >= 90)
        finally:
            await other.config_set("tracking-table-max-keys", 1_000_000)


async def test_what_time_or_chance_decides_is_asked_each_time(redis: Redis[bytes]) -> None:
    await redis.set("k", "v", ex=100)
    await redis.ttl("k")
    await redis.ttl("k")
    await redis.randomkey()
    await redis.dbsize()
    assert stats(redis) == CacheStats(0, 0, 0, 0, 0, 0, 0, 0)


async def test_leases_and_their_reads_pass_the_cache_by(redis: Redis[bytes], other: Redis[bytes]) -> None:
    assert await redis.get("k") is None
    async with redis.watch("k") as watched:
        await other.set("k", "v")
        assert await watched.get("k") == b"v"
    async with redis.pipeline() as pipe:
        pipe.get("k")
        assert await pipe.execute() == [b"v"]
    assert stats(redis).hits == 0


async def test_clients_of_bytes_and_of_text_share_a_cache(any_server: Server) -> None:
    needs_redis_7(any_server)
    cache = Cache()
    async with Redis.from_url(any_server.url, cache=cache) as redis:
        texts = Redis(connection_pool=redis.connection_pool, cache=cache, decode_responses=True)
        await redis.hset("ä", "ö", "ü")
        assert await redis.hgetall("ä") == {"ö".encode(): "ü".encode()}
        assert await texts.hgetall("ä") == {"ö": "ü"}
        assert cache.stats().hits == 1
        await texts.aclose()
        assert len(cache) == 0


async def test_several_databases_are_not_mixed_up(any_server: Server) -> None:
    needs_redis_7(any_server)
    async with (
        Redis.from_url(any_server.url, db=1, cache=Cache()) as one,
        Redis.from_url(any_server.url, db=2, cache=Cache()) as two,
    ):
        await one.set("k", "1")
        await two.set("k", "2")
        assert (await one.get("k"), await two.get("k")) == (b"1", b"2")
        assert (await one.get("k"), await two.get("k")) == (b"1", b"2")


# ---- broadcasting


@pytest_asyncio.fixture
async def users(any_server: Server) -> AsyncIterator[Redis[bytes]]:
    needs_redis_7(any_server)
    async with Redis.from_url(any_server.url, cache=Cache(prefixes=["user:", b"post:"])) as users:
        await users.flushall()
        yield users


async def test_by_prefix_only_those_keys_are_kept(users: Redis[bytes]) -> None:
    await users.mset({"user:1": "a", "post:1": "b", "other": "c"})
    for _ in range(2):
        assert await users.mget("user:1", "post:1") == [b"a", b"b"]
        assert await users.mget("user:1", "other") == [b"a", b"c"]
    assert (stats(users).hits, stats(users).misses, stats(users).entries) == (1, 1, 1)


async def test_by_prefix_changes_are_reported_too(users: Redis[bytes], other: Redis[bytes]) -> None:
    assert await users.get("user:1") is None
    await other.mset({"user:1": "a", "user:2": "b", "x": "c"})
    await heard(users)
    assert await users.get("user:1") == await users.get("user:1") == b"a"
    await other.flushall()
    await heard(users)
    assert await users.get("user:1") is None


async def test_a_connection_that_was_leased_reports_again_when_it_is_shared(any_server: Server) -> None:
    needs_redis_7(any_server)
    async with (
        Redis.from_url(any_server.url, max_connections=1, cache=Cache(prefixes=["user:"])) as redis,
        client_of(any_server, 3) as other,
    ):
        assert await redis.get("user:1") is None
        async with redis.connection_pool.connection() as leased:
            assert stats(redis).entries == 0
            info = await (await leased.create_request(b"CLIENT TRACKINGINFO", decode=True))
            assert isinstance(info, dict)
            assert info["flags"] == ["off"]
        await other.set("user:1", "v")
        assert await redis.get("user:1") == b"v"
        await other.set("user:1", "w")
        await heard(redis)
        assert await redis.get("user:1") == await redis.get("user:1") == b"w"
        assert stats(redis).hits == 1
