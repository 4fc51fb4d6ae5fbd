"""A cluster of fake servers, over real sockets."""

from __future__ import annotations

import pytest

from respool_testing import FakeCluster, FakeNode, RawConnection
from respool_testing._engine.slots import key_slot
from respool_testing.replies import NULL_ARRAY, OK, QUEUED, Error, Push, Reply

KEY = b"k"
SLOT = key_slot(KEY)


def to(node: FakeNode) -> RawConnection:
    return RawConnection(node.host, node.port)


async def say(node: FakeNode, *lines: str) -> list[Reply]:
    """Say lines to a node over a connection of their own."""
    async with to(node) as client:
        return [await client.call(*line.split()) for line in lines]


def other_than(cluster: FakeCluster, node: FakeNode) -> FakeNode:
    return next(each for each in cluster.primaries if each is not node)


def test_slots_are_shared_out_evenly() -> None:
    cluster = FakeCluster(primaries=3, replicas=2)
    assert [len(cluster.slots_of(node)) for node in cluster.primaries] == [5462, 5461, 5461]
    assert [len(cluster.replicas_of(node)) for node in cluster.primaries] == [2, 2, 2]
    assert (len(cluster.nodes), len(cluster.replicas)) == (9, 6)


@pytest.mark.parametrize(("primaries", "replicas"), [(0, 0), (1, -1)])
def test_an_impossible_cluster_is_refused(primaries: int, replicas: int) -> None:
    with pytest.raises(ValueError, match="makes no sense"):
        FakeCluster(primaries=primaries, replicas=replicas)


async def test_a_wrong_node_points_to_the_right_one(respool_cluster: FakeCluster) -> None:
    owner = respool_cluster.owner_of(KEY)
    wrong = other_than(respool_cluster, owner)
    assert await say(wrong, "GET k") == [Error.of(f"MOVED {SLOT} {owner.name}")]
    assert await say(owner, "SET k v", "GET k") == [OK, b"v"]


async def test_a_write_is_on_the_replica_at_once(respool_cluster: FakeCluster) -> None:
    owner = respool_cluster.owner_of(KEY)
    (replica,) = respool_cluster.replicas_of(owner)
    await say(owner, "SET k v")
    moved = Error.of(f"MOVED {SLOT} {owner.name}")
    assert await say(replica, "GET k", "READONLY", "GET k", "SET k w", "READWRITE", "GET k") == [
        moved,
        OK,
        b"v",
        moved,
        OK,
        moved,
    ]


async def test_transactions_stay_in_one_slot(respool_cluster: FakeCluster) -> None:
    owner = respool_cluster.owner_of(KEY)
    assert await say(owner, "MULTI", "SET k v", "SET {k}2 w", "EXEC") == [OK, QUEUED, QUEUED, [OK, OK]]
    crossed = Error.of("CROSSSLOT Keys in request don't hash to the same slot")
    assert await say(owner, "MGET k z") == [crossed]
    aborted = Error.of("EXECABORT Transaction discarded because of previous errors.")
    assert await say(owner, "MULTI", "MGET k z", "EXEC") == [OK, crossed, aborted]


async def test_only_database_zero_exists(respool_cluster: FakeCluster) -> None:
    replies = await say(respool_cluster.nodes[0], "SELECT 0", "SELECT 1")
    assert replies == [OK, Error.of("ERR SELECT is not allowed in cluster mode")]


async def test_slots_name_the_owner_first_and_then_its_replicas(respool_cluster: FakeCluster) -> None:
    async with to(respool_cluster.replicas[0]) as client:
        reply = await client.call("CLUSTER", "SLOTS")
    assert isinstance(reply, list)
    first, last, *nodes = reply[0]
    primary = respool_cluster.primaries[0]
    expected = [primary, *respool_cluster.replicas_of(primary)]
    assert (first, last) == (0, 5461)
    assert nodes == [[node.host.encode(), node.port, node.id.encode(), []] for node in expected]


async def test_shards_tell_of_slots_and_health(respool_cluster: FakeCluster) -> None:
    (reply,) = await say(respool_cluster.nodes[0], "CLUSTER SHARDS")
    assert isinstance(reply, list)
    assert [shard[1] for shard in reply] == [[0, 5461], [5462, 10922], [10923, 16383]]
    roles = [[dict(zip(node[::2], node[1::2], strict=True))[b"role"] for node in shard[3]] for shard in reply]
    assert roles == [[b"master", b"replica"]] * 3


async def test_nodes_tell_who_is_who(respool_cluster: FakeCluster) -> None:
    me = respool_cluster.replicas[0]
    (reply,) = await say(me, "CLUSTER NODES")
    assert isinstance(reply, bytes)
    lines = {words[0]: words for words in map(str.split, reply.decode().splitlines())}
    assert set(lines) == {node.id for node in respool_cluster.nodes}
    primary = respool_cluster.primaries[0]
    assert lines[me.id][1:4] == [f"{me.name}@{me.port + 10000}", "myself,slave", primary.id]
    assert lines[primary.id][2:4] == ["master", "-"]
    assert lines[primary.id][7:] == ["connected", "0-5461"]


async def test_a_planned_failover_loses_nothing(respool_cluster: FakeCluster) -> None:
    old = respool_cluster.owner_of(KEY)
    await say(old, "SET k v")
    promoted = await respool_cluster.failover(old)
    assert (promoted.role, old.role) == ("primary", "replica")
    assert respool_cluster.owner_of(KEY) is promoted
    assert await say(promoted, "GET k", "SET k w") == [b"v", OK]
    assert old.server.db[0]["k"] == b"w"
    assert await say(old, "SET k x") == [Error.of(f"MOVED {SLOT} {promoted.name}")]


async def test_a_dead_primary_is_replaced_and_comes_back_as_a_replica(respool_cluster: FakeCluster) -> None:
    old = respool_cluster.owner_of(KEY)
    await say(old, "SET k v")
    await respool_cluster.kill(old)
    assert not old.alive
    promoted = await respool_cluster.failover(old)
    assert await say(promoted, "SET k w") == [OK]
    await respool_cluster.restart(old)
    assert (old.role, old.server.db[0]["k"]) == ("replica", b"w")


async def test_a_lagging_replica_loses_what_was_acknowledged() -> None:
    async with FakeCluster(primaries=1, replicas=1, replication_lag=1.0) as cluster:
        cluster.clock.freeze()
        primary = cluster.primaries[0]
        await say(primary, "SET early v")
        cluster.clock.advance(1)
        await say(primary, "SET late v")
        await cluster.kill(primary)
        promoted = await cluster.failover(primary)
        assert await say(promoted, "EXISTS early", "EXISTS late") == [1, 0]


async def test_a_failover_and_back_again_loses_nothing(respool_cluster: FakeCluster) -> None:
    first = respool_cluster.owner_of("k")
    second = await respool_cluster.failover(first)
    second.server.db[0]["k"] = "v"
    assert await respool_cluster.failover(second) is first
    assert [node.server.db[0].get("k") for node in (first, second)] == [b"v", b"v"]


async def test_a_planned_failover_waits_for_what_is_under_way() -> None:
    async with FakeCluster(primaries=1, replicas=1, replication_lag=1.0) as cluster:
        cluster.clock.freeze()
        await say(cluster.primaries[0], "SET late v")
        promoted = await cluster.failover(cluster.primaries[0])
        assert await say(promoted, "EXISTS late") == [1]


async def test_without_a_replica_there_is_no_failover() -> None:
    async with FakeCluster(primaries=2, replicas=0) as cluster:
        with pytest.raises(ValueError, match="no living replica"):
            await cluster.failover(cluster.primaries[0])


async def test_a_primary_agreed_to_be_dead_takes_the_cluster_down(respool_cluster: FakeCluster) -> None:
    owner = respool_cluster.owner_of(KEY)
    dead = other_than(respool_cluster, owner)
    await respool_cluster.kill(dead)
    assert await say(owner, "SET k v") == [OK]
    respool_cluster.mark_failed(dead)
    assert await say(owner, "SET k v") == [Error.of("CLUSTERDOWN The cluster is down")]
    await respool_cluster.failover(dead)
    assert await say(owner, "SET k v") == [OK]


async def test_a_slot_moves_with_its_keys(respool_cluster: FakeCluster) -> None:
    source = respool_cluster.owner_of(KEY)
    target = other_than(respool_cluster, source)
    await say(source, "SET k v EX 100", "SET {k}2 w")
    await respool_cluster.migrate_slots([SLOT], to=target)
    assert respool_cluster.owner_of(KEY) is target
    assert await say(target, "GET k", "TTL k", "GET {k}2") == [b"v", 100, b"w"]
    assert await say(source, "GET k") == [Error.of(f"MOVED {SLOT} {target.name}")]
    (replica,) = respool_cluster.replicas_of(target)
    assert replica.server.db[0]["k"] == b"v"
    assert len(source.server.db[0]) == 0


async def test_while_a_slot_moves_clients_are_sent_after_its_keys(respool_cluster: FakeCluster) -> None:
    source = respool_cluster.owner_of(KEY)
    target = other_than(respool_cluster, source)
    await say(source, "SET k v", "SET {k}2 w")
    respool_cluster.begin_migration(SLOT, target)
    assert respool_cluster.move_keys(SLOT, 1) == 1
    ask = Error.of(f"ASK {SLOT} {target.name}")
    assert await say(source, "GET k", "GET {k}2", "MGET k {k}2") == [
        ask,
        b"w",
        Error.of("TRYAGAIN Multiple keys request during rehashing of slot"),
    ]
    moved = Error.of(f"MOVED {SLOT} {source.name}")
    assert await say(target, "GET k", "ASKING", "GET k", "GET k") == [moved, OK, b"v", moved]
    respool_cluster.move_keys(SLOT)
    respool_cluster.finish_migration(SLOT)
    assert await say(target, "MGET k {k}2") == [[b"v", b"w"]]


async def test_a_replica_cannot_be_given_slots(respool_cluster: FakeCluster) -> None:
    with pytest.raises(ValueError, match="cannot own slots"):
        respool_cluster.begin_migration(0, respool_cluster.replicas[0])


async def test_who_waits_for_a_key_that_moves_away_is_told(respool_cluster: FakeCluster) -> None:
    source = respool_cluster.owner_of(KEY)
    target = other_than(respool_cluster, source)
    async with to(source) as waiter:
        waiter.send("BLPOP", KEY, 0)
        await source.server.until(lambda: any(each.blocked for each in source.server.connections))
        await respool_cluster.migrate_slots([SLOT], to=target)
        assert await waiter.reply() == Error.of(f"MOVED {SLOT} {target.name}")


async def test_who_waits_on_a_primary_that_steps_down_is_told(respool_cluster: FakeCluster) -> None:
    source = respool_cluster.owner_of(KEY)
    async with to(source) as waiter:
        waiter.send("BLPOP", KEY, 0)
        await source.server.until(lambda: any(each.blocked for each in source.server.connections))
        await respool_cluster.failover(source)
        reply = await waiter.reply()
        assert isinstance(reply, Error)
        assert reply.code == "UNBLOCKED"
        assert await waiter.rest() == b""


async def test_messages_reach_every_node(respool_cluster: FakeCluster) -> None:
    first, *_, last = respool_cluster.nodes
    async with to(last) as listener:
        listener.send("SUBSCRIBE", "news")
        await listener.read()
        assert await say(first, "PUBLISH news hi") == [0]
        assert await listener.read() == [b"message", b"news", b"hi"]


async def test_shard_channels_stay_in_their_shard_and_end_when_it_loses_them(
    respool_cluster: FakeCluster,
) -> None:
    owner = respool_cluster.owner_of(KEY)
    (replica,) = respool_cluster.replicas_of(owner)
    async with to(replica) as listener:
        await listener.call("HELLO", 3)
        listener.send("SSUBSCRIBE", KEY)
        await listener.push()
        await say(owner, "SPUBLISH k hi")
        assert await listener.push() == Push([b"smessage", KEY, b"hi"])
        await respool_cluster.migrate_slots([SLOT], to=other_than(respool_cluster, owner))
        assert await listener.push() == Push([b"sunsubscribe", KEY, 0])


async def test_a_failover_ends_shard_channels_in_the_whole_shard(respool_cluster: FakeCluster) -> None:
    owner = respool_cluster.owner_of(KEY)
    (replica,) = respool_cluster.replicas_of(owner)
    async with to(owner) as first, to(replica) as second:
        for listener in (first, second):
            await listener.call("HELLO", 3)
            listener.send("SSUBSCRIBE", KEY)
            await listener.push()
        await respool_cluster.failover(owner)
        for listener in (first, second):
            assert await listener.push() == Push([b"sunsubscribe", KEY, 0])


async def test_a_watch_does_not_survive_the_move_of_its_key(respool_cluster: FakeCluster) -> None:
    source = respool_cluster.owner_of(KEY)
    await say(source, "SET k v")
    async with to(source) as client:
        for line in ("WATCH k", "MULTI", "PING"):
            await client.call(*line.split())
        await respool_cluster.migrate_slots([SLOT], to=other_than(respool_cluster, source))
        assert await client.call("EXEC") == NULL_ARRAY


async def test_keys_of_a_slot_can_be_counted_and_listed(respool_cluster: FakeCluster) -> None:
    owner = respool_cluster.owner_of(KEY)
    replies = await say(
        owner,
        "SET k v",
        "CLUSTER KEYSLOT k",
        f"CLUSTER COUNTKEYSINSLOT {SLOT}",
        f"CLUSTER GETKEYSINSLOT {SLOT} 10",
        "CLUSTER COUNTKEYSINSLOT 16384",
        "CLUSTER MYID",
    )
    assert replies == [OK, SLOT, 1, [KEY], Error.of("ERR Invalid slot"), owner.id.encode()]


async def test_a_seed_makes_ids_repeatable() -> None:
    assert FakeCluster(seed=1).nodes[0].id == FakeCluster(seed=1).nodes[0].id
    assert FakeCluster().nodes[0].id != FakeCluster().nodes[0].id


async def test_nothing_is_left_running_when_a_node_cannot_start() -> None:
    async with FakeCluster(primaries=1, replicas=0) as taken:
        port = taken.nodes[0].port
        cluster = FakeCluster(primaries=2, replicas=0, port=port - 1)
        with pytest.raises(OSError, match="address already in use"):
            await cluster.start()
        assert not any(node.alive for node in cluster.nodes)
