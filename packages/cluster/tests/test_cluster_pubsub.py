"""Subscriptions in a fake cluster: heard wherever they are, followed where their slots go."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Literal

import pytest
import pytest_asyncio

from packages.core.tests.waiting import until
from respool import Gap, Message, PubSub
from respool.errors import (
    AuthorizationError,
    ConnectionError,
    DataError,
    PubSubError,
    RedisClusterError,
    TimeoutError,
)
from respool_cluster import Node, RedisCluster
from respool_cluster._map.slot import key_slot
from respool_testing import FakeCluster, FakeNode

PATIENCE_SECONDS = 10
NEWS = "news"
SLOT = key_slot(NEWS.encode())
MANY = [f"channel {number}" for number in range(20)]


@pytest_asyncio.fixture
async def client(
    respool_cluster: FakeCluster, any_protocol: Literal[2, 3]
) -> AsyncIterator[RedisCluster[bytes]]:
    url = respool_cluster.url
    async with RedisCluster.from_url(url, protocol_version=any_protocol, stream_timeout=2) as client:
        yield client


async def heard(sub: PubSub[bytes]) -> Message[bytes] | Gap | None:
    return await sub.get_message(PATIENCE_SECONDS)


def listeners(node: FakeNode) -> list[str]:
    """Return what was sent to a node to listen to sharded channels."""
    return [word.decode() for call in node.server.log.calls("SSUBSCRIBE") for word in call.args]


async def subscribers(client: RedisCluster[bytes]) -> int:
    """Return how many connections there are that listen to anything."""
    lists = await client.execute_command("CLIENT", "LIST", "TYPE", "pubsub", nodes="all")
    return sum(str(each).count("id=") for each in lists.values())


def other_than(cluster: FakeCluster, node: FakeNode) -> FakeNode:
    return next(each for each in cluster.primaries if each is not node)


async def test_channels_and_patterns_are_heard_from_any_node(client: RedisCluster[bytes]) -> None:
    async with client.pubsub() as sub:
        await sub.subscribe("news")
        await sub.psubscribe("weather.*")
        for node in await client.nodes():
            await client.on(node).publish("news", "v")
            assert await heard(sub) == Message(b"news", b"v")
        await client.publish("weather.today", "rain")
        assert await heard(sub) == Message(b"weather.today", b"rain", b"weather.*")


async def test_what_is_published_on_a_channel_goes_by_one_node_until_that_fails(
    respool_cluster: FakeCluster, client: RedisCluster[bytes]
) -> None:
    async with client.pipeline(transaction=False) as pipe:
        for number in range(20):
            pipe.publish("news", number)
        await pipe.execute()
    (at,) = [node for node in respool_cluster.nodes if node.server.log.calls("PUBLISH")]
    await respool_cluster.kill(at)
    await client.publish("news", "v")
    assert sum(len(node.server.log.calls("PUBLISH")) for node in respool_cluster.nodes) == 21


async def test_sharded_channels_are_listened_to_where_their_slots_are(
    respool_cluster: FakeCluster, client: RedisCluster[bytes]
) -> None:
    async with client.pubsub() as sub:
        await sub.ssubscribe(*MANY)
        assert [await client.spublish(each, each) for each in MANY] == [1] * len(MANY)
        assert [await heard(sub) for _ in MANY] == [Message(each.encode(), each.encode()) for each in MANY]
        assert sub.is_connected
    for node in respool_cluster.nodes:
        mine = [each for each in MANY if respool_cluster.owner_of(each) is node]
        assert sorted(listeners(node)) == sorted(mine)


async def test_what_was_left_is_heard_no_longer_and_its_connection_given_back(
    respool_cluster: FakeCluster, client: RedisCluster[bytes]
) -> None:
    async with client.pubsub() as sub:
        await sub.ssubscribe(*MANY)
        await sub.sunsubscribe(*MANY[1:])
        assert [await client.spublish(each, "v") for each in MANY] == [1] + [0] * (len(MANY) - 1)
        assert await heard(sub) == Message(MANY[0].encode(), b"v")
        await until(lambda: subscribers(client), lambda count: count == 1)
        await sub.sunsubscribe()
        assert sub.shard_channels == ()


async def test_a_slot_that_moves_takes_its_subscribers_with_it(
    respool_cluster: FakeCluster, client: RedisCluster[bytes]
) -> None:
    async with client.pubsub() as sub:
        await sub.ssubscribe(NEWS, "other")
        source = respool_cluster.owner_of(NEWS)
        await respool_cluster.migrate_slots([SLOT], to=other_than(respool_cluster, source))
        gap = await heard(sub)
        assert isinstance(gap, Gap)
        assert await client.spublish(NEWS, "v") == 1
        assert await client.spublish("other", "w") == 1
        assert {await heard(sub), await heard(sub)} == {Message(b"news", b"v"), Message(b"other", b"w")}
        assert sub.shard_channels == (b"news", b"other")


async def test_a_failover_is_followed(respool_cluster: FakeCluster, client: RedisCluster[bytes]) -> None:
    async with client.pubsub() as sub:
        await sub.ssubscribe(NEWS)
        await sub.subscribe("all")
        await respool_cluster.failover(respool_cluster.owner_of(NEWS))
        assert isinstance(await heard(sub), Gap)
        assert await client.spublish(NEWS, "v") == 1
        assert await heard(sub) == Message(b"news", b"v")


async def test_a_dead_primary_is_left_for_its_heir(
    respool_cluster: FakeCluster, client: RedisCluster[bytes]
) -> None:
    async with client.pubsub() as sub:
        await sub.ssubscribe(*MANY)
        dead = respool_cluster.owner_of(NEWS)
        await respool_cluster.kill(dead)
        await respool_cluster.failover(dead)
        assert isinstance(await heard(sub), Gap)
        for each in MANY:
            await until(lambda each=each: client.spublish(each, "v"), lambda count: count == 1)  # type: ignore[misc]


async def test_other_nodes_are_heard_while_one_is_dead(
    respool_cluster: FakeCluster, client: RedisCluster[bytes]
) -> None:
    async with client.pubsub() as sub:
        await sub.ssubscribe(*MANY)
        await sub.subscribe("all")
        dead = respool_cluster.owner_of(NEWS)
        await respool_cluster.kill(dead)
        for each in MANY:
            if respool_cluster.owner_of(each) is not dead:
                await client.spublish(each, "v")
                while isinstance(entry := await heard(sub), Gap):
                    pass
                assert entry == Message(each.encode(), b"v")


async def test_a_dead_node_costs_channels_a_gap_and_no_more(
    respool_cluster: FakeCluster, client: RedisCluster[bytes]
) -> None:
    async with client.pubsub() as sub:
        await sub.subscribe("news")
        (at,) = [node for node in respool_cluster.nodes if node.server.log.calls("SUBSCRIBE")]
        await respool_cluster.kill(at)
        assert isinstance(await heard(sub), Gap)
        other = other_than(respool_cluster, at)
        await client.on(Node(other.host, other.port)).publish("news", "v")
        assert await heard(sub) == Message(b"news", b"v")


async def test_who_subscribes_during_a_failover_waits_for_the_heir(
    respool_cluster: FakeCluster, client: RedisCluster[bytes]
) -> None:
    await client.ping()
    dead = respool_cluster.owner_of(NEWS)
    await respool_cluster.kill(dead)
    async with client.pubsub() as sub:
        subscribing = asyncio.ensure_future(sub.ssubscribe(NEWS))
        await client.ping()
        await respool_cluster.failover(dead)
        await subscribing
        assert await client.spublish(NEWS, "v") == 1
        assert await heard(sub) == Message(b"news", b"v")


async def test_what_was_learnt_elsewhere_moves_subscribers_before_the_node_says_so(
    respool_cluster: FakeCluster, client: RedisCluster[bytes]
) -> None:
    source = respool_cluster.owner_of(NEWS)
    target = other_than(respool_cluster, source)
    async with client.pubsub() as sub:
        await sub.ssubscribe(NEWS)
        source.server.faults.on("GET").reply_error(f"MOVED {SLOT} {target.host}:{target.port}").times(1)
        target.server.faults.on("SSUBSCRIBE").reply_error(f"MOVED {SLOT} {source.host}:{source.port}").times(
            1
        )
        await client.get("{news}")
        assert isinstance(await heard(sub), Gap)
        await client.spublish(NEWS, "v")
        assert await heard(sub) == Message(b"news", b"v")


async def test_nodes_that_send_each_other_a_channel_are_not_asked_for_ever(
    respool_cluster: FakeCluster, client: RedisCluster[bytes]
) -> None:
    await client.ping()
    first = respool_cluster.owner_of(NEWS)
    second = other_than(respool_cluster, first)
    circle = [
        one.server.faults.on("SSUBSCRIBE").reply_error(f"MOVED {SLOT} {other.host}:{other.port}")
        for one, other in ((first, second), (second, first))
    ]
    async with client.pubsub() as sub:
        # Whether there is a connection at the end depends on where the circle stands.
        with pytest.raises((ConnectionError, TimeoutError), match=r"SSUBSCRIBE: .*the cluster"):
            await sub.ssubscribe(NEWS)
        assert 2 < sum(each.hits for each in circle) < 500
        respool_cluster.faults.clear()
        await sub.ssubscribe(NEWS)
        await client.spublish(NEWS, "v")
        assert await heard(sub) == Message(b"news", b"v")


async def test_an_answer_about_another_slot_ends_the_connection_and_no_more(
    respool_cluster: FakeCluster, client: RedisCluster[bytes]
) -> None:
    await client.ping()
    owner = respool_cluster.owner_of(NEWS)
    owner.server.faults.on("SSUBSCRIBE").reply_error(f"MOVED {SLOT + 1} {owner.host}:{owner.port}").times(1)
    async with client.pubsub() as sub:
        await sub.ssubscribe(NEWS)
        assert await client.spublish(NEWS, "v") == 1


async def test_forbidden_channels_cost_no_others(
    respool_cluster: FakeCluster, client: RedisCluster[bytes]
) -> None:
    await client.ping()
    owner = respool_cluster.owner_of(NEWS)
    owner.server.faults.on("SSUBSCRIBE").reply_error("NOPERM no permission").times(1)
    async with client.pubsub() as sub:
        await sub.subscribe("all")
        with pytest.raises(AuthorizationError):
            await sub.ssubscribe(NEWS)
        assert sub.shard_channels == ()
        await client.publish("all", "v")
        assert await heard(sub) == Message(b"all", b"v")


async def test_what_becomes_forbidden_ends_the_subscriber_everywhere(
    respool_cluster: FakeCluster, client: RedisCluster[bytes]
) -> None:
    async with client.pubsub() as sub:
        await sub.ssubscribe(*MANY)
        owner = respool_cluster.owner_of(MANY[0])
        owner.server.faults.on("SSUBSCRIBE").reply_error("NOPERM no permission")
        owner.server.drop_connections()
        with pytest.raises(AuthorizationError):
            await heard(sub)
        with pytest.raises(PubSubError, match="closed"):
            await sub.ssubscribe("more")


async def test_a_cluster_that_was_never_there_is_told_at_once() -> None:
    async with RedisCluster([Node("127.0.0.1", 1)]) as client, client.pubsub() as sub:
        with pytest.raises(RedisClusterError, match=r"127\.0\.0\.1:1"):
            await sub.ssubscribe(NEWS)
        with pytest.raises(RedisClusterError, match=r"127\.0\.0\.1:1"):
            await sub.subscribe("news")
        assert (sub.channels, sub.shard_channels, sub.is_connected) == ((), (), False)


@pytest.mark.respool_cluster(replicas=0)
async def test_a_slot_that_nobody_serves_is_waited_for(
    respool_cluster: FakeCluster, client: RedisCluster[bytes]
) -> None:
    owner = respool_cluster.owner_of(NEWS)
    await client.on(Node(owner.host, owner.port)).execute_command("CLUSTER", "DELSLOTS", SLOT)
    async with client.pubsub() as sub:
        subscribing = asyncio.ensure_future(sub.ssubscribe(NEWS))
        await client.ping()
        await client.on(Node(owner.host, owner.port)).execute_command("CLUSTER", "ADDSLOTS", SLOT)
        await subscribing
        assert await client.spublish(NEWS, "v") == 1


async def test_a_cancelled_subscription_is_not_carried_out_later(
    respool_cluster: FakeCluster, client: RedisCluster[bytes]
) -> None:
    async with client.pubsub() as sub:
        subscribing = asyncio.ensure_future(sub.ssubscribe(NEWS))  # nothing is known of the cluster yet
        await asyncio.sleep(0)
        subscribing.cancel()
        await asyncio.wait([subscribing])
        await client.ping()
        await sub.ssubscribe("other")
        assert await client.spublish(NEWS, "v") == 0


async def test_a_subscriber_that_was_closed_follows_nothing(
    respool_cluster: FakeCluster, client: RedisCluster[bytes]
) -> None:
    sub = client.pubsub()
    await sub.ssubscribe(NEWS)
    await sub.subscribe("all")
    await sub.aclose()
    source = respool_cluster.owner_of(NEWS)
    await respool_cluster.migrate_slots([SLOT], to=other_than(respool_cluster, source))
    assert await client.set("{news}", "v")
    assert sub.shard_channels == (b"news",)
    assert await client.spublish(NEWS, "v") == 0


async def test_closing_the_client_ends_its_subscribers(
    respool_cluster: FakeCluster, any_protocol: Literal[2, 3]
) -> None:
    async with RedisCluster.from_url(respool_cluster.url, protocol_version=any_protocol) as client:
        sub = client.pubsub()
        await sub.ssubscribe(*MANY)
        await sub.subscribe("all")
    assert await sub.get_message() is None
    await respool_cluster.assert_nothing_open()


async def test_subscribers_need_replies(respool_cluster: FakeCluster) -> None:
    async with RedisCluster.from_url(respool_cluster.url, noreply=True) as client:
        with pytest.raises(DataError, match="noreply"):
            client.pubsub()
