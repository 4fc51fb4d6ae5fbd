"""Orders that clients give to fake sentinels over the wire, and what they tell of them."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio

from respool_testing import FakeCluster, FakeSentinel, FakeServer, RawConnection
from respool_testing.replies import OK, Error, Map, Reply
from respool_testing.sentinel import LIKE_REAL


@pytest_asyncio.fixture
async def deployment() -> AsyncIterator[FakeSentinel]:
    """Offer a primary with a replica and three sentinels that take their time, which stands still."""
    async with FakeSentinel(replicas=1, sentinels=3, timing=LIKE_REAL) as deployment:
        deployment.clock.freeze()
        yield deployment


async def ask(server: FakeServer, *lines: str) -> list[Reply]:
    """Say lines to a sentinel over a connection of their own."""
    async with RawConnection(server.host, server.port) as client:
        await client.call("HELLO", 3)
        return [await client.call(*line.split()) for line in lines]


async def announced(server: FakeServer, *lines: str) -> list[tuple[Reply, Reply]]:
    """Say lines to a sentinel, and return what it announces of them."""
    async with RawConnection(server.host, server.port) as listener:
        await listener.call("HELLO", 3)
        listener.send("PSUBSCRIBE", "*")
        await listener.push()
        await ask(server, *lines)
        await listener.call("PING")
        return [(push.items[2], push.items[3]) for push in listener.pushes]


async def test_a_failover_is_begun_once(deployment: FakeSentinel) -> None:
    sentinel, old = deployment.sentinels[0], deployment.primary
    assert await ask(sentinel, "SENTINEL FAILOVER mymaster") == [OK]
    deployment.clock.advance(0.3)
    assert deployment.primary is not old
    in_progress = Error.of("INPROG Failover already in progress")
    assert await ask(sentinel, "SENTINEL FAILOVER mymaster") == [in_progress]
    deployment.clock.advance(10)
    assert old in deployment.replicas


async def test_without_a_replica_there_is_nobody_to_promote(deployment: FakeSentinel) -> None:
    await deployment.kill(deployment.replicas[0])
    nobody = Error.of("NOGOODSLAVE No suitable replica to promote")
    assert await ask(deployment.sentinels[0], "SENTINEL FAILOVER mymaster") == [nobody]


async def test_a_service_can_be_watched_under_another_name(deployment: FakeSentinel) -> None:
    sentinel, port = deployment.sentinels[0], deployment.primary.port
    order = f"SENTINEL MONITOR alias 127.0.0.1 {port} 2"
    assert (b"+monitor", f"master alias 127.0.0.1 {port} quorum 2".encode()) in await announced(
        sentinel, order
    )
    (reply,) = await ask(sentinel, "SENTINEL MASTER alias")
    assert isinstance(reply, Map)
    fields = dict(reply.pairs)
    assert (fields[b"flags"], fields[b"num-slaves"]) == (b"master", b"1")


async def test_a_service_can_be_watched_no_more(deployment: FakeSentinel) -> None:
    sentinel, port = deployment.sentinels[0], deployment.primary.port
    heard = await announced(sentinel, "SENTINEL REMOVE mymaster")
    assert heard == [(b"-monitor", f"master mymaster 127.0.0.1 {port}".encode())]
    assert await ask(sentinel, "SENTINEL GET-MASTER-ADDR-BY-NAME mymaster", "SENTINEL MASTERS") == [None, []]


async def test_reset_forgets_and_finds_again(deployment: FakeSentinel) -> None:
    channels = [channel for channel, _ in await announced(deployment.sentinels[0], "SENTINEL RESET my*")]
    assert channels[0] == b"+reset-master"
    assert sorted(map(str, channels[1:])) == ["b'+sentinel'", "b'+sentinel'", "b'+slave'"]


async def test_settings_are_announced(deployment: FakeSentinel) -> None:
    sentinel, port = deployment.sentinels[0], deployment.primary.port
    heard = await announced(sentinel, "SENTINEL SET mymaster quorum 3")
    assert heard == [(b"+set", f"master mymaster 127.0.0.1 {port} quorum 3".encode())]


async def test_a_vote_is_given_over_the_wire(deployment: FakeSentinel) -> None:
    question = f"SENTINEL IS-MASTER-DOWN-BY-ADDR 127.0.0.1 {deployment.primary.port} 7"
    first, second = "a" * 40, "b" * 40
    told = await ask(deployment.sentinels[0], f"{question} {first}", f"{question} {second}")
    assert told == [[0, first.encode(), 7]] * 2


async def test_the_last_known_of_each_server_can_be_asked_for(deployment: FakeSentinel) -> None:
    (reply,) = await ask(deployment.sentinels[0], "SENTINEL INFO-CACHE mymaster")
    assert isinstance(reply, list)
    assert reply[0] == b"mymaster"
    assert isinstance(reply[1], list)
    assert len(reply[1]) == 2


async def test_a_deployment_and_a_cluster_can_be_started_again() -> None:
    cluster = FakeCluster(primaries=2, replicas=1)
    deployment = FakeSentinel(replicas=1, sentinels=1)
    for _ in range(2):
        async with cluster, deployment:
            for node in cluster.nodes:
                assert node.healthy
            assert await ask(cluster.owner_of("k").server, "SET k v") == [OK]
            assert await ask(deployment.primary, "SET k v", "WAIT 1 0") == [OK, 1]


async def test_a_server_that_reports_another_role_is_told_of(deployment: FakeSentinel) -> None:
    old = deployment.primary
    async with RawConnection(deployment.sentinels[1].host, deployment.sentinels[1].port) as listener:
        await listener.call("HELLO", 3)
        listener.send("PSUBSCRIBE", "?role-change")
        await listener.push()
        await deployment.failover()
        deployment.clock.advance(20)
        await listener.call("PING")
        told = [
            (push.items[2], str(push.items[3]).split()[1], str(push.items[3])) for push in listener.pushes
        ]
    assert [each[0] for each in told] == [b"-role-change", b"-role-change", b"+role-change"]
    assert told[-1][1] == f"127.0.0.1:{old.port}"
    assert "new reported role is slave" in told[-1][2]


async def test_a_deployment_starts_over(deployment: FakeSentinel) -> None:
    before, primary = deployment.sentinel_addresses, deployment.primary.port
    deployment.primary.db[0]["k"] = "v"
    await deployment.failover()
    await deployment.add_service("other")
    deployment.freeze_view(deployment.sentinels[0])
    await deployment.reset()
    assert (deployment.sentinel_addresses, deployment.primary.port) == (before, primary)
    assert not deployment.primary.db[0]
    deployment.clock.freeze()
    assert await ask(deployment.sentinels[0], "SENTINEL MASTER other") == [
        Error.of("ERR No such master with that name")
    ]


async def test_help_lists_what_sentinels_can_be_told(deployment: FakeSentinel) -> None:
    (lines,) = await ask(deployment.sentinels[0], "SENTINEL HELP")
    assert isinstance(lines, list)
    assert "SENTINEL <subcommand> [<arg> [value] [opt] ...]. Subcommands are:" in str(lines[0])
    assert "CKQUORUM" in str(lines)
