"""Pools of replicas: which ones they lead to, and what happens when one leaves."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from respool import Redis
from respool.errors import ConnectionError, ReplicaNotFoundError
from respool_sentinel import Sentinel, SentinelConnectionPool
from respool_testing import FakeSentinel
from respool_testing.simulation import Simulation, simulate


@pytest_asyncio.fixture
async def sentinel(respool_sentinel: FakeSentinel) -> AsyncIterator[Sentinel[bytes]]:
    """Offer what asks the fake sentinels."""
    async with Sentinel(respool_sentinel.sentinel_addresses) as sentinel:
        yield sentinel


async def heard(deployment: FakeSentinel) -> None:
    """Wait until every sentinel is listened to."""
    for each in deployment.sentinels:
        await each.until(lambda each=each: bool(each.log.calls("SUBSCRIBE")))  # type: ignore[misc]


async def spread(deployment: FakeSentinel, redis: Redis[bytes]) -> None:
    """Use a client until it has a shared connection to each living replica."""
    await redis.ping()
    await heard(deployment)
    for replica in deployment.replicas:
        while replica.running and not replica.log.calls("ECHO"):
            await redis.execute_command("ECHO", "are you there?")


def reads(deployment: FakeSentinel) -> list[int]:
    """Return how often each replica was read."""
    return [len(replica.log.calls("GET")) for replica in deployment.replicas]


async def test_each_command_goes_to_the_next_replica(
    respool_sentinel: FakeSentinel, sentinel: Sentinel[bytes]
) -> None:
    redis = sentinel.replica_for("mymaster")
    await spread(respool_sentinel, redis)
    await asyncio.gather(*(redis.get("k") for _ in range(10)))
    assert reads(respool_sentinel) == [5, 5]
    assert [len(each.connections) for each in respool_sentinel.replicas] == [1, 1]


async def test_a_pipeline_without_transaction_is_spread_a_transaction_is_not(
    respool_sentinel: FakeSentinel, sentinel: Sentinel[bytes]
) -> None:
    redis = sentinel.replica_for("mymaster")
    await spread(respool_sentinel, redis)
    for transaction, expected in [(False, [4, 4]), (True, [4, 12])]:
        async with redis.pipeline(transaction=transaction) as pipe:
            for _ in range(8):
                pipe.get("k")
            await pipe.execute()
        assert sorted(reads(respool_sentinel)) == expected


async def test_one_slot_means_one_replica_at_a_time(
    respool_sentinel: FakeSentinel, sentinel: Sentinel[bytes]
) -> None:
    pool = SentinelConnectionPool("mymaster", sentinel, is_primary=False, max_connections=1)
    async with pool:
        await asyncio.gather(*(Redis(connection_pool=pool).get("k") for _ in range(10)))
        assert sorted(reads(respool_sentinel)) == [0, 10]


async def test_how_many_are_shared_can_be_said(
    respool_sentinel: FakeSentinel, sentinel: Sentinel[bytes]
) -> None:
    pool = SentinelConnectionPool("mymaster", sentinel, is_primary=False, shared_connections=1)
    async with pool:
        redis = Redis(connection_pool=pool)
        for _ in range(4):
            await redis.get("k")
        assert sorted(reads(respool_sentinel)) == [0, 4]


async def test_a_replica_that_leaves_is_given_up(
    respool_sentinel: FakeSentinel, sentinel: Sentinel[bytes]
) -> None:
    redis = sentinel.replica_for("mymaster")
    await spread(respool_sentinel, redis)
    leaving, staying = respool_sentinel.replicas
    respool_sentinel.mark_down(leaving)
    await leaving.until(lambda: not leaving.connections)
    await asyncio.gather(*(redis.get("k") for _ in range(6)))
    staying.log.assert_called("GET", times=6)


async def test_a_replica_that_comes_back_is_used_again(
    respool_sentinel: FakeSentinel, sentinel: Sentinel[bytes]
) -> None:
    redis = sentinel.replica_for("mymaster")
    await spread(respool_sentinel, redis)
    leaving, _ = respool_sentinel.replicas
    respool_sentinel.mark_down(leaving)
    await leaving.until(lambda: not leaving.connections)
    await respool_sentinel.restart(leaving)
    while not leaving.log.calls("GET"):
        await redis.get("k")


async def test_the_last_replies_of_a_replica_that_leaves_are_waited_for(
    respool_sentinel: FakeSentinel, sentinel: Sentinel[bytes]
) -> None:
    redis = sentinel.replica_for("mymaster")
    await spread(respool_sentinel, redis)
    leaving, staying = respool_sentinel.replicas
    fault = leaving.faults.on("GET").delay(0.3)
    replies = [redis.get("k") for _ in range(2)]
    await leaving.until(lambda: fault.hits == 1)
    respool_sentinel.mark_down(leaving)
    assert await asyncio.gather(*replies) == [None, None]
    assert reads(respool_sentinel) == [1, 1]
    assert staying.connections
    await leaving.until(lambda: not leaving.connections)


async def test_a_dead_replica_costs_no_read(
    respool_sentinel: FakeSentinel, sentinel: Sentinel[bytes]
) -> None:
    redis = sentinel.replica_for("mymaster")
    await spread(respool_sentinel, redis)
    dead, alive = respool_sentinel.replicas
    await respool_sentinel.kill(dead)
    await asyncio.gather(*(redis.get("k") for _ in range(10)))
    alive.log.assert_called("GET", times=10)


async def test_when_the_last_replica_leaves_the_primary_serves_and_gives_way_when_one_is_back(
    respool_sentinel: FakeSentinel, sentinel: Sentinel[bytes]
) -> None:
    redis = sentinel.replica_for("mymaster")
    await spread(respool_sentinel, redis)
    replicas, primary = respool_sentinel.replicas, respool_sentinel.primary
    for replica in replicas:
        respool_sentinel.mark_down(replica)
    for replica in replicas:
        await replica.until(lambda replica=replica: not replica.connections)  # type: ignore[misc]
    await redis.get("k")
    primary.log.assert_called("GET", times=1)
    await respool_sentinel.restart(replicas[0])
    while not replicas[0].log.calls("GET"):
        await redis.get("k")
    await primary.until(lambda: not primary.connections)


async def test_a_stale_sentinel_does_not_pass_the_primary_off_as_a_replica(
    respool_sentinel: FakeSentinel, sentinel: Sentinel[bytes]
) -> None:
    stale, *others = respool_sentinel.sentinels
    await sentinel.discover_primary("mymaster")
    await heard(respool_sentinel)
    respool_sentinel.freeze_view(stale)
    promoted = await respool_sentinel.failover()
    while await sentinel.discover_primary("mymaster") != (promoted.host, promoted.port):
        pass
    for each in others:
        respool_sentinel.hang(each)
    assert (promoted.host, promoted.port) not in await sentinel.discover_replicas("mymaster")


async def test_a_replica_that_calls_itself_a_primary_is_left_for_the_other(
    respool_sentinel: FakeSentinel, sentinel: Sentinel[bytes]
) -> None:
    wrong, right = respool_sentinel.replicas
    wrong.faults.on("ROLE").reply_with([b"master", 0, []]).optional()
    redis = sentinel.replica_for("mymaster")
    await asyncio.gather(*(redis.get("k") for _ in range(5)))
    assert reads(respool_sentinel) == [0, 5]
    assert right.connections


async def test_with_replicas_only_the_primary_does_not_serve_reads() -> None:
    async with (
        FakeSentinel("alone", replicas=0) as deployment,
        Sentinel(deployment.sentinel_addresses, stream_timeout=0.2) as sentinel,
    ):
        pool = SentinelConnectionPool(
            "alone", sentinel, is_primary=False, replicas_only=True, stream_timeout=0.2
        )
        async with pool:
            with pytest.raises(ReplicaNotFoundError, match="knows no replica"):
                await pool.rotate_replicas()
            with pytest.raises(ReplicaNotFoundError, match="knows no replica"):
                await pool.get_connection()


async def read_beside_a_hung_replica(simulation: Simulation) -> None:
    async with (
        FakeSentinel(replicas=2, down_after=None) as deployment,
        Sentinel(deployment.sentinel_addresses) as sentinel,
    ):
        redis = sentinel.replica_for("mymaster")
        await redis.ping()
        deployment.hang(deployment.replicas[0])
        outcomes: Counter[str] = Counter()
        while simulation.seconds < 20.0:
            began = simulation.seconds
            try:
                await redis.get("k")
            except (ConnectionError, TimeoutError):
                outcomes["failed"] += 1
            outcomes["slow"] += simulation.seconds - began > 1.5
            outcomes["read"] += 1
            await asyncio.sleep(0.01)
        assert outcomes["failed"] <= 1
        assert outcomes["slow"] <= 1
        assert outcomes["read"] > 1000


def test_a_hung_replica_is_left_alone_although_no_sentinel_holds_it_for_down() -> None:
    simulate(read_beside_a_hung_replica, seed=1)
