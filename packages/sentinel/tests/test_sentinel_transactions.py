"""Transactions through failovers: executed once, or not at all, and whole."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from respool import Redis
from respool.errors import ConnectionError
from respool_sentinel import Sentinel
from respool_testing import FakeSentinel, FakeServer


@pytest_asyncio.fixture
async def sentinel(respool_sentinel: FakeSentinel) -> AsyncIterator[Sentinel[bytes]]:
    """Offer what asks the fake sentinels."""
    async with Sentinel(respool_sentinel.sentinel_addresses) as sentinel:
        yield sentinel


async def count(redis: Redis[bytes]) -> list[object]:
    async with redis.pipeline() as pipe:
        pipe.incr("n")
        pipe.incr("n")
        return await pipe.execute()


async def demote_quietly(deployment: FakeSentinel) -> FakeServer:
    """Make a replica of the primary without dropping its clients, as an operator may; return the new primary."""
    old, promoted = deployment.primary, deployment.promote()
    async with Redis(old.host, old.port) as operator:
        await operator.execute_command("REPLICAOF", promoted.host, promoted.port)
    return promoted


async def test_a_transaction_waits_until_there_is_a_primary(
    respool_sentinel: FakeSentinel, sentinel: Sentinel[bytes]
) -> None:
    redis = sentinel.primary_for("mymaster")
    await redis.ping()
    await respool_sentinel.kill(respool_sentinel.primary)
    respool_sentinel.mark_down(respool_sentinel.primary)
    waiting = asyncio.ensure_future(count(redis))
    first = respool_sentinel.sentinels[0]
    asked = len(first.log.calls("SENTINEL", "MASTER"))
    await first.until(lambda: len(first.log.calls("SENTINEL", "MASTER")) > asked + 6)
    promoted = await respool_sentinel.failover()
    assert await waiting == [1, 2]
    promoted.log.assert_called("EXEC", times=1)


async def test_a_transaction_that_a_former_primary_refused_goes_to_the_present_one(
    respool_sentinel: FakeSentinel, sentinel: Sentinel[bytes]
) -> None:
    redis = sentinel.primary_for("mymaster")
    await redis.ping()
    promoted = await demote_quietly(respool_sentinel)
    waiting = asyncio.ensure_future(count(redis))
    old = respool_sentinel.replicas[0]
    await old.until(lambda: bool(old.log.calls("EXEC")))
    for each in respool_sentinel.sentinels:
        respool_sentinel.announce(each)
    assert await waiting == [1, 2]
    promoted.log.assert_called("EXEC", times=1)


async def test_a_pipeline_that_a_former_primary_refused_goes_to_the_present_one(
    respool_sentinel: FakeSentinel, sentinel: Sentinel[bytes]
) -> None:
    redis = sentinel.primary_for("mymaster")
    await redis.ping()
    await demote_quietly(respool_sentinel)
    for each in respool_sentinel.sentinels:
        respool_sentinel.announce(each)
    async with redis.pipeline(transaction=False) as pipe:
        for _ in range(5):
            pipe.incr("n")
        assert sorted(await pipe.execute()) == [1, 2, 3, 4, 5]  # type: ignore[type-var]


async def test_a_transaction_whose_end_was_not_answered_is_not_repeated(
    respool_sentinel: FakeSentinel, sentinel: Sentinel[bytes]
) -> None:
    old = respool_sentinel.primary
    fault = old.faults.on("EXEC").hang(when="after_execute")
    waiting = asyncio.ensure_future(count(sentinel.primary_for("mymaster")))
    await old.until(lambda: fault.hits == 1)
    promoted = respool_sentinel.promote()
    respool_sentinel.announce(respool_sentinel.sentinels[0])
    with pytest.raises(ConnectionError) as raised:
        await waiting
    assert raised.value.maybe_executed
    promoted.log.assert_not_called("EXEC")


async def test_a_watched_transaction_begins_anew_at_the_new_primary(
    respool_sentinel: FakeSentinel, sentinel: Sentinel[bytes]
) -> None:
    redis = sentinel.primary_for("mymaster")
    await redis.set("n", 7)
    tries: list[FakeServer] = []

    async def double(watched: Redis[bytes], pipe: Redis[bytes]) -> None:
        tries.append(respool_sentinel.primary)
        value = int(await watched.get("n") or 0)
        if len(tries) == 1:
            await respool_sentinel.failover()
            await watched.get("n")
        pipe.set("n", value * 2)

    await redis.transaction(double, "n")  # type: ignore[arg-type]
    assert await redis.get("n") == b"14"
    assert len(set(tries)) == 2
