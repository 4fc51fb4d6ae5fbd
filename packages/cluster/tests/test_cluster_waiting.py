"""What waits for a topology, and the errors that it ends in: the lobby, the scout, the trails of redirections."""

from __future__ import annotations

import asyncio

import pytest

from respool.errors import AskError, ClusterDownError, MovedError, RedisClusterError, RedisError
from respool.lowlevel import Request, build_request
from respool_cluster import Node, RedisCluster
from respool_cluster._map.scout import Scout
from respool_cluster._map.slot import SLOTS
from respool_cluster._map.topology import Shard, Topology
from respool_cluster._routing.lobby import Lobby
from respool_cluster._routing.trails import Trails
from respool_cluster._routing.verdict import ATTEMPTS, HOPS
from respool_testing import FakeCluster
from respool_testing.simulation import Simulation, simulate

ANY = Topology((Shard(Node("h", 1)),) * SLOTS)
DOWN = ClusterDownError("CLUSTERDOWN the cluster is down")


def waiting(lobby: Lobby, seconds: float) -> Request[object]:
    request = build_request((b"GET", b"k"))
    request.deadline = asyncio.get_running_loop().time() + seconds
    lobby.enter(request, DOWN)
    return request


class Caller:
    """Who sent the scout; it gives up after `patience` looks that failed."""

    def __init__(self, patience: int = 0) -> None:
        self.told: list[str] = []
        self._patience = patience

    def on_found(self) -> None:
        self.told.append("found")

    def on_not_found(self, error: RedisError) -> bool:
        self.told.append("not found")
        return len(self.told) < self._patience

    def on_lost_loop(self) -> None:
        self.told.append("lost")


def test_each_fails_with_its_own_error_at_its_own_deadline() -> None:
    async def main(_: Simulation) -> None:
        lobby = Lobby()
        late, soon = waiting(lobby, 2.0), waiting(lobby, 0.5)
        await asyncio.sleep(1)
        assert soon.future.exception() is DOWN
        assert not late.done()
        assert lobby.take() == [late]
        assert not lobby

    simulate(main)


def test_what_was_cancelled_is_not_sent_on() -> None:
    async def main(_: Simulation) -> None:
        lobby = Lobby()
        cancelled, kept = waiting(lobby, 1.0), waiting(lobby, 1.0)
        cancelled.future.cancel()
        assert lobby.take() == [kept]

    simulate(main)


def test_no_two_callers_are_refused_with_one_exception() -> None:
    async def main(_: Simulation) -> None:
        lobby = Lobby()
        one, other = waiting(lobby, 1.0), waiting(lobby, 1.0)
        lobby.refuse(RedisClusterError("nobody"))
        assert one.future.exception() is not other.future.exception()
        assert str(one.future.exception()) == str(other.future.exception()) == "nobody"

    simulate(main)


def test_many_wishes_are_one_look_and_a_wish_during_it_another() -> None:
    async def main(_: Simulation) -> None:
        looks = 0

        async def look() -> Topology:
            nonlocal looks
            looks += 1
            await asyncio.sleep(1)
            return ANY

        scout = Scout(look, Caller())
        first = [asyncio.ensure_future(scout.wait()) for _ in range(5)]
        await asyncio.sleep(0.5)
        second = asyncio.ensure_future(scout.wait())
        assert await asyncio.gather(*first) == [ANY] * 5
        assert looks == 1
        # Whoever came during the look is told by it, too; but what it may have missed is looked for.
        await second
        await asyncio.sleep(3)
        assert looks == 2

    simulate(main)


def test_looks_that_fail_go_on_while_somebody_waits() -> None:
    async def look() -> Topology:
        raise RedisClusterError("nobody")

    async def main(_: Simulation) -> None:
        caller = Caller(patience=5)
        scout = Scout(look, caller)
        with pytest.raises(RedisClusterError, match="nobody"):
            await scout.wait()
        await asyncio.sleep(5)
        assert caller.told == ["not found"] * 5

    simulate(main)


def test_a_scout_that_is_stopped_tells_who_waits() -> None:
    async def look() -> Topology:
        await asyncio.sleep(60)
        return ANY

    async def main(_: Simulation) -> None:
        scout = Scout(look, Caller())
        waits = asyncio.ensure_future(scout.wait())
        await asyncio.sleep(0.1)
        await scout.stop(RedisClusterError("closed"))
        with pytest.raises(RedisClusterError, match="closed"):
            await waits

    simulate(main)


async def test_an_error_tells_the_way_a_request_took() -> None:
    trails, request = Trails(), build_request((b"GET", b"k"))
    moved, ask = MovedError("MOVED 7 b:2"), AskError("ASK 7 :3")
    trails.note(request, moved, Node("a", 1))
    trails.note(request, ask, Node("b", 2))
    lost = trails.told(request, ask)
    assert isinstance(lost, RedisClusterError)
    assert "slot 7" in str(lost)
    assert "a:1 said MOVED 7 b:2, then b:2 said ASK 7 b:3" in str(lost)
    assert lost.__cause__ is ask


def test_nodes_that_send_each_other_a_slot_are_not_asked_for_ever() -> None:
    async def main(_: Simulation) -> None:
        async with (
            FakeCluster(primaries=2, replicas=0) as cluster,
            RedisCluster([Node(cluster.nodes[0].host, cluster.nodes[0].port)]) as client,
        ):
            one, two = cluster.primaries
            faults = [
                node.server.faults.on("INCRBY").moved(to=f"{other.host}:{other.port}")
                for node, other in ((one, two), (two, one))
            ]
            with pytest.raises(
                RedisClusterError, match=r"send each other .* said MOVED \d+ .*, then .* said"
            ):
                await client.incr("k")
            assert HOPS < sum(fault.hits for fault in faults) <= ATTEMPTS

    simulate(main)


async def test_other_errors_stay_what_they_are() -> None:
    assert Trails().told(build_request((b"GET", b"k")), DOWN) is DOWN
