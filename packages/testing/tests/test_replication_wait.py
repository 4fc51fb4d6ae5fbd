"""WAIT, and replication that takes its time, on a fake cluster whose time stands still."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio

from respool_testing import FakeCluster, RawConnection
from respool_testing.replies import OK, QUEUED, Error


@pytest_asyncio.fixture
async def cluster() -> AsyncIterator[FakeCluster]:
    """Offer a primary with two replicas that are a second behind."""
    async with FakeCluster(primaries=1, replicas=2, replication_lag=1.0) as cluster:
        cluster.clock.freeze()
        yield cluster


@pytest_asyncio.fixture
async def client(cluster: FakeCluster) -> AsyncIterator[RawConnection]:
    """Offer a connection to the primary, on which something was written."""
    primary = cluster.primaries[0]
    async with RawConnection(primary.host, primary.port) as client:
        assert await client.call("SET", "k", "v") == OK
        yield client


async def blocked(cluster: FakeCluster) -> None:
    """Wait until somebody waits."""
    server = cluster.primaries[0].server
    await server.until(lambda: any(each.blocked for each in server.connections))


async def test_wait_ends_when_enough_replicas_have_it(cluster: FakeCluster, client: RawConnection) -> None:
    client.send("WAIT", 2, 0)
    await blocked(cluster)
    cluster.clock.advance(1)
    assert await client.reply() == 2


async def test_wait_counts_the_replicas_one_by_one(cluster: FakeCluster, client: RawConnection) -> None:
    cluster.lag(cluster.replicas[1], 60)
    await client.call("SET", "k", "w")
    client.send("WAIT", 2, 5000)
    await blocked(cluster)
    cluster.clock.advance(5)
    assert await client.reply() == 1
    assert await client.call("WAIT", 1, 0) == 1


async def test_wait_gives_up_in_time(cluster: FakeCluster, client: RawConnection) -> None:
    client.send("WAIT", 1, 500)
    await blocked(cluster)
    cluster.clock.advance(0.5)
    assert await client.reply() == 0


async def test_wait_does_not_wait_inside_a_transaction(cluster: FakeCluster, client: RawConnection) -> None:
    assert [await client.call(*line.split()) for line in ("MULTI", "WAIT 2 0", "EXEC")] == [OK, QUEUED, [0]]


async def test_wait_is_not_for_replicas(cluster: FakeCluster) -> None:
    replica = cluster.replicas[0]
    async with RawConnection(replica.host, replica.port) as client:
        reply = await client.call("WAIT", 1, 0)
    assert isinstance(reply, Error)
    assert reply.text.startswith(b"ERR WAIT cannot be used with replica instances.")


async def test_who_waits_is_told_when_the_primary_steps_down(
    cluster: FakeCluster, client: RawConnection
) -> None:
    client.send("WAIT", 3, 0)
    await blocked(cluster)
    await cluster.failover(cluster.primaries[0])
    reply = await client.reply()
    assert isinstance(reply, Error)
    assert reply.code == "UNBLOCKED"


async def test_what_waited_out_a_partition_arrives_when_it_heals(
    cluster: FakeCluster, client: RawConnection
) -> None:
    replica = cluster.replicas[0]
    cluster.partition([replica])
    cluster.clock.advance(1)
    assert "k" not in replica.server.db[0]
    cluster.heal()
    assert replica.server.db[0]["k"] == b"v"


async def test_changes_arrive_in_order_though_the_lag_shrinks(
    cluster: FakeCluster, client: RawConnection
) -> None:
    cluster.replication_lag = 0.0
    await client.call("SET", "k", "late")
    cluster.clock.advance(1)
    assert cluster.replicas[0].server.db[0]["k"] == b"late"


async def test_a_primary_may_want_replicas_before_it_takes_writes(
    cluster: FakeCluster, client: RawConnection
) -> None:
    cluster.primaries[0].server._engine.state.options["min-replicas-to-write"] = "2"
    assert await client.call("SET", "k", "w") == OK
    await cluster.kill(cluster.replicas[0])
    assert await client.call("SET", "k", "x") == Error.of("NOREPLICAS Not enough good replicas to write.")
    assert await client.call("GET", "k") == b"w"
