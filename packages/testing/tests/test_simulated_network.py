"""What the simulated network and its time can do to a service, and that every process sees the same."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys

import pytest

from respool_testing import FakeServer, RawConnection
from respool_testing.replies import PONG
from respool_testing.simulation import Simulation, lossy_delay, simulate, uniform_delay

FAILOVER = """
from contextlib import suppress
from respool.errors import RedisError
from respool_cluster import RedisCluster
from respool_sentinel import Sentinel
from respool_testing import FakeCluster, FakeSentinel, RawConnection, simulate

async def main(simulation):
    async with FakeCluster(node_timeout=1) as cluster, RedisCluster.from_url(cluster.url) as redis:
        await redis.set("k", "v")
        await cluster.kill(cluster.owner_of("k"))
        for number in range(20):
            with suppress(RedisError):
                await redis.set("k", number)
        async with RawConnection(cluster.nodes[-1].host, cluster.nodes[-1].port) as client:
            await client.call("CLUSTER", "NODES")
    async with FakeSentinel(replicas=2) as deployment, Sentinel(deployment.sentinel_addresses) as sentinel:
        await sentinel.primary_for("mymaster").set("k", "v")
        await deployment.failover()
        for number in range(20):
            with suppress(RedisError):
                await sentinel.primary_for("mymaster").set("k", number)
    print(simulation.network.fingerprint)

simulate(main, seed=7)
"""


async def seconds_of_a_ping(simulation: Simulation, client: RawConnection) -> float:
    """Return how long one request takes."""
    before = simulation.seconds
    assert await client.call("PING") == PONG
    return simulation.seconds - before


def test_one_way_may_be_slow_alone() -> None:
    async def main(simulation: Simulation) -> None:
        async with FakeServer() as server, RawConnection(server.host, server.port, timeout=60) as client:
            simulation.network.delay_one_way(f"*:{server.port}", "*", uniform_delay(3, 4))
            assert 3 <= await seconds_of_a_ping(simulation, client) <= 4.1
            simulation.network.delay_one_way("*", "*", uniform_delay(5, 6))
            assert 10 <= await seconds_of_a_ping(simulation, client) <= 12
            simulation.network.heal()
            assert await seconds_of_a_ping(simulation, client) < 0.1

    simulate(main)


def test_what_is_lost_is_sent_again_later() -> None:
    async def main(simulation: Simulation) -> list[float]:
        async with FakeServer() as server, RawConnection(server.host, server.port, timeout=600) as client:
            simulation.network.delay_one_way("*", f"*:{server.port}", lossy_delay(0.5, again_after=1))
            return [round(await seconds_of_a_ping(simulation, client)) for _ in range(100)]

    took = simulate(main)
    assert {0, 1, 3, 7} <= set(took) <= {0, 1, 3, 7, 15, 31, 63, 127, 255}
    assert 30 < took.count(0) < 70


@pytest.mark.parametrize("lost", [-0.1, 1, 2])
def test_a_probability_is_one(lost: float) -> None:
    with pytest.raises(ValueError, match="probability of loss"):
        lossy_delay(lost)


def test_time_can_jump() -> None:
    async def main(simulation: Simulation) -> list[str]:
        loop, order = asyncio.get_running_loop(), list[str]()
        for seconds in (1, 2, 200):
            loop.call_later(seconds, order.append, f"after {seconds}")
        simulation.leap(100)
        assert not order
        await asyncio.sleep(0.5)
        assert 100 < simulation.seconds < 101
        with pytest.raises(ValueError, match="backwards"):
            simulation.leap(-1)
        return order

    assert simulate(main) == ["after 1", "after 2"]


def test_the_clock_of_a_server_can_be_wrong() -> None:
    async def main(simulation: Simulation) -> None:
        async with FakeServer() as server, RawConnection(server.host, server.port) as client:
            await client.call("SET", "k", "v", "EX", 3600)
            server.clock.advance(7200)
            assert await client.call("GET", "k") is None
            assert simulation.seconds < 1

    simulate(main)


def test_a_seed_is_the_same_in_every_process() -> None:
    pytest.importorskip("respool_cluster")
    pytest.importorskip("respool_sentinel")
    said = {
        subprocess.run(
            [sys.executable, "-c", FAILOVER],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("0", "1", "2")
    }
    assert len(said) == 1
