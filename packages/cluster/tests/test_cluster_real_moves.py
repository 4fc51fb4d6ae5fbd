"""What follows slots on a real cluster, through a move and a failover: subscriptions, and what a cache holds."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest

from packages.cluster.tests.real_cluster import fail_over, move_slot, real_binary, running_cluster
from packages.core.tests.waiting import until
from respool import Cache, Gap, Message, PubSub
from respool.errors import RedisError
from respool_cluster import Node, RedisCluster
from respool_cluster._map.slot import key_slot
from respool_testing import ServerProcess

PATIENCE_SECONDS = 15
FIRST, SECOND = "b", "a"  # channels of the first primary and of the second
SLOT = key_slot(FIRST.encode())
NUMBERS = itertools.count()


@pytest.fixture(params=[2, 3], ids=["RESP2", "RESP3"])
def client(request: pytest.FixtureRequest, nodes: list[ServerProcess]) -> RedisCluster[bytes]:
    return RedisCluster([Node(nodes[1].host, nodes[1].port)], protocol_version=request.param)


@pytest.fixture(scope="module")
def nodes() -> Iterator[list[ServerProcess]]:
    with running_cluster(real_binary()) as nodes:
        yield nodes


async def heard(sub: PubSub[bytes]) -> Message[bytes] | Gap | None:
    return await sub.get_message(PATIENCE_SECONDS)


async def published(client: RedisCluster[bytes], channel: str, message: str) -> None:
    """Publish until somebody hears it: while a slot changes hands, nobody may listen."""

    async def count() -> int:
        try:
            return await client.spublish(channel, message)
        except RedisError:
            return 0

    await until(count, lambda count: count > 0)


async def test_messages_of_every_kind_are_heard_in_order(client: RedisCluster[bytes]) -> None:
    news = f"news {next(NUMBERS)}".encode()  # nodes may still pass on what the last test said
    async with client, client.pubsub() as sub:
        await sub.subscribe(news)
        await sub.psubscribe(b"*, " + news)
        for number in range(10):
            await client.publish(news, number)
        assert [await heard(sub) for _ in range(10)] == [
            Message(news, b"%d" % number) for number in range(10)
        ]
        await client.publish(b"more, " + news, "v")
        assert await heard(sub) == Message(b"more, " + news, b"v", b"*, " + news)
        await sub.ssubscribe(FIRST, SECOND)
        for channel in (FIRST, SECOND):
            assert await client.spublish(channel, "v") >= 1
            assert await heard(sub) == Message(channel.encode(), b"v")
        await sub.sunsubscribe(FIRST)
        assert await client.spublish(FIRST, "v") == 0


async def test_a_slot_that_moves_is_followed(client: RedisCluster[bytes], nodes: list[ServerProcess]) -> None:
    async with client, client.pubsub() as sub:
        await sub.ssubscribe(FIRST, SECOND)
        for source, target in ((nodes[0], nodes[1]), (nodes[1], nodes[0])):
            move_slot(nodes, SLOT, source, target)
            assert isinstance(await heard(sub), Gap)
            assert await client.spublish(FIRST, "v") >= 1
            assert await heard(sub) == Message(b"b", b"v")
        await client.spublish(SECOND, "undisturbed")
        assert await heard(sub) == Message(b"a", b"undisturbed")


async def test_failovers_are_followed(client: RedisCluster[bytes], nodes: list[ServerProcess]) -> None:
    async with client, client.pubsub() as sub:
        await sub.ssubscribe(FIRST)
        for number, successor in enumerate((nodes[2], nodes[0])):
            fail_over(successor)
            await published(client, FIRST, str(number))
            while (entry := await heard(sub)) != Message(b"b", b"%d" % number):
                assert entry is not None  # a gap, or what was counted by nobody and heard all the same


async def test_a_cache_hears_of_changes_from_every_node_and_of_slots_that_move(
    nodes: list[ServerProcess],
) -> None:
    seeds = [Node(nodes[1].host, nodes[1].port)]
    cache = Cache()
    async with RedisCluster(seeds, cache=cache) as client, RedisCluster(seeds) as other:
        for key in (FIRST, SECOND):
            await client.set(key, "v")
            assert await client.get(key) == b"v"
            assert client.get(key).done()
            await other.set(key, "w")
            await until(lambda key=key: client.get(key), lambda value: value == b"w")  # type: ignore[misc]
        await other.delete(FIRST)
        for source, target in ((nodes[0], nodes[1]), (nodes[1], nodes[0])):
            move_slot(nodes, SLOT, source, target)
            await other.set(FIRST, target.port)
            await until(lambda: client.get(FIRST), lambda value, port=target.port: value == b"%d" % port)  # type: ignore[misc]
            await until(lambda: client.get(FIRST), lambda _: cache.stats().entries == 2)
            await other.delete(FIRST)


async def test_a_cache_forgets_what_a_failover_may_have_changed(nodes: list[ServerProcess]) -> None:
    seeds = [Node(nodes[1].host, nodes[1].port)]
    async with RedisCluster(seeds, cache=Cache()) as client, RedisCluster(seeds) as other:
        for number, successor in enumerate((nodes[2], nodes[0])):
            await client.set(FIRST, "v")
            await until(lambda: client.get(FIRST), lambda _: len(client.cache or ()) > 0)
            fail_over(successor)
            await other.set(FIRST, number)
            await until(lambda: client.get(FIRST), lambda value, number=number: value == b"%d" % number)  # type: ignore[misc]
