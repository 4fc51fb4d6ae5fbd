"""A node that cannot be reached: tried less and less often, at moments that differ, and at once when it is back."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import ClassVar

import pytest

from respool.errors import ConnectionError, RedisError
from respool_cluster import ClusterConnection, Node, RedisCluster
from respool_cluster._pool.breaker import FIRST_SECONDS, MOST_SECONDS, Breaker
from respool_testing import FakeCluster
from respool_testing.simulation import Simulation, simulate

REASON = ConnectionError("refused")


def test_what_never_failed_is_tried_at_once() -> None:
    assert Breaker().pause(0.0) == 0.0


def test_pauses_grow_up_to_a_limit() -> None:
    breaker = Breaker(uniform=lambda low, high: high)
    pauses = []
    for _ in range(20):
        breaker.failed(100.0, REASON)
        pauses.append(breaker.pause(100.0))
    assert pauses[:2] == pytest.approx([FIRST_SECONDS, 2 * FIRST_SECONDS])
    assert pauses == sorted(pauses)
    assert pauses[-1] == pytest.approx(MOST_SECONDS)


def test_pauses_differ_by_chance_and_are_never_nothing() -> None:
    breaker = Breaker(uniform=lambda low, high: low)
    breaker.failed(100.0, REASON)
    assert breaker.pause(100.0) == pytest.approx(FIRST_SECONDS / 2)


def test_a_pause_passes() -> None:
    breaker = Breaker()
    breaker.failed(100.0, REASON)
    assert breaker.pause(100.0 + FIRST_SECONDS) == 0.0


def test_success_ends_it() -> None:
    breaker = Breaker()
    breaker.failed(100.0, REASON)
    breaker.succeeded()
    assert breaker.pause(100.0) == 0.0
    assert breaker.reason is None


class Counting(ClusterConnection):
    """Counts how often each port is tried."""

    tries: ClassVar[list[int]] = []

    async def open_socket(self, make_protocol):  # type: ignore[no-untyped-def]
        self.tries.append(self.port)
        return await super().open_socket(make_protocol)


async def ask(client: RedisCluster[bytes]) -> None:
    with suppress(RedisError):
        await client.get("k")


def test_a_dead_node_is_not_hammered_by_those_who_want_it() -> None:
    async def main(simulation: Simulation) -> None:
        async with FakeCluster(node_timeout=None) as cluster:
            seed, owner = cluster.nodes[0], cluster.owner_of("k")
            async with RedisCluster([Node(seed.host, seed.port)], connection_class=Counting) as client:
                await client.set("k", "v")
                await cluster.kill(owner)
                Counting.tries.clear()
                asking = []
                for _ in range(500):
                    asking.append(asyncio.ensure_future(ask(client)))
                    await asyncio.sleep(0.01)
                assert 10 < Counting.tries.count(owner.port) < 60
                await cluster.restart(owner)
                await asyncio.sleep(2 * MOST_SECONDS)
                await client.get("k")
                await asyncio.gather(*asking)

    simulate(main)


async def test_between_two_tries_the_last_reason_is_told(respool_cluster: FakeCluster) -> None:
    dead = respool_cluster.nodes[0]
    await respool_cluster.kill(dead)
    connection = ClusterConnection(dead.host, dead.port)
    connection.acquaintance.breaker = Breaker(uniform=lambda low, high: 60.0)
    with pytest.raises(ConnectionError, match=r"refused$"):
        await connection.connect()
    with pytest.raises(ConnectionError, match=r"cannot connect.*refused \(tried again in \d+ s\)"):
        await connection.connect()
