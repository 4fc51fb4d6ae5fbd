"""What a cache does when nobody would tell it of changes: it forgets, and keeps nothing that is under way."""

from __future__ import annotations

import asyncio
import gc
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import TypeAlias

import pytest
import pytest_asyncio

from packages.core.tests.waiting import come_true
from respool import BlockingConnectionPool, Cache, ConnectionError, ConnectionPool, DataError, Redis
from respool.errors import AuthorizationError, TimeoutError
from respool_testing import FakeServer
from respool_testing.simulation import Simulation, simulate


@pytest_asyncio.fixture
async def redis(respool_server: FakeServer) -> AsyncIterator[Redis[bytes]]:
    async with Redis.from_url(respool_server.url, cache=Cache()) as redis:
        yield redis


def entries(redis: Redis[bytes]) -> int:
    assert redis.cache is not None
    return len(redis.cache)


# ---- replies that are overtaken


async def test_a_reply_that_its_invalidation_overtook_is_not_kept(
    redis: Redis[bytes], respool_server: FakeServer
) -> None:
    respool_server.faults.on("GET", "k").push_first("invalidate", "k").times(1)
    assert await redis.get("k") is None
    assert entries(redis) == 0
    assert await redis.get("k") is None
    assert entries(redis) == 1


async def test_a_reply_that_comes_with_its_invalidation_is_not_kept(
    redis: Redis[bytes], respool_server: FakeServer
) -> None:
    both = b"$3\r\nold\r\n>2\r\n$10\r\ninvalidate\r\n*1\r\n$1\r\nk\r\n"
    respool_server.faults.on("GET", "k").send_raw(both).times(1)
    assert await redis.get("k") == b"old"
    assert entries(redis) == 0


async def test_nobody_joins_a_read_that_was_overtaken(
    redis: Redis[bytes], respool_server: FakeServer
) -> None:
    assert redis.cache is not None
    early = redis.get("k")
    redis.cache.clear()
    late = redis.get("k")
    assert (await early, await late) == (None, None)
    assert redis.cache.stats().joined == 0
    assert len(respool_server.log.calls("GET", "k")) == 2
    assert entries(redis) == 1


async def test_an_own_write_takes_the_reply_of_a_read_under_way(
    redis: Redis[bytes], respool_server: FakeServer
) -> None:
    before, write = redis.get("k"), redis.set("k", "v")
    assert (await before, await write) == (None, True)
    assert entries(redis) == 0
    assert await redis.get("k") == b"v"


# ---- connections that are lost


async def test_a_lost_connection_takes_everything(redis: Redis[bytes], respool_server: FakeServer) -> None:
    assert await redis.get("k") is None
    respool_server.drop_connections()
    await come_true(lambda: not entries(redis))
    assert redis.cache is not None
    assert redis.cache.stats().losses == 1
    respool_server.db[0][b"k"] = b"v"
    assert await redis.get("k") == b"v"


async def test_nothing_is_answered_while_the_server_is_away(
    redis: Redis[bytes], respool_server: FakeServer
) -> None:
    assert await redis.get("k") is None
    await respool_server.stop()
    with pytest.raises(ConnectionError):
        await redis.get("k")
    assert entries(redis) == 0
    await respool_server.start()
    assert await redis.get("k") is None


async def test_a_read_that_was_sent_again_is_answered_and_not_kept(
    redis: Redis[bytes], respool_server: FakeServer
) -> None:
    respool_server.faults.on("GET", "k").drop_connection(when="after_execute").times(1)
    first, second = redis.get("k"), redis.get("k")
    assert (await first, await second) == (None, None)
    assert entries(redis) == 0
    assert await redis.get("k") is None
    assert entries(redis) == 1


async def test_a_read_that_the_server_put_off_is_not_kept_for_it_may_have_gone_elsewhere(
    redis: Redis[bytes], respool_server: FakeServer
) -> None:
    respool_server.faults.on("GET", "k").loading().times(1)
    assert await redis.get("k") is None
    assert entries(redis) == 0
    assert await redis.get("k") is None
    assert entries(redis) == 1


async def test_tracking_is_asked_for_once_on_each_connection(
    redis: Redis[bytes], respool_server: FakeServer
) -> None:
    for _ in range(2):
        for number in range(5):
            await redis.get(f"k{number}")
        respool_server.drop_connections()
        await come_true(lambda: not entries(redis))
    assert len(respool_server.log.calls("CLIENT", "TRACKING")) == 2


async def test_closing_a_client_empties_its_cache(respool_server: FakeServer) -> None:
    async with Redis.from_url(respool_server.url, cache=Cache()) as redis:
        await redis.get("k")
    assert entries(redis) == 0


async def test_closing_a_client_empties_its_cache_and_leaves_a_shared_pool_untracked(
    respool_server: FakeServer,
) -> None:
    async with ConnectionPool.from_url(respool_server.url) as pool:
        redis: Redis[bytes] = Redis(connection_pool=pool, cache=Cache())
        await redis.get("k")
        await redis.aclose()
        assert entries(redis) == 0
        info = await Redis(connection_pool=pool).client_trackinginfo()
        assert info.flags == {"off"}
        assert await Redis(connection_pool=pool, cache=Cache()).get("k") is None


# ---- servers that refuse


async def test_a_server_that_refuses_to_track_says_so_until_it_no_longer_does(
    redis: Redis[bytes], respool_server: FakeServer
) -> None:
    respool_server.faults.on("CLIENT", "TRACKING").reply_error("NOPERM no permissions").times(1)
    for outcome in await asyncio.gather(redis.get("a"), redis.get("a"), return_exceptions=True):
        assert isinstance(outcome, AuthorizationError)
        assert "for the cache" in str(outcome)
    assert await redis.get("a") is None
    assert entries(redis) == 1


async def test_where_the_server_does_not_say_whether_it_tracks_nothing_is_kept(
    respool_server: FakeServer,
) -> None:
    respool_server.faults.on("CLIENT", "TRACKING").hang().times(1)
    async with Redis.from_url(respool_server.url, cache=Cache(), stream_timeout=0.05) as redis:
        with pytest.raises((TimeoutError, ConnectionError)):
            await redis.get("k")
        assert entries(redis) == 0
        await come_true(lambda: redis.connection_pool.stats().size == 0)
        assert await redis.get("k") is None
        assert entries(redis) == 1


# ---- pools


def leased_up(pool: ConnectionPool) -> Redis[bytes]:
    return Redis(connection_pool=pool, cache=Cache())


async def test_a_full_pool_is_told_as_ever(respool_server: FakeServer) -> None:
    async with ConnectionPool.from_url(respool_server.url, max_connections=1) as pool:
        redis = leased_up(pool)
        async with pool.connection():
            with pytest.raises(ConnectionError, match="Too many connections"):
                await redis.get("k")
        assert await redis.get("k") is None


async def test_a_read_that_waited_for_a_connection_is_answered_and_not_kept(
    respool_server: FakeServer,
) -> None:
    async with BlockingConnectionPool.from_url(respool_server.url, max_connections=1) as pool:
        redis = leased_up(pool)
        async with pool.connection():
            read = redis.get("k")
        assert await read is None
        assert entries(redis) == 0
        assert await redis.get("k") is None
        assert entries(redis) == 1


async def test_a_lease_takes_what_was_read_on_its_connection(respool_server: FakeServer) -> None:
    async with ConnectionPool.from_url(respool_server.url, max_connections=1) as pool:
        redis = leased_up(pool)
        await redis.get("k")
        async with pool.connection() as leased:
            assert entries(redis) == 0
            await (await leased.create_request(b"SET", "k", "v"))
        assert await redis.get("k") == await redis.get("k") == b"v"
        assert not leased.push_messages.qsize()


async def test_reads_for_a_cache_keep_to_one_of_several_shared_connections(
    respool_server: FakeServer,
) -> None:
    async with ConnectionPool.from_url(respool_server.url, shared_connections=3) as pool:
        redis = leased_up(pool)
        for number in range(20):
            await redis.set(f"k{number}", "v")
            assert await redis.get(f"k{number}") == b"v"
        assert len(respool_server.log.calls("CLIENT", "TRACKING")) == 1
        assert entries(redis) == 20


async def test_two_caches_on_one_pool_are_refused(respool_server: FakeServer) -> None:
    async with ConnectionPool.from_url(respool_server.url) as pool:
        await leased_up(pool).get("k")
        with pytest.raises(DataError, match="the same one"):
            await leased_up(pool).get("k")


@pytest.mark.parametrize("option", [{"protocol_version": 2}, {"noreply": True}])
def test_a_client_that_cannot_hear_of_changes_is_refused(option: dict[str, object]) -> None:
    with pytest.raises(DataError, match="a cache needs"):
        Redis(cache=Cache(), **option)  # type: ignore[call-overload]


def test_resp2_in_a_url_is_refused() -> None:
    with pytest.raises(DataError, match="protocol_version=3"):
        Redis.from_url("redis://127.0.0.1?protocol_version=2", cache=Cache())


def test_one_cache_for_two_pools_is_refused() -> None:
    cache = Cache()
    Redis(cache=cache)
    with pytest.raises(DataError, match="make another"):
        Redis(cache=cache)


async def test_a_client_without_a_cache_has_nothing_tracked(respool_server: FakeServer) -> None:
    async with Redis.from_url(respool_server.url) as redis:
        await redis.get("k")
        assert redis.cache is None
    respool_server.log.assert_not_called("CLIENT", "TRACKING")


def read_in_two_loops(server: FakeServer) -> list[bytes | None]:
    redis: Redis[bytes] = Redis.from_url(server.url, cache=Cache())

    async def read() -> bytes | None:
        return await redis.get("k")

    first = asyncio.run(read())
    server.db[0][b"k"] = b"v"
    return [first, asyncio.run(read())]


@pytest.mark.filterwarnings("ignore::ResourceWarning")  # sockets of loops that were closed before they were
def test_another_event_loop_begins_with_nothing() -> None:
    with FakeServer() as server:
        assert read_in_two_loops(server) == [None, b"v"]
        gc.collect()


FORKING = """
import asyncio, os, sys, warnings
from respool import Cache, Redis

warnings.simplefilter("ignore", DeprecationWarning)

async def read(redis):
    first = redis.get("k")
    assert not first.done()
    assert await first == b"v"
    assert redis.get("k").done()

async def main(url: str) -> None:
    async with Redis.from_url(url, cache=Cache()) as redis:
        await redis.set("k", "v")
        await read(redis)
        child = os.fork()
        if child == 0:
            asyncio._set_running_loop(None)
            asyncio.run(read(redis))
            os._exit(0)
        assert os.waitpid(child, 0)[1] == 0
        assert redis.get("k").done()

asyncio.run(main(sys.argv[1]))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
async def test_a_forked_child_begins_with_nothing(respool_server: FakeServer) -> None:
    command = [sys.executable, "-c", FORKING, respool_server.url]
    run = await asyncio.to_thread(subprocess.run, command, capture_output=True, timeout=30)
    assert run.returncode == 0, run.stderr.decode()


# ---- bounds and options


async def test_more_than_fits_is_not_kept(respool_server: FakeServer) -> None:
    async with Redis.from_url(respool_server.url, cache=Cache(max_entries=2)) as redis:
        for key in ("a", "b", "a", "c"):
            await redis.get(key)
        assert redis.cache is not None
        assert (redis.cache.stats().evictions, redis.cache.stats().entries) == (1, 2)
        assert (redis.get("a").done(), redis.get("b").done()) == (True, False)


async def test_only_keys_that_are_wanted_are_kept(respool_server: FakeServer) -> None:
    wanted = Cache(cacheable=lambda key: not key.startswith(b"session:"))
    async with Redis.from_url(respool_server.url, cache=wanted) as redis:
        await redis.mget("a", "session:1")
        await redis.get("session:1")
        assert len(wanted) == 0
        await redis.get("a")
        assert len(wanted) == 1


async def test_what_a_function_of_the_caller_raises_is_raised_by_the_read(respool_server: FakeServer) -> None:
    numbered = Cache(cacheable=lambda key: int(key) > 0)
    async with Redis.from_url(respool_server.url, cache=numbered) as redis:
        read = redis.get("one")
        with pytest.raises(ValueError, match="one"):
            await read
        assert await redis.get("1") is None


async def test_a_key_too_large_to_be_copied_is_read_past_the_cache(redis: Redis[bytes]) -> None:
    assert await redis.get("k" * 100_000) is None
    assert entries(redis) == 0


async def test_who_awaits_nothing_but_hits_hears_of_changes_all_the_same(
    redis: Redis[bytes], respool_server: FakeServer
) -> None:
    async with Redis.from_url(respool_server.url) as other:
        assert await redis.get("flag") is None
        write = other.set("flag", "on")
        while await redis.get("flag") is None:
            pass
        assert await write


def test_a_cache_says_how_it_does() -> None:
    assert repr(Cache()) == "<Cache 0 entries, 0 bytes, 0% of reads>"


# ---- time


Trial: TypeAlias = Callable[[Simulation, FakeServer, Redis[bytes]], Coroutine[None, None, None]]


def in_virtual_time(trial: Trial, max_age: float | None = None) -> None:
    async def main(simulation: Simulation) -> None:
        async with FakeServer() as server, Redis.from_url(server.url, cache=Cache(max_age=max_age)) as redis:
            await trial(simulation, server, redis)

    simulate(main)


def test_what_is_older_than_max_age_is_read_again() -> None:
    async def trial(_: Simulation, server: FakeServer, redis: Redis[bytes]) -> None:
        await redis.get("k")
        await asyncio.sleep(59)
        assert redis.get("k").done()
        await asyncio.sleep(2)
        assert await redis.get("k") is None
        assert len(server.log.calls("GET")) == 2

    in_virtual_time(trial, max_age=60)


def test_a_server_that_falls_silent_is_vouched_for_by_nobody() -> None:
    async def trial(simulation: Simulation, _: FakeServer, redis: Redis[bytes]) -> None:
        await redis.get("k")
        await asyncio.sleep(100)
        assert entries(redis) == 1
        simulation.network.cut("*")
        await asyncio.sleep(3.5)
        assert entries(redis) == 0

    in_virtual_time(trial)


def test_a_server_that_was_only_busy_keeps_its_connection() -> None:
    async def trial(_: Simulation, server: FakeServer, redis: Redis[bytes]) -> None:
        await redis.get("k")
        server.faults.on("PING").delay(3).times(1)
        await asyncio.sleep(4)
        assert entries(redis) == 0
        await asyncio.sleep(4)
        assert await redis.get("k") is None
        assert entries(redis) == 1
        assert server.connections_received == 1

    in_virtual_time(trial)


def test_an_empty_cache_keeps_nobody_awake() -> None:
    async def trial(_: Simulation, server: FakeServer, redis: Redis[bytes]) -> None:
        await redis.get("k")
        await redis.set("k", "v")
        calls = len(server.log)
        await asyncio.sleep(100)
        assert len(server.log) == calls

    in_virtual_time(trial)
