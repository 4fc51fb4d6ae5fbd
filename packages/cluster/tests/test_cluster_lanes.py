"""The short way of commands that have one key: where it agrees with the long one, and when it is closed."""

from __future__ import annotations

import asyncio

import pytest

from respool.lowlevel import ValueT
from respool_cluster import Node, RedisCluster
from respool_cluster._map.slot import SLOTS, key_slot, slot_of, slot_of_sole_key
from respool_testing import FakeCluster, FakeNode


@pytest.mark.parametrize(
    "args",
    [
        (b"GET", "k"),
        ("set", b"{t}k", "v"),
        (b"HSET", "ü{ö}", "f", "v"),
        (b"INCRBY", "foo{}{bar}", 1),
        (b"ZADD", "{", 1, "m"),
        (b"GETRANGE", b"a}b{c", 0, 1),
    ],
)
def test_the_short_way_leads_where_the_long_one_leads(args: tuple[ValueT, ...]) -> None:
    assert slot_of_sole_key(args, "utf-8") == slot_of(args)


@pytest.mark.parametrize(
    "args",
    [
        (),
        (b"GET",),
        (b"PING",),
        (b"DEL", "k"),
        (b"SORT", "k", "STORE", "d"),
        (b"GEORADIUS", "k", 0, 0, 1, "m", "STORE", "d"),
        (b"EVAL", "return 1", 1, "k"),
        (b"OBJECT", "ENCODING", "k"),
        ("OBJECT ENCODING", "k"),
        (b"XREAD", "STREAMS", "k", 0),
        (b"NO.SUCH", "k"),
        (bytearray(b"GET"), "k"),
        (b"GET", 7),
        (b"GET", "\ud800"),
        (7, "k"),
    ],
)
def test_the_short_way_takes_nothing_else(args: tuple[ValueT, ...]) -> None:
    with pytest.raises((LookupError, TypeError, ValueError)):
        slot_of_sole_key(args, "utf-8")


def test_names_from_anywhere_are_not_remembered_for_ever() -> None:
    for number in range(3000):
        with pytest.raises(LookupError):
            slot_of_sole_key((f"NO.SUCH{number}", "k"), "utf-8")
    assert 0 <= slot_of_sole_key((b"GET", "k"), "utf-8") < SLOTS


def node_of(cluster: FakeCluster) -> Node:
    return Node(cluster.nodes[0].host, cluster.nodes[0].port)


def asked(node: FakeNode, name: str) -> int:
    return sum(each.name == name for each in node.server.log)


async def test_a_slot_is_remembered_from_its_first_command_on(respool_cluster: FakeCluster) -> None:
    async with RedisCluster([node_of(respool_cluster)]) as client:
        lanes = client._router.lanes
        await client.set("k", 1)
        lane = lanes.find((b"GET", "k"))
        assert lane is not None
        assert lane.node.port == respool_cluster.owner_of("k").port
        assert lanes.find((b"GET", "{k}other")) is lane


async def test_a_slot_that_moved_is_learnt_anew(respool_cluster: FakeCluster) -> None:
    async with RedisCluster([node_of(respool_cluster)]) as client:
        await client.set("k", 1)
        source = respool_cluster.owner_of("k")
        target = next(node for node in respool_cluster.primaries if node is not source)
        await respool_cluster.migrate_slots([key_slot(b"k")], to=target)
        await client.incr("k")
        before = asked(source, "INCRBY")
        assert await client.incr("k") == 3
        assert asked(source, "INCRBY") == before


async def test_a_closed_client_has_no_short_way(respool_cluster: FakeCluster) -> None:
    client = RedisCluster([node_of(respool_cluster)])
    await client.set("k", 1)
    await client.aclose()
    assert client._router.lanes.find((b"GET", "k")) is None


def test_a_client_outlives_the_loop_it_was_used_in(unused_tcp_port: int) -> None:
    async def use(client: RedisCluster[bytes], port: int) -> int:
        async with FakeCluster(primaries=1, replicas=0, port=port):
            return await client.incr("k")

    client = RedisCluster([Node("127.0.0.1", unused_tcp_port)])
    assert [asyncio.run(use(client, unused_tcp_port)) for _ in range(2)] == [1, 1]
