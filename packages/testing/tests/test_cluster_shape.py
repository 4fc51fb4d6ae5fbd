"""A fake cluster that changes its shape: nodes come, go, follow others and announce themselves."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from respool_testing import FakeCluster, FakeNode, RawConnection
from respool_testing._engine.slots import key_slot
from respool_testing.replies import OK, Error, Map, Reply

SLOT = key_slot(b"k")


async def say(node: FakeNode, *lines: str) -> list[Reply]:
    """Say lines to a node over a connection of their own."""
    async with RawConnection(node.host, node.port) as client:
        return [await client.call(*line.split()) for line in lines]


@pytest_asyncio.fixture
async def loners() -> AsyncIterator[FakeCluster]:
    """Offer three nodes that know nobody."""
    async with FakeCluster(primaries=3, replicas=0, joined=False) as cluster:
        yield cluster


async def known_to(node: FakeNode) -> set[str]:
    """Return the ids of everybody a node knows."""
    (reply,) = await say(node, "CLUSTER NODES")
    assert isinstance(reply, bytes)
    return {line.split()[0] for line in reply.decode().splitlines()}


async def test_a_new_primary_owns_nothing_and_can_be_given_slots(respool_cluster: FakeCluster) -> None:
    node = await respool_cluster.add_node()
    assert (node.role, respool_cluster.slots_of(node)) == ("primary", [])
    assert await say(node, "GET k") == [Error.of(f"MOVED {SLOT} {respool_cluster.owner_of('k').name}")]
    await respool_cluster.migrate_slots([SLOT], to=node)
    assert await say(node, "SET k v") == [OK]


async def test_a_client_may_be_sent_to_a_primary_that_owns_no_slots_yet(respool_cluster: FakeCluster) -> None:
    node, source = await respool_cluster.add_node(), respool_cluster.owner_of("k")
    respool_cluster.begin_migration(SLOT, node)
    assert await say(source, "GET k") == [Error.of(f"ASK {SLOT} {node.name}")]
    assert all(str(node.port) not in str(reply) for reply in await say(source, "CLUSTER SLOTS"))


async def test_a_new_replica_copies_its_primary(respool_cluster: FakeCluster) -> None:
    primary = respool_cluster.owner_of("k")
    await say(primary, "SET k v")
    replica = await respool_cluster.add_node(primary)
    assert replica in respool_cluster.replicas_of(primary)
    assert replica.server.db[0]["k"] == b"v"


async def test_a_node_that_is_removed_is_known_to_nobody(respool_cluster: FakeCluster) -> None:
    node = respool_cluster.replicas[0]
    await respool_cluster.remove_node(node)
    assert not node.alive
    assert node.id not in await known_to(respool_cluster.primaries[0])


async def test_a_node_that_is_needed_cannot_be_removed(respool_cluster: FakeCluster) -> None:
    primary = respool_cluster.primaries[0]
    with pytest.raises(ValueError, match="owns slots"):
        await respool_cluster.remove_node(primary)
    new = await respool_cluster.add_node()
    await respool_cluster.add_node(new)
    with pytest.raises(ValueError, match="has replicas"):
        await respool_cluster.remove_node(new)


async def test_a_slot_of_nobody_has_no_owner(loners: FakeCluster) -> None:
    with pytest.raises(LookupError, match="has no owner"):
        loners.owner_of("k")
    assert await say(loners.nodes[0], "GET k") == [Error.of("CLUSTERDOWN Hash slot not served")]


async def test_nodes_that_meet_learn_of_all_the_others(loners: FakeCluster) -> None:
    first, second, third = loners.nodes
    await say(first, f"CLUSTER MEET 127.0.0.1 {second.port}")
    await loners.until(lambda: second._believes(first) is not None)
    await say(third, f"CLUSTER MEET 127.0.0.1 {second.port}")
    await loners.until(lambda: first._believes(third) is not None)
    assert await known_to(first) == await known_to(third) == {node.id for node in loners.nodes}


async def test_a_node_that_was_forgotten_is_not_taken_in_again_at_once(respool_cluster: FakeCluster) -> None:
    respool_cluster.clock.freeze()
    first, gone = respool_cluster.primaries[0], respool_cluster.replicas[2]
    assert await say(first, f"CLUSTER FORGET {gone.id}", "PING") != []
    assert gone.id not in await known_to(first)
    respool_cluster.clock.advance(61)
    assert await say(respool_cluster.primaries[1], "CLUSTER BUMPEPOCH") != []
    assert gone.id in await known_to(first)


async def test_a_node_told_to_replicate_becomes_a_replica(respool_cluster: FakeCluster) -> None:
    primary, node = respool_cluster.owner_of("k"), await respool_cluster.add_node()
    await say(primary, "SET k v")
    assert await say(node, f"CLUSTER REPLICATE {primary.id}") == [OK]
    await respool_cluster.until(lambda: node in respool_cluster.replicas_of(primary))
    assert node.server.db[0]["k"] == b"v"


@pytest.mark.parametrize("way", ["", "FORCE", "TAKEOVER"])
async def test_a_replica_can_be_told_to_take_over(respool_cluster: FakeCluster, way: str) -> None:
    old = respool_cluster.owner_of("k")
    (replica,) = respool_cluster.replicas_of(old)
    assert await say(replica, f"CLUSTER FAILOVER {way}") == [OK]
    await respool_cluster.until(lambda: respool_cluster.owner_of("k") is replica)
    assert old in respool_cluster.replicas_of(replica)


async def test_a_replica_of_a_dead_primary_takes_over_by_force_only(respool_cluster: FakeCluster) -> None:
    old = respool_cluster.owner_of("k")
    (replica,) = respool_cluster.replicas_of(old)
    await respool_cluster.kill(old)
    refusal = Error.of("ERR Master is down or failed, please use CLUSTER FAILOVER FORCE")
    assert await say(replica, "CLUSTER FAILOVER", "CLUSTER FAILOVER FORCE") == [refusal, OK]
    await respool_cluster.until(lambda: respool_cluster.owner_of("k") is replica)


async def test_a_primary_that_gives_its_last_slot_away_becomes_a_replica(
    respool_cluster: FakeCluster,
) -> None:
    source, target, _ = respool_cluster.primaries
    await respool_cluster.migrate_slots(respool_cluster.slots_of(source), to=target)
    assert source in respool_cluster.replicas_of(target)
    assert len(respool_cluster.primaries) == 2


async def test_reset_lets_a_node_begin_afresh(respool_cluster: FakeCluster) -> None:
    node = respool_cluster.replicas[0]
    assert await say(node, "CLUSTER RESET HARD") == [OK]
    assert await known_to(node) == {node.id}
    assert node.role == "primary"


async def test_keys_can_be_moved_many_at_a_time(respool_cluster: FakeCluster) -> None:
    source = respool_cluster.owner_of("{k}")
    target = next(node for node in respool_cluster.primaries if node is not source)
    for number in range(25):
        source.server.db[0][f"{{k}}{number}"] = "v"
    await respool_cluster.migrate_slots([SLOT], to=target, keys_per_step=10)
    assert (len(source.server.db[0]), len(target.server.db[0])) == (0, 25)


async def test_a_node_behind_nat_is_known_by_what_it_announces(respool_cluster: FakeCluster) -> None:
    owner = respool_cluster.owner_of("k")
    owner.announce(host="203.0.113.7", port=7000)
    other = next(node for node in respool_cluster.primaries if node is not owner)
    assert await say(other, "GET k") == [Error.of(f"MOVED {SLOT} 203.0.113.7:7000")]
    (reply,) = await say(other, "CLUSTER NODES")
    assert b"203.0.113.7:7000@17000" in reply  # type: ignore[operator]


async def endpoints_of(cluster: FakeCluster) -> list[list[Reply]]:
    """Return how a node describes the first node of its first range."""
    async with RawConnection(cluster.nodes[0].host, cluster.nodes[0].port) as client:
        await client.call("HELLO", 3)
        reply = await client.call("CLUSTER", "SLOTS")
    assert isinstance(reply, list)
    return [span[2] for span in reply]


async def test_nodes_can_be_called_by_their_host_names() -> None:
    async with FakeCluster(primaries=2, replicas=0, endpoint_type="hostname") as cluster:
        first, second = cluster.nodes
        first.announce(hostname="localhost")
        named, nameless = await endpoints_of(cluster)
        assert named == [b"localhost", first.port, first.id.encode(), Map([(b"ip", b"127.0.0.1")])]
        assert nameless[0] == b"?"
        assert await say(second, "GET b") == [Error.of(f"MOVED {key_slot(b'b')} localhost:{first.port}")]


async def test_nodes_that_are_not_called_anything_mean_the_host_that_was_asked() -> None:
    async with FakeCluster(primaries=2, replicas=0, endpoint_type="unknown") as cluster:
        first, second = cluster.nodes
        first.announce(hostname="a.example")
        more = Map([(b"ip", b"127.0.0.1"), (b"hostname", b"a.example")])
        assert (await endpoints_of(cluster))[0] == [None, first.port, first.id.encode(), more]
        assert await say(second, "GET b") == [Error.of(f"MOVED {key_slot(b'b')} :{first.port}")]


async def test_a_node_announces_itself_by_its_options_too(respool_cluster: FakeCluster) -> None:
    owner = respool_cluster.owner_of("k")
    other = next(node for node in respool_cluster.primaries if node is not owner)
    async with RawConnection(owner.host, owner.port) as client:
        name = "cluster-announce-hostname"
        assert await client.call("CONFIG", "SET", name, "a.example", "cluster-announce-port", 7000) == OK
        assert await client.call("CONFIG", "GET", name) == [name.encode(), b"a.example"]
        refused = await client.call("CONFIG", "SET", name, "a_b")
        assert "Hostnames may only contain" in str(refused)
    async with RawConnection(other.host, other.port) as client:
        assert await client.call("GET", "k") == Error.of(f"MOVED {key_slot(b'k')} 127.0.0.1:7000")
        assert await client.call("CONFIG", "SET", "cluster-preferred-endpoint-type", "hostname") == OK
        assert await client.call("GET", "k") == Error.of(f"MOVED {key_slot(b'k')} a.example:7000")
        refused = await client.call("CONFIG", "SET", "cluster-preferred-endpoint-type", "face")
        assert "one of the following: ip, hostname, unknown-endpoint" in str(refused)


async def test_a_cluster_starts_over(respool_cluster: FakeCluster) -> None:
    before = [node.name for node in respool_cluster.nodes]
    owner = respool_cluster.owner_of("k")
    owner.server.db[0]["k"] = "v"
    respool_cluster.hang(respool_cluster.primaries[0])
    await respool_cluster.failover(owner)
    await respool_cluster.add_node()
    await respool_cluster.reset()
    assert [node.name for node in respool_cluster.nodes] == before
    assert [node.role for node in respool_cluster.nodes] == ["primary"] * 3 + ["replica"] * 3
    assert not respool_cluster.owner_of("k").server.db[0]
    assert not any(node.hung for node in respool_cluster.nodes)
