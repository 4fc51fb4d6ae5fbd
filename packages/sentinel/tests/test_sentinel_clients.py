"""Clients of a service: they find it, follow it, and are never fooled about its role."""

from __future__ import annotations

import pytest

from respool import Cache, Redis, RetryPolicy
from respool.errors import ConnectionError, DataError, PrimaryNotFoundError, ReadOnlyError
from respool_sentinel import Sentinel, SentinelConnectionPool, SentinelManagedConnection
from respool_testing import FakeSentinel, FakeServer


async def listened_to(server: FakeServer) -> None:
    """Wait until a sentinel is listened to."""
    await server.until(lambda: bool(server.log.calls("SUBSCRIBE")))


async def heard(deployment: FakeSentinel) -> None:
    """Wait until every sentinel is listened to."""
    for each in deployment.sentinels:
        await listened_to(each)


async def test_the_primary_serves_writes(respool_sentinel: FakeSentinel) -> None:
    async with Sentinel(respool_sentinel.sentinel_addresses) as sentinel:
        await sentinel.primary_for("mymaster").set("k", "v")
    respool_sentinel.primary.log.assert_called("SET", "k", "v", times=1)


async def test_what_is_decoded_is_decided_once(respool_sentinel: FakeSentinel) -> None:
    async with Sentinel(respool_sentinel.sentinel_addresses, decode_responses=True) as sentinel:
        redis = sentinel.primary_for("mymaster")
        await redis.set("k", "ü")
        assert await redis.get("k") == "ü"


async def test_a_replica_serves_reads_and_refuses_writes(respool_sentinel: FakeSentinel) -> None:
    async with Sentinel(respool_sentinel.sentinel_addresses) as sentinel:
        redis = sentinel.replica_for("mymaster")
        assert await redis.get("k") is None
        with pytest.raises(ReadOnlyError):
            await redis.set("k", "v")
    respool_sentinel.primary.log.assert_not_called("GET")


async def test_clients_of_one_service_share_a_pool(respool_sentinel: FakeSentinel) -> None:
    async with Sentinel(respool_sentinel.sentinel_addresses) as sentinel:
        one, other = sentinel.primary_for("mymaster"), sentinel.primary_for("mymaster")
        assert one.connection_pool is other.connection_pool
        assert one.connection_pool is not sentinel.replica_for("mymaster").connection_pool


async def test_a_crashed_primary_is_followed(respool_sentinel: FakeSentinel) -> None:
    async with Sentinel(respool_sentinel.sentinel_addresses) as sentinel:
        redis = sentinel.primary_for("mymaster")
        await redis.set("k", "before")
        await respool_sentinel.kill(respool_sentinel.primary)
        promoted = await respool_sentinel.failover()
        await redis.set("k", "after")
    promoted.log.assert_called("SET", "k", "after", times=1)


async def test_writing_to_the_old_primary_stops_when_one_sentinel_announces(
    respool_sentinel: FakeSentinel,
) -> None:
    old = respool_sentinel.primary
    async with Sentinel(respool_sentinel.sentinel_addresses) as sentinel:
        redis = sentinel.primary_for("mymaster")
        await redis.set("k", "before")
        await heard(respool_sentinel)
        promoted = respool_sentinel.promote()
        respool_sentinel.announce(respool_sentinel.sentinels[1])
        await old.until(lambda: not old.connections)
        await redis.set("k", "after")
    promoted.log.assert_called("SET", "k", "after", times=1)


async def test_the_same_news_from_another_sentinel_closes_nothing_more(
    respool_sentinel: FakeSentinel,
) -> None:
    old, (first, second, _) = respool_sentinel.primary, respool_sentinel.sentinels
    async with Sentinel(respool_sentinel.sentinel_addresses) as sentinel:
        redis = sentinel.primary_for("mymaster")
        await redis.ping()
        await heard(respool_sentinel)
        promoted = respool_sentinel.promote()
        respool_sentinel.announce(first)
        await old.until(lambda: not old.connections)
        await redis.ping()
        asked = len(second.log.calls("SENTINEL", "MASTER"))
        respool_sentinel.announce(second)
        await second.until(lambda: len(second.log.calls("SENTINEL", "MASTER")) > asked)
        await redis.ping()
    promoted.log.assert_called("ROLE", times=1)


async def test_a_promoted_replica_is_left_by_readers(respool_sentinel: FakeSentinel) -> None:
    async with Sentinel(respool_sentinel.sentinel_addresses) as sentinel:
        redis = sentinel.replica_for("mymaster")
        await redis.ping()
        await heard(respool_sentinel)
        used = next(each for each in respool_sentinel.replicas if each.connections)
        respool_sentinel.promote(used)
        for each in respool_sentinel.sentinels:
            respool_sentinel.announce(each)
        await used.until(lambda: not used.connections)
        assert await redis.get("k") is None
    used.log.assert_not_called("GET")


async def test_a_server_that_is_no_primary_any_more_is_refused(respool_sentinel: FakeSentinel) -> None:
    old = respool_sentinel.primary
    old.faults.on("ROLE").reply_with([b"slave", b"127.0.0.1", 1, b"connected", 0])
    async with Sentinel(respool_sentinel.sentinel_addresses, retry=RetryPolicy(attempts=0)) as sentinel:
        with pytest.raises(PrimaryNotFoundError, match=f"{old.port}.*says it is a replica"):
            await sentinel.primary_for("mymaster").set("k", "v")
    old.log.assert_not_called("SET")


async def test_without_the_check_the_server_is_not_asked_for_its_role(respool_sentinel: FakeSentinel) -> None:
    async with Sentinel(respool_sentinel.sentinel_addresses) as sentinel:
        pool = SentinelConnectionPool("mymaster", sentinel, check_connection=False)
        async with pool, pool.connection() as connection:
            await (await connection.create_request(b"PING"))
    respool_sentinel.primary.log.assert_not_called("ROLE")
    respool_sentinel.primary.log.assert_called("PING", times=1)


async def test_replicas_take_turns(respool_sentinel: FakeSentinel) -> None:
    async with Sentinel(respool_sentinel.sentinel_addresses) as sentinel:
        pool = SentinelConnectionPool("mymaster", sentinel, is_primary=False)
        first, second, third = [await pool.rotate_replicas() for _ in range(3)]
    assert first == second[::-1] == third
    assert set(first) == {(each.host, each.port) for each in respool_sentinel.replicas}


async def test_connections_of_a_replica_pool_spread_over_the_replicas(respool_sentinel: FakeSentinel) -> None:
    async with Sentinel(respool_sentinel.sentinel_addresses) as sentinel:
        pool = SentinelConnectionPool("mymaster", sentinel, is_primary=False)
        async with pool, pool.connection(), pool.connection():
            assert [len(each.connections) for each in respool_sentinel.replicas] == [1, 1]


async def test_a_replica_that_cannot_be_reached_gives_way_to_the_next(respool_sentinel: FakeSentinel) -> None:
    dead, alive = respool_sentinel.replicas
    await respool_sentinel.kill(dead)
    async with Sentinel(respool_sentinel.sentinel_addresses) as sentinel:
        pool = SentinelConnectionPool("mymaster", sentinel, is_primary=False)
        async with pool, pool.connection(), pool.connection():
            assert len(alive.connections) == 2


async def test_without_replicas_the_primary_serves_reads() -> None:
    async with (
        FakeSentinel("alone", replicas=0) as deployment,
        Sentinel(deployment.sentinel_addresses) as sentinel,
    ):
        pool = SentinelConnectionPool("alone", sentinel, is_primary=False)
        assert await pool.rotate_replicas() == [(deployment.primary.host, deployment.primary.port)]
        assert await sentinel.replica_for("alone").get("k") is None


async def test_a_url_gives_everything_but_the_address(respool_sentinel: FakeSentinel) -> None:
    async with Sentinel(respool_sentinel.sentinel_addresses) as sentinel:
        url = "redis://ignored:1/3?client_name=me"
        pool = SentinelConnectionPool.from_url(url, service_name="mymaster", sentinel_manager=sentinel)
        async with pool, pool.connection() as connection:
            assert isinstance(connection, SentinelManagedConnection)
            (client,) = respool_sentinel.primary.connections
            assert (client.database, client.name) == (3, "me")


async def test_a_unix_socket_is_no_place_for_a_service(respool_sentinel: FakeSentinel) -> None:
    async with Sentinel(respool_sentinel.sentinel_addresses) as sentinel:
        with pytest.raises(DataError, match="UnixDomainSocketConnection"):
            SentinelConnectionPool.from_url("unix:///s", service_name="mymaster", sentinel_manager=sentinel)


async def test_a_full_pool_says_whose_it_is(respool_sentinel: FakeSentinel) -> None:
    async with Sentinel(respool_sentinel.sentinel_addresses) as sentinel:
        pool = SentinelConnectionPool("mymaster", sentinel, max_connections=1)
        async with pool, pool.connection():
            with pytest.raises(ConnectionError, match="primary of 'mymaster'"):
                await pool.get_connection()


async def test_what_is_kept_of_a_primary_goes_with_it(respool_sentinel: FakeSentinel) -> None:
    async with Sentinel(respool_sentinel.sentinel_addresses) as sentinel:
        cache = Cache()
        redis = sentinel.primary_for("mymaster", cache=cache)
        await redis.set("k", "before")
        assert [await redis.get("k"), await redis.get("k")] == [b"before", b"before"]
        assert cache.stats().hits == 1
        promoted = await respool_sentinel.failover()
        assert await redis.get("other") is None  # a read finds the new primary, however long that takes
        await Redis(connection_pool=redis.connection_pool).set("k", "after")
        assert await redis.get("k") == b"after"
    promoted.log.assert_called("GET", "k", times=1)
