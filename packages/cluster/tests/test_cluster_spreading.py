"""Commands that concern several nodes: taken apart, sent to each, put together again."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from respool.errors import ConnectionError, DataError, RedisClusterError, ResponseError
from respool.lowlevel import ValueT
from respool_cluster import Node, RedisCluster
from respool_cluster._routing.merging import BY_POLICY
from respool_cluster._routing.splitting import fan_out, split
from respool_testing import FakeCluster

PAIRS = {f"k{number}": f"v{number}" for number in range(20)}


@pytest_asyncio.fixture
async def client(respool_cluster: FakeCluster) -> AsyncIterator[RedisCluster[bytes]]:
    seed = respool_cluster.nodes[0]
    async with RedisCluster([Node(seed.host, seed.port)]) as client:
        yield client


@pytest_asyncio.fixture
async def filled(client: RedisCluster[bytes]) -> RedisCluster[bytes]:
    assert await client.mset(PAIRS) is True
    return client


def node_of(cluster: FakeCluster, place: int) -> Node:
    return Node(cluster.nodes[place].host, cluster.nodes[place].port)


def parity(key: ValueT) -> int:
    """Stand for a slot."""
    return int(str(key)) % 2


@pytest.mark.parametrize(
    ("words", "parts"),
    [
        (("MGET", 1, 2, 3), [("MGET", 1, 3), ("MGET", 2)]),
        (("mset", 1, "a", 2, "b", 3, "c"), [("mset", 1, "a", 3, "c"), ("mset", 2, "b")]),
        ((b"DEL", 1, 2), [(b"DEL", 1), (b"DEL", 2)]),
        (("DEL", 1, 3), None),
        (("DEL",), None),
        (("MSET", 1, "a", 2), None),
        (("MSETNX", 1, "a", 2, "b"), None),
        (("SINTER", 1, 2), None),
    ],
)
def test_what_can_be_taken_apart_is(
    words: tuple[ValueT, ...], parts: list[tuple[ValueT, ...]] | None
) -> None:
    found = split(words, parity)
    assert (None if found is None else [part.args for part in found]) == parts


@pytest.mark.parametrize(
    ("words", "to_replicas"),
    [
        (("DBSIZE",), False),
        (("RANDOMKEY",), False),
        (("PUBSUB", "NUMPAT"), True),
        (("PUBSUB HELP",), None),
        (("SCRIPT", "LOAD", "return 1"), True),
        (("PING",), None),
        (("SCAN", 0), None),
        (("NOSUCH",), None),
    ],
)
def test_the_table_says_who_is_asked(words: tuple[ValueT, ...], to_replicas: bool | None) -> None:
    plan = fan_out(words)
    assert (None if plan is None else plan.to_replicas) is to_replicas


async def test_values_come_back_in_the_order_of_their_keys(filled: RedisCluster[bytes]) -> None:
    values = [value.encode() for value in PAIRS.values()]
    assert await filled.mget([*PAIRS]) == values
    assert await filled.mget(["k3", "nosuch", "k1", "k3"]) == [b"v3", None, b"v1", b"v3"]


async def test_parts_are_decoded_once(respool_cluster: FakeCluster) -> None:
    seed = respool_cluster.nodes[0]
    async with RedisCluster([Node(seed.host, seed.port)], decode_responses=True) as client:
        await client.mset({"a": "ü", "b": "ö"})
        assert await client.mget(["a", "b"]) == ["ü", "ö"]


async def test_counts_are_added_up(filled: RedisCluster[bytes]) -> None:
    assert await filled.exists(*PAIRS, "nosuch") == len(PAIRS)
    assert await filled.touch(*PAIRS) == len(PAIRS)
    assert await filled.dbsize() == len(PAIRS)
    assert await filled.delete("k0", "k1", "k2", "nosuch") == 3
    assert await filled.unlink("k3", "k4") == 2
    assert await filled.dbsize() == len(PAIRS) - 5


async def test_keys_of_all_shards_come_in_one_list(filled: RedisCluster[bytes]) -> None:
    assert sorted(await filled.keys("k*")) == sorted(key.encode() for key in PAIRS)


async def test_every_shard_is_emptied(filled: RedisCluster[bytes], respool_cluster: FakeCluster) -> None:
    assert await filled.flushall() is True
    assert [len(node.server.db[0]) for node in respool_cluster.primaries] == [0, 0, 0]


@pytest.mark.parametrize(
    ("policy", "replies", "merged"),
    [
        ("agg_min", [3, 1, 2], 1),
        ("agg_max", [3, 1, 2], 3),
        ("agg_logical_and", [[1, 1], [0, 1]], [0, 1]),
        ("agg_logical_or", [[1, 0], [0, 0]], [1, 0]),
        ("agg_logical_or", [0, 1], 1),
        ("all_succeeded", [b"OK", b"OK"], b"OK"),
    ],
)
def test_replies_are_merged_as_servers_advise(policy: str, replies: list[object], merged: object) -> None:
    assert BY_POLICY[policy](replies) == merged


async def test_any_key_of_any_shard_comes_by_chance(client: RedisCluster[bytes]) -> None:
    assert await client.randomkey() is None
    await client.set("k", 1)
    assert [await client.randomkey() for _ in range(5)] == [b"k"] * 5


async def test_subscribers_are_counted_wherever_they_are(
    respool_cluster: FakeCluster, client: RedisCluster[bytes]
) -> None:
    first, last = (client.on(node_of(respool_cluster, at)) for at in (0, -1))
    async with first.pubsub() as one, last.pubsub() as two:
        for each in (one, two):
            await each.subscribe("all")
            await each.psubscribe("p*")
        assert await client.pubsub_channels() == [b"all"]
        assert await client.pubsub_numsub("all", "nobody") == {b"all": 2, b"nobody": 0}
        assert await client.pubsub_numpat() == 2


async def test_waiting_for_replicas_has_no_meaning_for_a_whole_cluster(client: RedisCluster[bytes]) -> None:
    with pytest.raises(DataError, match="WAIT tells only of the writes of its own connection"):
        await client.execute_command("WAIT", 1, 0)


async def test_a_refusal_of_one_part_fails_the_whole(
    respool_cluster: FakeCluster, client: RedisCluster[bytes]
) -> None:
    respool_cluster.owner_of("a").server.faults.on("DEL").reply_error("ERR not today").times(1)
    with pytest.raises(ResponseError, match="not today") as caught:
        await client.delete("a", "b", "k")
    assert caught.value.maybe_executed


async def test_a_part_follows_its_slot(respool_cluster: FakeCluster, filled: RedisCluster[bytes]) -> None:
    victim = respool_cluster.owner_of("k0")
    await respool_cluster.failover(victim)
    assert await filled.mget([*PAIRS]) == [value.encode() for value in PAIRS.values()]


async def test_a_dead_shard_fails_what_needs_them_all(respool_cluster: FakeCluster) -> None:
    seed, victim = respool_cluster.nodes[0], respool_cluster.nodes[1]
    async with RedisCluster([Node(seed.host, seed.port)], stream_timeout=0.2) as client:
        await client.ping()
        await respool_cluster.kill(victim)
        with pytest.raises(ConnectionError, match=str(victim.port)):
            await client.dbsize()


async def test_cancelling_the_whole_gives_its_parts_up(client: RedisCluster[bytes]) -> None:
    await client.ping()
    reply = client.mget(["a", "b", "k"])
    reply.cancel()
    assert await client.get("a") is None


async def test_without_a_cluster_nothing_is_sent(unused_tcp_port: int) -> None:
    async with RedisCluster([Node("127.0.0.1", unused_tcp_port)]) as client:
        for reply in (client.dbsize(), client.mget(["a", "b"])):
            with pytest.raises(RedisClusterError, match="no node"):
                await reply
