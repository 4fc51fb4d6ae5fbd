"""Servers that change their role behind everybody's back: by ROLE now and then, and by what they refuse."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from respool.errors import ReadOnlyError
from respool_sentinel import Sentinel
from respool_testing import FakeSentinel, FakeServer
from respool_testing.simulation import Simulation, simulate


def demote_by_its_own_words(server: FakeServer) -> None:
    server.faults.on("ROLE").reply_with([b"slave", b"127.0.0.1", 1, b"connected", 0])


@pytest_asyncio.fixture
async def sentinel(respool_sentinel: FakeSentinel) -> AsyncIterator[Sentinel[bytes]]:
    """Offer what asks the fake sentinels."""
    async with Sentinel(respool_sentinel.sentinel_addresses) as sentinel:
        yield sentinel


async def missed_everything(simulation: Simulation) -> None:
    async with (
        FakeSentinel(replicas=2, down_after=None) as deployment,
        Sentinel(deployment.sentinel_addresses) as sentinel,
    ):
        old = deployment.primary
        redis = sentinel.primary_for("mymaster")
        await redis.get("k")
        deployment.cut_off(*deployment.sentinels)
        demote_by_its_own_words(old)
        began = simulation.seconds
        while old.connections and simulation.seconds < began + 60:
            redis.get("k").add_done_callback(lambda reply: reply.exception())
            await asyncio.sleep(0.5)
        assert simulation.seconds - began <= 6


def test_a_role_that_changed_is_noticed_although_no_sentinel_can_be_heard() -> None:
    simulate(missed_everything, seed=1)


async def stay_idle(simulation: Simulation) -> None:
    async with (
        FakeSentinel(replicas=1, down_after=None) as deployment,
        Sentinel(deployment.sentinel_addresses, max_idle_time=20.0) as sentinel,
    ):
        await sentinel.primary_for("mymaster").get("k")
        await asyncio.sleep(30)
        assert not deployment.primary.connections
        assert len(deployment.primary.log.calls("ROLE")) <= 2


def test_what_is_idle_is_not_kept_awake_by_being_asked() -> None:
    simulate(stay_idle, seed=1)


async def be_sure(simulation: Simulation) -> None:
    async with (
        FakeSentinel(replicas=2, down_after=None) as deployment,
        Sentinel(deployment.sentinel_addresses) as sentinel,
    ):
        redis = sentinel.primary_for("mymaster")
        while simulation.seconds < 30:
            await redis.get("k")
            await asyncio.sleep(0.5)
        assert len(deployment.primary.log.calls("HELLO")) == 1
        assert len(deployment.primary.log.calls("ROLE")) >= 5


def test_a_primary_that_says_it_is_one_is_not_left() -> None:
    simulate(be_sure, seed=1)


async def test_a_lease_that_is_refused_a_write_has_everybody_asked_again(
    respool_sentinel: FakeSentinel, sentinel: Sentinel[bytes]
) -> None:
    primary = respool_sentinel.primary
    pool = sentinel.primary_for("mymaster").connection_pool
    primary.faults.on("SET").readonly().times(1)
    async with pool.connection() as connection:
        asked = len(respool_sentinel.sentinels[0].log.calls("SENTINEL", "MASTER"))
        with pytest.raises(ReadOnlyError):
            await (await connection.create_request(b"SET", "k", "v"))
        await primary.until(lambda: not primary.connections)
    assert len(respool_sentinel.sentinels[0].log.calls("SENTINEL", "MASTER")) > asked


async def test_a_blocking_command_that_is_refused_has_everybody_asked_again(
    respool_sentinel: FakeSentinel, sentinel: Sentinel[bytes]
) -> None:
    primary = respool_sentinel.primary
    redis = sentinel.primary_for("mymaster")
    primary.faults.on("BLPOP").readonly().times(1)
    with pytest.raises(ReadOnlyError):
        await redis.blpop(["q"], timeout=1)
    await primary.until(lambda: not primary.connections)
    await redis.rpush("q", "x")
    assert await redis.blpop(["q"], timeout=1) == (b"q", b"x")


async def test_an_error_reply_that_is_kept_is_heard_too(
    respool_sentinel: FakeSentinel, sentinel: Sentinel[bytes]
) -> None:
    primary = respool_sentinel.primary
    pool = sentinel.primary_for("mymaster").connection_pool
    primary.faults.on("SET").readonly().times(1)
    async with pool.connection() as connection:
        reply = await (await connection.create_request(b"SET", "k", "v", raise_exceptions=False))
        assert isinstance(reply, ReadOnlyError)
        await primary.until(lambda: not primary.connections)


async def write_at_a_replica(simulation: Simulation) -> None:
    async with (
        FakeSentinel() as deployment,
        Sentinel(deployment.sentinel_addresses) as sentinel,
        sentinel.replica_for("mymaster").connection_pool.connection() as connection,
    ):
        with pytest.raises(ReadOnlyError):
            await (await connection.create_request(b"SET", "k", "v"))
        await asyncio.sleep(1)
        assert connection.is_connected


def test_readers_of_replicas_may_be_refused_writes() -> None:
    simulate(write_at_a_replica)
