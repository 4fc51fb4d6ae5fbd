"""A fake cluster that fails by itself: time passes on a frozen clock, and the nodes draw their conclusions."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio

from respool_testing import FakeCluster, FakeNode, RawConnection
from respool_testing._engine.slots import key_slot
from respool_testing.replies import OK, Error, Reply

SLOT = key_slot(b"k")
DOWN = Error.of("CLUSTERDOWN The cluster is down")


@pytest_asyncio.fixture
async def cluster() -> AsyncIterator[FakeCluster]:
    """Offer three primaries with two replicas each, whose time stands still."""
    async with FakeCluster(primaries=3, replicas=2, node_timeout=2.0, seed=1) as cluster:
        cluster.clock.freeze()
        yield cluster


async def say(node: FakeNode, *lines: str) -> list[Reply]:
    """Say lines to a node over a connection of their own."""
    async with RawConnection(node.host, node.port) as client:
        return [await client.call(*line.split()) for line in lines]


async def line_of(observer: FakeNode, node: FakeNode) -> list[str]:
    """Return what an observer's CLUSTER NODES says of a node."""
    (reply,) = await say(observer, "CLUSTER NODES")
    assert isinstance(reply, bytes)
    return next(line.split() for line in reply.decode().splitlines() if line.startswith(node.id))


async def test_a_killed_primary_is_suspected_agreed_upon_and_replaced(cluster: FakeCluster) -> None:
    old = cluster.owner_of("k")
    observer = next(node for node in cluster.primaries if node is not old)
    replicas = cluster.replicas_of(old)
    await cluster.kill(old)
    cluster.clock.advance(1.9)
    assert (await line_of(observer, old))[2] == "master"
    assert await say(observer, f"CLUSTER COUNT-FAILURE-REPORTS {old.id}") == [0]
    cluster.clock.advance(0.1)
    assert (await line_of(observer, old))[2] == "master,fail"
    assert await say(observer, "GET k") == [DOWN]
    cluster.clock.advance(2)
    assert cluster.owner_of("k") in replicas
    assert await say(cluster.owner_of("k"), "SET k v") == [OK]
    assert (await line_of(observer, old))[8:] == []


async def test_one_alone_only_suspects(cluster: FakeCluster) -> None:
    first, second, third = cluster.primaries
    cluster.partition([first, second, *cluster.replicas], [third])
    cluster.clock.advance(2)
    assert (await line_of(third, first))[2] == "master,fail?"
    assert (await line_of(first, third))[2] == "master,fail"


async def test_a_hung_primary_is_replaced_and_steps_down_once_it_goes_on(cluster: FakeCluster) -> None:
    old = cluster.owner_of("k")
    cluster.hang(old)
    async with RawConnection(old.host, old.port) as client:
        client.send("GET", "k")
        cluster.clock.advance(4)
        new = cluster.owner_of("k")
        assert new is not old
        cluster.resume(old)
        assert await client.reply() == Error.of(f"MOVED {SLOT} {new.name}")
    assert (old.role, old in cluster.replicas_of(new)) == ("replica", True)


async def test_a_node_that_missed_two_moves_spreads_no_rumour(cluster: FakeCluster) -> None:
    first, second, third = cluster.primaries
    slot = key_slot(b"b")
    assert cluster.owner_of("b") is first
    cluster.hang(third)
    await cluster.migrate_slots([slot], to=second)
    # With the greatest epoch of all, it would win what the third node still holds for its own.
    await cluster.migrate_slots([cluster.slots_of(second)[-1]], to=first)
    cluster.resume(third)
    moved = Error.of(f"MOVED {slot} {second.name}")
    assert [await say(node, "GET b") for node in (first, second, third)] == [[moved], [None], [moved]]


async def test_who_was_unheard_only_for_a_while_is_forgiven(cluster: FakeCluster) -> None:
    old = cluster.owner_of("k")
    cluster.hang(old)
    cluster.clock.advance(1.9)
    cluster.resume(old)
    cluster.clock.advance(10)
    assert cluster.owner_of("k") is old
    assert await say(old, "SET k v") == [OK]


async def test_a_primary_in_the_minority_stops_serving_and_loses_what_it_took(cluster: FakeCluster) -> None:
    old = cluster.owner_of("k")
    cluster.partition([old])
    assert await say(old, "SET k lost") == [OK]
    cluster.clock.advance(4)
    assert await say(old, "SET k v") == [DOWN]
    new = cluster.owner_of("k")
    assert await say(new, "GET k") == [None]
    cluster.heal()
    assert await say(old, "GET k") == [Error.of(f"MOVED {SLOT} {new.name}")]
    assert "k" not in old.server.db[0]


async def test_without_a_majority_nobody_is_promoted(cluster: FakeCluster) -> None:
    first, second, third = cluster.primaries
    for node in (first, second):
        await cluster.kill(node)
    cluster.clock.advance(60)
    assert not any(node.healthy for node in cluster.nodes if node.alive)
    assert third.role == "primary"
    assert all(node.role == "replica" for node in cluster.replicas_of(first))


async def test_after_a_partition_a_primary_waits_before_it_serves_again(cluster: FakeCluster) -> None:
    first, second, third = cluster.primaries
    cluster.partition([first], [second], [third])
    cluster.clock.advance(2)
    assert not first.healthy
    cluster.heal()
    cluster.clock.advance(1.9)
    assert not first.healthy
    cluster.clock.advance(10)
    assert first.healthy


async def test_the_replica_with_most_of_the_data_wins(cluster: FakeCluster) -> None:
    old = cluster.owner_of("k")
    behind, ahead = cluster.replicas_of(old)
    cluster.lag(behind, 10)
    await say(old, "SET k v")
    await cluster.kill(old)
    cluster.clock.advance(5)
    assert cluster.owner_of("k") is ahead
    assert await say(ahead, "GET k") == [b"v"]


async def test_a_replica_told_not_to_does_not_stand_for_election(cluster: FakeCluster) -> None:
    old = cluster.owner_of("k")
    for replica in cluster.replicas_of(old):
        replica.server._engine.state.options["cluster-replica-no-failover"] = "yes"
    await cluster.kill(old)
    cluster.clock.advance(60)
    assert old in cluster.primaries


async def test_with_no_timeout_nothing_fails_over_by_itself() -> None:
    async with FakeCluster(node_timeout=None) as cluster:
        cluster.clock.freeze()
        old = cluster.owner_of("k")
        await cluster.kill(old)
        cluster.clock.advance(3600)
        assert cluster.owner_of("k") is old


async def test_a_primary_that_comes_back_in_time_stays_what_it_was(cluster: FakeCluster) -> None:
    old = cluster.owner_of("k")
    await say(old, "SET k v")
    await cluster.kill(old)
    await cluster.restart(old, lose_data=False)
    cluster.clock.advance(60)
    assert await say(old, "GET k") == [b"v"]


async def test_a_primary_that_comes_back_without_data_empties_its_replicas(cluster: FakeCluster) -> None:
    old = cluster.owner_of("k")
    await say(old, "SET k v")
    await cluster.kill(old)
    await cluster.restart(old)
    assert all("k" not in replica.server.db[0] for replica in cluster.replicas_of(old))


async def test_clients_can_be_cut_off_from_a_node_that_the_others_still_hear(cluster: FakeCluster) -> None:
    node = cluster.owner_of("k")
    async with RawConnection(node.host, node.port) as named, RawConnection(node.host, node.port) as other:
        await named.call("CLIENT", "SETNAME", "service-1")
        cluster.cut_off(node, clients="service-*")
        named.send("SET", "k", "v")
        assert await other.call("EXISTS", "k") == 0
        cluster.clock.advance(60)
        assert cluster.owner_of("k") is node
        cluster.heal()
        assert await named.reply() == OK


async def test_what_is_published_while_a_listener_is_cut_off_arrives_late(cluster: FakeCluster) -> None:
    node = cluster.nodes[0]
    async with RawConnection(node.host, node.port) as listener:
        listener.send("SUBSCRIBE", "news")
        await listener.read()
        cluster.cut_off(node)
        await say(cluster.nodes[1], "PUBLISH news hi")
        cluster.heal()
        assert await listener.read() == [b"message", b"news", b"hi"]


async def test_a_killed_node_that_hung_is_no_longer_hung_when_it_starts_again(cluster: FakeCluster) -> None:
    node = cluster.owner_of("k")
    cluster.hang(node)
    await cluster.kill(node)
    await cluster.restart(node)
    assert not node.hung
    assert await say(node, "SET k v") == [OK]
