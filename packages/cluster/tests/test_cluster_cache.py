"""A client of a cluster with a cache: each node reports what was read there, and what moves is read anew."""

from __future__ import annotations

import asyncio
import gc
import weakref
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
import pytest_asyncio

from packages.core.tests.waiting import come_true
from respool import Cache, CacheStats
from respool.errors import DataError
from respool.lowlevel import ValueT
from respool_cluster import LowestLatency, Node, RedisCluster
from respool_cluster._client.caching import ClusterOrigin
from respool_cluster._map.slot import key_slot
from respool_testing import FakeCluster, FakeNode

KEYS = [f"key {number}" for number in range(30)]


@pytest_asyncio.fixture
async def client(respool_cluster: FakeCluster) -> AsyncIterator[RedisCluster[bytes]]:
    async with RedisCluster.from_url(respool_cluster.url, cache=Cache()) as client:
        yield client


@pytest_asyncio.fixture
async def other(respool_cluster: FakeCluster) -> AsyncIterator[RedisCluster[bytes]]:
    async with RedisCluster.from_url(respool_cluster.url) as other:
        yield other


def stats(client: RedisCluster[bytes]) -> CacheStats:
    assert client.cache is not None
    return client.cache.stats()


async def heard(client: RedisCluster[bytes]) -> None:
    """Wait until everything has been reported that was written by now: reports come before the reply."""
    await client.execute_command("PING", nodes="primaries")


async def filled(client: RedisCluster[bytes]) -> None:
    """Read keys of all nodes until they are kept."""
    await client.mset(dict.fromkeys(KEYS, "v"))
    await asyncio.gather(*map(client.get, KEYS))
    assert len(client.cache or ()) == len(KEYS)


def other_than(cluster: FakeCluster, node: FakeNode) -> FakeNode:
    return next(each for each in cluster.primaries if each is not node)


async def test_what_was_read_is_answered_at_once_whichever_node_gave_it(client: RedisCluster[bytes]) -> None:
    await filled(client)
    again = [client.get(key) for key in KEYS]
    assert all(each.done() for each in again)
    assert await asyncio.gather(*again) == [b"v"] * len(KEYS)
    assert stats(client).hits == len(KEYS)


async def test_what_others_write_is_read(client: RedisCluster[bytes], other: RedisCluster[bytes]) -> None:
    await filled(client)
    await other.mset({KEYS[0]: "new", KEYS[1]: "newer"})
    await heard(client)
    assert (await client.get(KEYS[0]), await client.get(KEYS[1])) == (b"new", b"newer")
    assert stats(client).invalidations == 2


WRITES: list[Callable[[RedisCluster[bytes]], Awaitable[object]]] = [
    lambda client: client.set(KEYS[0], "w"),
    lambda client: client.mset(dict.fromkeys(KEYS, "w")),
    lambda client: client.delete(*KEYS),
    lambda client: client.flushall(),
    lambda client: in_pipeline(client, transaction=False),
    lambda client: in_pipeline(client, transaction=True),
]


async def in_pipeline(client: RedisCluster[bytes], transaction: bool) -> None:
    async with client.pipeline(transaction) as pipe:
        pipe.set(KEYS[0], "w")
        await pipe.execute()


@pytest.mark.parametrize("write", WRITES)
async def test_own_writes_are_read_whichever_way_they_went(
    client: RedisCluster[bytes],
    other: RedisCluster[bytes],
    write: Callable[[RedisCluster[bytes]], Awaitable[object]],
) -> None:
    await filled(client)
    await write(client)
    assert await client.get(KEYS[0]) == await other.get(KEYS[0]) != b"v"


async def test_nothing_is_kept_of_what_may_not_be_there(
    client: RedisCluster[bytes], respool_cluster: FakeCluster
) -> None:
    """A node that lacks a key does not report that another makes it, once the slot is on its way."""
    await client.ping()
    assert await client.get("k") is None
    source = respool_cluster.owner_of("k")
    respool_cluster.begin_migration(key_slot(b"k"), other_than(respool_cluster, source))
    async with RedisCluster.from_url(respool_cluster.url) as other:
        await other.set("k", "made elsewhere")
    assert await client.get("k") == b"made elsewhere"


async def test_what_moves_with_its_slot_is_read_where_it_went(
    client: RedisCluster[bytes], other: RedisCluster[bytes], respool_cluster: FakeCluster
) -> None:
    await filled(client)
    key = KEYS[0]
    source = respool_cluster.owner_of(key)
    target = other_than(respool_cluster, source)
    await respool_cluster.migrate_slots([key_slot(key.encode())], to=target)
    await other.set(key, "new")
    await heard(client)
    # The first is sent on, and the way to where it went is not yet watched.
    assert [await client.get(key) for _ in range(3)] == [b"new"] * 3
    assert stats(client).hits == 1
    assert stats(client).entries == len(KEYS)  # what was in other slots is still known


async def test_what_was_asked_for_elsewhere_is_not_kept(
    client: RedisCluster[bytes], respool_cluster: FakeCluster
) -> None:
    await filled(client)
    slot = key_slot(KEYS[0].encode())
    respool_cluster.begin_migration(slot, other_than(respool_cluster, respool_cluster.owner_of(KEYS[0])))
    respool_cluster.move_keys(slot)
    await heard(client)
    assert [await client.get(KEYS[0]) for _ in range(3)] == [b"v"] * 3
    assert stats(client).hits == 0


async def test_a_failover_takes_what_was_read_in_its_shard(
    client: RedisCluster[bytes], other: RedisCluster[bytes], respool_cluster: FakeCluster
) -> None:
    await filled(client)
    old = respool_cluster.owner_of(KEYS[0])
    mine = [key for key in KEYS if respool_cluster.owner_of(key) is old]
    await respool_cluster.failover(old)
    assert await client.set(mine[1], "w")  # whoever is sent on learns of it
    await come_true(lambda: stats(client).entries == len(KEYS) - len(mine))
    await other.set(KEYS[0], "new")
    assert await client.get(KEYS[0]) == b"new"


async def test_a_lost_node_takes_what_was_read_there_and_no_more(
    client: RedisCluster[bytes], respool_cluster: FakeCluster
) -> None:
    await filled(client)
    node = respool_cluster.owner_of(KEYS[0])
    mine = [key for key in KEYS if respool_cluster.owner_of(key) is node]
    node.server.drop_connections()
    await come_true(lambda: stats(client).entries == len(KEYS) - len(mine))
    assert await client.get(KEYS[0]) == b"v"


async def test_nodes_that_left_are_not_kept(
    client: RedisCluster[bytes], respool_cluster: FakeCluster
) -> None:
    await filled(client)
    home, key = respool_cluster.owner_of(KEYS[0]), KEYS[0]
    guest = await respool_cluster.add_node()
    for target in (guest, home):
        await respool_cluster.migrate_slots([key_slot(key.encode())], to=target)
        assert [await client.get(key) for _ in range(3)] == [b"v"] * 3
    pool = weakref.ref(client._router.fleet.pool_of(Node(guest.host, guest.port)))
    await respool_cluster.remove_node(guest)
    await client._router.scout.wait()
    for node in respool_cluster.primaries:
        node.server.drop_connections()
    await come_true(lambda: stats(client).entries == 0)
    await asyncio.gather(*map(client.get, KEYS))
    await come_true(lambda: not (gc.collect() and pool()))


async def test_several_keys_of_one_slot_are_kept_if_all_are_there(client: RedisCluster[bytes]) -> None:
    await client.mset({"{t}a": 1, "{t}b": 2})
    for _ in range(2):
        assert await client.mget(["{t}a", "{t}b"]) == [b"1", b"2"]
        assert await client.mget(["{t}a", "{t}none"]) == [b"1", None]
        assert await client.exists("{t}a", "{t}b") == 2
    assert (stats(client).hits, stats(client).entries) == (1, 1)


async def test_keys_of_several_slots_are_read_past_the_cache(client: RedisCluster[bytes]) -> None:
    await client.mset(dict.fromkeys(KEYS, "v"))
    for _ in range(2):
        assert await client.mget(KEYS) == [b"v"] * len(KEYS)
    assert stats(client).entries == 0


async def test_replicas_report_what_was_read_there(
    respool_cluster: FakeCluster, other: RedisCluster[bytes]
) -> None:
    url = respool_cluster.url
    async with RedisCluster.from_url(url, cache=Cache(), read_from_replicas=LowestLatency()) as client:
        await other.mset(dict.fromkeys(KEYS, "v"))
        await client.ping()
        await asyncio.gather(*map(client.get, KEYS))
        await client.execute_command("PING", nodes="replicas")
        assert all(client.get(key).done() for key in KEYS)
        await other.set(KEYS[0], "w")
        await client.execute_command("PING", nodes="replicas")
        assert await client.get(KEYS[0]) == b"w"


async def test_text_and_limits_are_as_ever(respool_cluster: FakeCluster) -> None:
    cache = Cache(max_entries=10)
    async with RedisCluster.from_url(respool_cluster.url, cache=cache, decode_responses=True) as client:
        await client.mset(dict.fromkeys(KEYS, "ü"))
        assert await asyncio.gather(*map(client.get, KEYS)) == ["ü"] * len(KEYS)
        assert (len(cache), cache.stats().evictions) == (10, len(KEYS) - 10)
        assert await client.get(KEYS[0]) == await client.get(KEYS[0]) == "ü"
        assert cache.stats().hits == 1
    assert len(cache) == 0


@pytest.mark.parametrize("option", [{"protocol_version": 2}, {"noreply": True}])
def test_nodes_that_cannot_report_changes_are_refused(option: dict[str, object]) -> None:
    with pytest.raises(DataError, match="a cache needs"):
        RedisCluster([Node("localhost", 7000)], cache=Cache(), **option)  # type: ignore[call-overload]


def test_one_cache_for_two_clients_is_refused() -> None:
    cache = Cache()
    RedisCluster([Node("localhost", 7000)], cache=cache)
    with pytest.raises(DataError, match="make another one for"):
        RedisCluster([Node("localhost", 7000)], cache=cache)


@pytest.mark.parametrize(
    ("args", "reply", "lasts"),
    [
        ((b"GET", "k"), b"v", True),
        ((b"GET", "k"), b"0", True),
        ((b"GET", "k"), None, False),
        ((b"GETRANGE", "k", 0, 1), b"", False),
        ((b"TYPE", "k"), b"none", False),
        ((b"STRLEN", "k"), 0, False),
        ((b"HGETALL", "k"), {b"f": b"v"}, True),
        ((b"HGETALL", "k"), {}, False),
        ((b"SMISMEMBER", "k", "m", "n"), [0, 1], True),
        ((b"SMISMEMBER", "k", "m"), [0], False),
        ((b"GEOPOS", "k", "m"), [None], False),
        ((b"SUNION", "{t}k", "{t}l"), [b"m"], False),
        (("mget", "{t}k", "{t}l"), [b"v", b"w"], True),
        (("mget", "{t}k", "{t}l"), [b"v", None], False),
    ],
)
def test_a_reply_lasts_if_its_keys_were_there(args: tuple[ValueT, ...], reply: object, lasts: bool) -> None:
    client = RedisCluster([Node("localhost", 7000)])
    assert ClusterOrigin(client, client._router).lasts(args, reply) is lasts
