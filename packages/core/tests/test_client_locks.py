"""A lock: one holder at a time, and nobody gives back or extends what is not theirs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Literal

import pytest
import pytest_asyncio

from packages.core.tests.typed import Server, client_of
from packages.core.tests.waiting import until
from respool import Redis
from respool.errors import ConnectionError, DataError, LockError, LockNotOwnedError
from respool_testing import FakeServer


@pytest_asyncio.fixture
async def redis(any_server: Server, any_protocol: Literal[2, 3]) -> AsyncIterator[Redis[bytes]]:
    async with client_of(any_server, any_protocol) as redis:
        yield redis


async def test_a_lock_is_held_for_the_length_of_a_block(redis: Redis[bytes]) -> None:
    lock = redis.lock("l", timeout=10)
    held = []
    async with lock:
        held.append(lock.is_held)
        assert 9_000 < await redis.pttl("l") <= 10_000
    assert [*held, lock.is_held] == [True, False]
    assert await redis.exists("l") == 0


async def test_one_task_at_a_time_holds_a_lock(redis: Redis[bytes]) -> None:
    holders = 0

    async def work() -> None:
        nonlocal holders
        async with redis.lock("l"):
            holders += 1
            assert holders == 1
            await redis.ping()
            holders -= 1

    await asyncio.gather(*(work() for _ in range(4)))


async def test_who_cannot_wait_longer_is_told(redis: Redis[bytes]) -> None:
    async with redis.lock("l"):
        other = redis.lock("l", blocking_timeout=0)
        assert await other.acquire() is False
        with pytest.raises(LockError, match="held by another"):
            async with other:
                pass
    assert await other.acquire() is True
    await other.release()


async def test_what_is_anothers_by_now_is_neither_given_back_nor_extended(redis: Redis[bytes]) -> None:
    lock = redis.lock("l")
    await lock.acquire()
    await redis.set("l", "another's")
    with pytest.raises(LockNotOwnedError):
        await lock.extend()
    assert not lock.is_held
    with pytest.raises(LockNotOwnedError):
        await lock.release()
    assert await redis.get("l") == b"another's"


async def test_a_lock_is_extended(redis: Redis[bytes]) -> None:
    async with redis.lock("l", timeout=1) as lock:
        await lock.extend(100)
        assert await redis.pttl("l") > 90_000


async def test_a_lock_is_renewed_for_as_long_as_it_is_held(redis: Redis[bytes]) -> None:
    async with redis.lock("l", timeout=3, renew=True) as lock:
        first = await redis.pttl("l")
        await until(lambda: redis.pttl("l"), lambda left: left < first - 50)
        await until(lambda: redis.pttl("l"), lambda left: left > 2950)
        assert lock.is_held
    assert await redis.exists("l") == 0


async def test_renewal_ends_when_the_lock_was_lost(redis: Redis[bytes]) -> None:
    lock = redis.lock("l", timeout=0.1, renew=True)
    await lock.acquire()
    await redis.set("l", "another's")
    await until(redis.ping, lambda _: not lock.is_held)
    with pytest.raises(LockNotOwnedError):
        await lock.release()


async def test_a_lock_lost_in_a_block_does_not_hide_what_the_block_raised(redis: Redis[bytes]) -> None:
    async def lose(error: Exception | None) -> None:
        async with redis.lock("l"):
            await redis.delete("l")
            if error is not None:
                raise error

    with pytest.raises(ZeroDivisionError):
        await lose(ZeroDivisionError())
    with pytest.raises(LockNotOwnedError):
        await lose(None)


@pytest.mark.parametrize("turns", range(6))
async def test_a_cancelled_acquisition_leaves_no_lock(redis: Redis[bytes], turns: int) -> None:
    await redis.ping()
    lock = redis.lock("l")
    task = asyncio.ensure_future(lock.acquire())
    for _ in range(turns):
        await asyncio.sleep(0)
    if task.cancel():
        with pytest.raises(asyncio.CancelledError):
            await task
    else:  # it was there already
        await lock.release()
    await until(lambda: redis.exists("l"), lambda there: not there)


async def test_a_cancelled_release_gives_it_back_all_the_same(redis: Redis[bytes]) -> None:
    lock = redis.lock("l")
    await lock.acquire()
    task = asyncio.ensure_future(lock.release())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await until(lambda: redis.exists("l"), lambda there: not there)


async def test_what_is_not_held_is_neither_given_back_nor_extended(redis: Redis[bytes]) -> None:
    lock = redis.lock("l")
    with pytest.raises(LockError, match="not held here"):
        await lock.release()
    with pytest.raises(LockError, match="not held here"):
        await lock.extend()
    async with lock:
        with pytest.raises(LockError, match="already"):
            await lock.acquire()


async def test_a_lock_that_may_have_been_taken_is_given_back(respool_server: FakeServer) -> None:
    async with Redis.from_url(respool_server.url) as redis:
        await redis.ping()
        respool_server.faults.on("SET").drop_connection(when="after_execute").times(1)
        given_back = respool_server.faults.on("EVALSHA").reply_with(1).times(1)
        with pytest.raises(ConnectionError):
            await redis.lock("l").acquire()
        await respool_server.until(lambda: given_back.hits == 1)


async def test_a_lock_needs_time_and_replies(respool_server: FakeServer) -> None:
    async with Redis.from_url(respool_server.url) as redis:
        with pytest.raises(DataError, match="timeout is at least"):
            redis.lock("l", timeout=0)
    async with Redis.from_url(respool_server.url, noreply=True) as redis:
        with pytest.raises(DataError, match="needs replies"):
            redis.lock("l")
