"""Pools of replicas: which ones they lead to, and what happens when one leaves."""

from __future__ import annotations

import pytest

from respool.errors import ReplicaNotFoundError
from respool_sentinel import Sentinel, SentinelConnectionPool
from respool_testing import FakeSentinel, FakeServer


async def heard(deployment: FakeSentinel) -> None:
    """Wait until every sentinel is listened to."""
    for each in deployment.sentinels:
        await listened_to(each)


async def listened_to(server: FakeServer) -> None:
    await server.until(lambda: bool(server.log.calls("SUBSCRIBE")))


async def test_a_replica_that_leaves_is_given_up(respool_sentinel: FakeSentinel) -> None:
    async with Sentinel(respool_sentinel.sentinel_addresses) as sentinel:
        redis = sentinel.replica_for("mymaster")
        await redis.get("k")
        await heard(respool_sentinel)
        used = next(each for each in respool_sentinel.replicas if each.connections)
        respool_sentinel.mark_down(used)
        await used.until(lambda: not used.connections)
        assert await redis.get("k") is None
    assert all(each.log.calls("GET") for each in respool_sentinel.replicas)


async def test_the_last_replies_of_a_replica_that_leaves_are_waited_for(
    respool_sentinel: FakeSentinel,
) -> None:
    async with Sentinel(respool_sentinel.sentinel_addresses) as sentinel:
        redis = sentinel.replica_for("mymaster")
        await redis.get("k")
        await heard(respool_sentinel)
        used = next(each for each in respool_sentinel.replicas if each.connections)
        used.faults.on("ECHO").delay(0.3)
        reply = redis.execute_command("ECHO", "x")
        respool_sentinel.mark_down(used)
        assert await reply == b"x"
    used.log.assert_called("ECHO", times=1)


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
