"""Watched keys, transactions upon them, and locks: in one slot, wherever that goes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
import pytest_asyncio

from respool import Pipeline, Watched
from respool.errors import (
    ConnectionError,
    DataError,
    LockError,
    RedisClusterError,
    ResponseError,
    WatchError,
)
from respool_cluster import Node, RedisCluster
from respool_cluster._map.slot import key_slot
from respool_testing import FakeCluster, FakeNode
from respool_testing.replies import Error

SLOT = key_slot(b"t")


@pytest_asyncio.fixture
async def client(respool_cluster: FakeCluster) -> AsyncIterator[RedisCluster[str]]:
    node = respool_cluster.nodes[0]
    async with RedisCluster([Node(node.host, node.port)], decode_responses=True) as client:
        await client.set("{t}a", 1)
        yield client


def another(cluster: FakeCluster) -> FakeNode:
    """Return a primary that does not have the slot."""
    return next(node for node in cluster.primaries if node is not cluster.owner_of("{t}"))


Meanwhile = Callable[[], Awaitable[object]]


async def nothing() -> None:
    """Happen."""


async def add_one(client: RedisCluster[str], meanwhile: Meanwhile = nothing) -> list[object]:
    """Add one to a number in a transaction; between reading and writing something happens, once."""
    happens = [meanwhile]

    async def fill(watched: Watched[str], pipe: Pipeline[str]) -> None:
        value = int(await watched.get("{t}a") or 0)
        while happens:
            await happens.pop()()
        pipe.set("{t}a", value + 1)
        pipe.get("{t}a")

    return await client.transaction(fill, "{t}a")


async def test_what_was_watched_is_changed_as_one(client: RedisCluster[str]) -> None:
    async with client.watch("{t}a") as watched:
        assert await watched.get("{t}a") == "1"
        pipe = watched.pipeline()
        pipe.incr("{t}a")
        pipe.set("{t}b", "v")
        assert await pipe.execute() == [2, True]


async def test_a_changed_key_stops_the_transaction(client: RedisCluster[str]) -> None:
    async with client.watch("{t}a") as watched:
        await client.set("{t}a", 5)
        pipe = watched.pipeline()
        pipe.incr("{t}a")
        with pytest.raises(WatchError, match="changed"):
            await pipe.execute()
    assert await client.get("{t}a") == "5"


async def test_a_transaction_begins_anew_after_a_change(client: RedisCluster[str]) -> None:
    assert await add_one(client, lambda: client.set("{t}a", 5)) == [True, "6"]


async def test_a_transaction_gives_up_after_its_attempts(client: RedisCluster[str]) -> None:
    async def fill(watched: Watched[str], pipe: Pipeline[str]) -> None:
        await client.incr("{t}a")
        pipe.set("{t}a", 0)

    with pytest.raises(WatchError):
        await client.transaction(fill, "{t}a", attempts=3)
    assert await client.get("{t}a") == "4"


async def test_watching_follows_a_slot_that_moved_before(
    respool_cluster: FakeCluster, client: RedisCluster[str]
) -> None:
    await respool_cluster.migrate_slots([SLOT], to=another(respool_cluster))
    async with client.watch("{t}a") as watched:
        assert await watched.get("{t}a") == "1"


async def test_a_read_behind_a_slot_that_moved_is_a_watch_error(
    respool_cluster: FakeCluster, client: RedisCluster[str]
) -> None:
    async with client.watch("{t}a") as watched:
        await respool_cluster.migrate_slots([SLOT], to=another(respool_cluster))
        with pytest.raises(WatchError, match=f"slot {SLOT} went") as caught:
            await watched.get("{t}a")
        assert not caught.value.maybe_executed


@pytest.mark.parametrize("raise_on_error", [True, False])
async def test_a_slot_that_moves_stops_the_transaction(
    respool_cluster: FakeCluster, client: RedisCluster[str], raise_on_error: bool
) -> None:
    async with client.watch("{t}a") as watched:
        await respool_cluster.migrate_slots([SLOT], to=another(respool_cluster))
        pipe = watched.pipeline()
        pipe.incr("{t}a")
        if raise_on_error:
            with pytest.raises(WatchError, match=f"slot {SLOT} went"):
                await pipe.execute()
        else:
            (error,) = await pipe.execute(raise_on_error=False)
            assert isinstance(error, WatchError)
    assert await client.get("{t}a") == "1"


async def test_a_transaction_begins_anew_where_its_slot_went(
    respool_cluster: FakeCluster, client: RedisCluster[str]
) -> None:
    there = another(respool_cluster)
    moved = add_one(client, lambda: respool_cluster.migrate_slots([SLOT], to=there))
    assert await moved == [True, "2"]
    assert await client.on(Node(there.host, there.port)).get("{t}a") == "2"


async def test_a_transaction_waits_for_keys_on_their_way(
    respool_cluster: FakeCluster, client: RedisCluster[str]
) -> None:
    there = another(respool_cluster)
    respool_cluster.begin_migration(SLOT, there)
    respool_cluster.move_keys(SLOT)
    adding = asyncio.ensure_future(add_one(client))
    await client.get("{t}a")
    assert not adding.done()
    await respool_cluster.migrate_slots([SLOT], to=there)
    assert await adding == [True, "2"]


async def test_a_transaction_begins_anew_at_the_heir_of_its_node(
    respool_cluster: FakeCluster, client: RedisCluster[str]
) -> None:
    victim = respool_cluster.owner_of("{t}")

    async def replace() -> None:
        await respool_cluster.kill(victim)
        await respool_cluster.failover(victim)

    assert await add_one(client, replace) == [True, "2"]


async def test_a_lost_exec_is_not_executed_again(
    respool_cluster: FakeCluster, client: RedisCluster[str]
) -> None:
    faults = respool_cluster.owner_of("{t}").server.faults
    faults.on("EXEC").drop_connection(when="after_execute").times(1)
    with pytest.raises(ConnectionError) as caught:
        await add_one(client)
    assert caught.value.maybe_executed
    assert await client.get("{t}a") == "2"


async def test_keys_of_other_slots_are_refused_unsent(client: RedisCluster[str]) -> None:
    async with client.watch("{t}a") as watched:
        pipe = watched.pipeline()
        reply = pipe.incr("other")
        for refused in (watched.get("other"), watched.watch("other"), pipe.execute(), reply):
            with pytest.raises(RedisClusterError, match=r"slot \d+ is watched"):
                await refused
        assert await watched.get("{t}a") == "1"


async def test_a_transaction_that_exec_sends_elsewhere_begins_anew(
    respool_cluster: FakeCluster, client: RedisCluster[str]
) -> None:
    there, faults = another(respool_cluster), respool_cluster.owner_of("{t}").server.faults
    faults.on("EXEC").close_with(Error.of(f"MOVED {SLOT} {there.host}:{there.port}")).times(1)
    assert await add_one(client) == [True, "2"]


async def test_keys_that_cannot_be_sent_are_refused(client: RedisCluster[str]) -> None:
    with pytest.raises(DataError):
        async with client.watch("\ud800"):
            pass
    async with client.watch("{t}a") as watched:
        with pytest.raises(DataError):
            await watched.get("\ud800")


async def test_watching_needs_keys_of_one_slot(client: RedisCluster[str]) -> None:
    with pytest.raises(RedisClusterError, match="several slots"):
        async with client.watch("a", "b"):
            pass
    with pytest.raises(DataError, match="name the keys"):
        async with client.watch():
            pass


async def test_what_a_server_says_to_a_command_is_no_watch_error(client: RedisCluster[str]) -> None:
    async with client.watch("{t}a") as watched:
        with pytest.raises(ResponseError, match="WRONGTYPE"):
            await watched.lpush("{t}a", 1)


async def test_no_connection_stays_leased(respool_cluster: FakeCluster, client: RedisCluster[str]) -> None:
    with pytest.raises(LookupError):
        async with client.watch("{t}a"):
            raise LookupError
    owner = respool_cluster.owner_of("{t}")
    stats = client.on(Node(owner.host, owner.port)).connection_pool.stats()
    assert stats.leased == 0


async def test_a_closed_client_watches_nothing(respool_cluster: FakeCluster) -> None:
    client = RedisCluster([Node(respool_cluster.nodes[0].host, respool_cluster.nodes[0].port)])
    await client.aclose()
    with pytest.raises(ConnectionError, match="closed"):
        async with client.watch("k"):
            pass


async def test_a_lock_is_held_by_one(client: RedisCluster[str]) -> None:
    async with client.lock("job") as held:
        assert held.is_held
        assert not await client.lock("job", blocking_timeout=0).acquire()
    assert not await client.exists("job")


async def test_a_lock_is_extended_where_its_slot_went(
    respool_cluster: FakeCluster, client: RedisCluster[str]
) -> None:
    async with client.lock("{t}lock", timeout=30) as held:
        await respool_cluster.migrate_slots([SLOT], to=another(respool_cluster))
        await held.extend(60)
        assert await client.pttl("{t}lock") > 30_000
    with pytest.raises(LockError):
        await held.release()
