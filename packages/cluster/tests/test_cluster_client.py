"""The cluster client against a fake cluster: routing, redirections, failover, refusals."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from itertools import chain

import pytest
import pytest_asyncio

from respool.errors import (
    AuthenticationError,
    ConnectionError,
    DataError,
    RedisClusterError,
    ResponseError,
    TimeoutError,
)
from respool_cluster import Node, RedisCluster
from respool_cluster._map.slot import key_slot
from respool_testing import FakeCluster, FakeServer


def node_of(cluster: FakeCluster) -> Node:
    return Node(cluster.nodes[0].host, cluster.nodes[0].port)


@pytest_asyncio.fixture
async def client(respool_cluster: FakeCluster) -> AsyncIterator[RedisCluster[bytes]]:
    async with RedisCluster([node_of(respool_cluster)]) as client:
        yield client


async def test_commands_reach_all_primaries_and_no_one_is_redirected(
    respool_cluster: FakeCluster, client: RedisCluster[bytes]
) -> None:
    keys = [f"k{number}" for number in range(60)]
    assert all(await asyncio.gather(*(client.set(key, key) for key in keys)))
    assert await asyncio.gather(*(client.get(key) for key in keys)) == [key.encode() for key in keys]
    for primary in respool_cluster.primaries:
        mine = {key.encode() for key in keys if respool_cluster.owner_of(key) is primary}
        assert set(primary.server.db[0]) == mine != set()


async def test_text_is_decoded_where_asked(respool_cluster: FakeCluster) -> None:
    async with RedisCluster([node_of(respool_cluster)], decode_responses=True) as client:
        assert await client.set("k", "ü")
        assert await client.get("k") == "ü"


async def test_a_url_names_the_cluster_by_one_node(respool_cluster: FakeCluster) -> None:
    async with RedisCluster.from_url(respool_cluster.url, decode_responses=True) as client:
        assert await client.incr("n") == 1


async def test_a_command_without_keys_goes_to_some_node(client: RedisCluster[bytes]) -> None:
    assert await client.ping() == b"PONG"


async def test_moved_is_followed_and_remembered(
    respool_cluster: FakeCluster, client: RedisCluster[bytes]
) -> None:
    await client.set("k", 1)
    target = next(node for node in respool_cluster.primaries if node is not respool_cluster.owner_of("k"))
    await respool_cluster.migrate_slots([key_slot(b"k")], to=target)
    assert await client.incr("k") == 2
    assert client._router.nodes.topology is not None
    shard = client._router.nodes.topology.slots[key_slot(b"k")]
    assert shard is not None
    assert shard.primary == Node(target.host, target.port)


async def test_a_key_that_left_already_is_asked_for_where_it_went(
    respool_cluster: FakeCluster, client: RedisCluster[bytes]
) -> None:
    await client.set("k", 1)
    target = next(node for node in respool_cluster.primaries if node is not respool_cluster.owner_of("k"))
    respool_cluster.begin_migration(key_slot(b"k"), target)
    respool_cluster.move_keys(key_slot(b"k"))
    replies = [client.incr("k"), client.incr("k")]
    assert [await reply for reply in replies] == [2, 3]
    assert respool_cluster.owner_of("k") is not target


async def test_a_cancelled_request_behind_asking_shifts_nobody(
    respool_cluster: FakeCluster, client: RedisCluster[bytes]
) -> None:
    await client.set("k", 1)
    target = next(node for node in respool_cluster.primaries if node is not respool_cluster.owner_of("k"))
    respool_cluster.begin_migration(key_slot(b"k"), target)
    respool_cluster.move_keys(key_slot(b"k"))
    cancelled, kept = client.get("k"), client.get("k")
    cancelled.cancel()
    assert await kept == b"1"


async def test_keys_split_by_a_migration_are_waited_for(
    respool_cluster: FakeCluster, client: RedisCluster[bytes]
) -> None:
    await asyncio.gather(client.set("{t}a", 1), client.set("{t}b", 1))
    slot = key_slot(b"t")
    target = next(node for node in respool_cluster.primaries if node is not respool_cluster.owner_of("{t}"))
    respool_cluster.begin_migration(slot, target)
    respool_cluster.move_keys(slot, 1)
    reply = client.delete("{t}a", "{t}b")
    await client.ping()
    await respool_cluster.migrate_slots([slot], to=target)
    assert await reply == 2


async def test_a_planned_failover_fails_nothing(
    respool_cluster: FakeCluster, client: RedisCluster[bytes]
) -> None:
    replies = [client.incr("n") for _ in range(100)]
    await client.ping()
    await respool_cluster.failover(respool_cluster.owner_of("n"))
    replies += [client.incr("n") for _ in range(100)]
    assert sorted(await asyncio.gather(*replies)) == list(range(1, 201))


async def test_failover_under_load_loses_nothing_acknowledged(
    respool_cluster: FakeCluster, client: RedisCluster[bytes]
) -> None:
    victim = respool_cluster.owner_of("n")
    stop = asyncio.Event()

    async def count() -> list[bool]:
        """Count until told to stop; tell of each call whether it was acknowledged."""
        outcomes: list[bool] = []
        while not stop.is_set():
            reply = client.incr("n")
            await asyncio.wait([reply])
            error = reply.exception()
            outcomes.append(error is None)
            assert error is None or (isinstance(error, ConnectionError) and error.maybe_executed)
        return outcomes

    counters = [asyncio.ensure_future(count()) for _ in range(8)]
    for _ in range(20):
        await client.incr("other")
    await respool_cluster.kill(victim)
    await respool_cluster.failover(victim)
    await client.incr("n")
    stop.set()
    outcomes = [True, *chain.from_iterable(await asyncio.gather(*counters))]
    total = int(await client.get("n") or 0)
    assert outcomes.count(True) <= total <= len(outcomes)


async def test_a_dead_node_costs_only_its_own_slots(
    respool_cluster: FakeCluster, client: RedisCluster[bytes]
) -> None:
    await client.ping()
    victim = respool_cluster.owner_of("n")
    await respool_cluster.kill(victim)
    waiting = client.incr("n")
    others = [key for key in map(str, range(50)) if respool_cluster.owner_of(key) is not victim]
    assert all(await asyncio.gather(*(client.set(key, 1) for key in others)))
    assert not waiting.done()
    await respool_cluster.failover(victim)
    assert await waiting == 1


async def test_a_cluster_that_is_down_for_a_while_is_waited_for(
    respool_cluster: FakeCluster, client: RedisCluster[bytes]
) -> None:
    await client.ping()
    victim = respool_cluster.owner_of("n")
    await respool_cluster.kill(victim)
    respool_cluster.mark_failed(victim)
    replies = [client.incr(key) for key in ("n", "other", "third")]
    await asyncio.wait(replies, timeout=0)
    await respool_cluster.failover(victim)
    assert [await reply for reply in replies] == [1, 1, 1]


async def test_a_shard_that_stays_dead_ends_in_its_own_error_in_time(respool_cluster: FakeCluster) -> None:
    async with RedisCluster([node_of(respool_cluster)], stream_timeout=0.2) as client:
        victim = respool_cluster.owner_of("n")
        await client.ping()
        await respool_cluster.kill(victim)
        with pytest.raises((ConnectionError, TimeoutError), match=str(victim.port)) as caught:
            await asyncio.wait_for(client.incr("n"), timeout=2)
        assert not caught.value.maybe_executed


async def test_many_commands_at_once_ask_for_the_slots_once(
    respool_cluster: FakeCluster, client: RedisCluster[bytes]
) -> None:
    await asyncio.gather(*(client.incr(f"k{number}") for number in range(100)))
    asked = [
        each
        for node in respool_cluster.nodes
        for each in node.server.log
        if each.words[:2] == (b"CLUSTER", b"SLOTS")
    ]
    assert len(asked) == 1


async def test_a_read_whose_reply_was_lost_is_repeated(
    respool_cluster: FakeCluster, client: RedisCluster[bytes]
) -> None:
    await client.set("k", "v")
    faults = respool_cluster.owner_of("k").server.faults
    faults.on("GET").drop_connection(when="after_execute").times(1)
    assert await client.get("k") == b"v"


async def test_a_write_whose_reply_was_lost_is_not_repeated(
    respool_cluster: FakeCluster, client: RedisCluster[bytes]
) -> None:
    await client.ping()
    faults = respool_cluster.owner_of("n").server.faults
    faults.on("INCRBY").drop_connection(when="after_execute").times(1)
    with pytest.raises(ConnectionError) as caught:
        await client.incr("n")
    assert caught.value.maybe_executed
    assert await client.get("n") == b"1"


async def test_a_cluster_nobody_reaches_ends_in_one_clear_error(unused_tcp_port: int) -> None:
    async with RedisCluster([Node("127.0.0.1", unused_tcp_port)]) as client:
        with pytest.raises(RedisClusterError, match=f"no node .*127.0.0.1:{unused_tcp_port}: "):
            await client.get("k")


async def test_a_server_that_is_no_cluster_is_told_apart(respool_server: FakeServer) -> None:
    async with RedisCluster([Node(respool_server.host, respool_server.port)]) as client:
        with pytest.raises(RedisClusterError, match="cluster support disabled"):
            await client.get("k")


async def test_a_refused_password_is_that_error() -> None:
    async with (
        FakeCluster(primaries=1, replicas=0, password="right") as cluster,
        RedisCluster([node_of(cluster)], password="wrong") as client,
    ):
        with pytest.raises(AuthenticationError):
            await client.get("k")


async def test_keys_in_several_slots_are_refused_by_name(
    respool_cluster: FakeCluster, client: RedisCluster[bytes]
) -> None:
    with pytest.raises(RedisClusterError, match=r"'a' in slot 15495, 'b' in slot 3300"):
        await client.execute_command("MSETNX", "a", 1, "b", 2)
    assert await client.execute_command("MSETNX", "{t}a", 1, "{t}b", 2) == 1


@pytest.mark.parametrize("words", [("SCAN", 0), ("INFO",)])
async def test_what_nobody_can_put_together_is_refused(
    client: RedisCluster[bytes], words: tuple[str | int, ...]
) -> None:
    with pytest.raises(RedisClusterError, match="more than one node"):
        await client.execute_command(*words)


@pytest.mark.parametrize("words", [(), ("MULTI",), ("SUBSCRIBE", "c")])
async def test_what_needs_a_connection_alone_is_refused(
    client: RedisCluster[bytes], words: tuple[str | int, ...]
) -> None:
    with pytest.raises(DataError):
        await client.execute_command(*words)


async def test_what_cannot_be_sent_fails_through_the_future(client: RedisCluster[bytes]) -> None:
    reply = client.set("k", None)  # type: ignore[call-overload]
    with pytest.raises(DataError):
        await reply


async def test_a_server_error_is_the_callers(client: RedisCluster[bytes]) -> None:
    await client.set("k", "text")
    with pytest.raises(ResponseError):
        await client.incr("k")


async def test_a_closed_client_says_so(respool_cluster: FakeCluster) -> None:
    client = RedisCluster([node_of(respool_cluster)])
    parked = client.get("k")
    await client.aclose()
    for reply in (parked, client.get("k")):
        with pytest.raises(ConnectionError, match="closed"):
            await reply


def test_a_cluster_without_startup_nodes_is_refused() -> None:
    with pytest.raises(DataError, match="startup node"):
        RedisCluster([])


def test_a_url_of_a_unix_socket_is_refused() -> None:
    with pytest.raises(DataError, match="host and a port"):
        RedisCluster.from_url("unix:///tmp/redis.sock")
