"""Finding primaries and replicas by asking several sentinels."""

from __future__ import annotations

import pytest

from respool.errors import DataError, PrimaryNotFoundError, ReplicaNotFoundError
from respool_sentinel import Sentinel
from respool_testing import FakeSentinel, FakeServer


def addresses(servers: list[FakeServer]) -> set[tuple[str, int]]:
    return {(server.host, server.port) for server in servers}


async def without_clients(server: FakeServer) -> None:
    await server.until(lambda: not server.connections)


async def test_the_primary_is_found(respool_sentinel: FakeSentinel) -> None:
    async with Sentinel(respool_sentinel.sentinel_addresses) as sentinel:
        assert {await sentinel.discover_primary("mymaster")} == addresses([respool_sentinel.primary])


async def test_the_replicas_are_found(respool_sentinel: FakeSentinel) -> None:
    async with Sentinel(respool_sentinel.sentinel_addresses) as sentinel:
        assert set(await sentinel.discover_replicas("mymaster")) == addresses(respool_sentinel.replicas)


async def test_sentinels_that_speak_the_old_protocol_are_understood(respool_sentinel: FakeSentinel) -> None:
    options = {"protocol_version": 2}
    async with Sentinel(respool_sentinel.sentinel_addresses, sentinel_kwargs=options) as sentinel:
        assert {await sentinel.discover_primary("mymaster")} == addresses([respool_sentinel.primary])
        assert set(await sentinel.discover_replicas("mymaster")) == addresses(respool_sentinel.replicas)


async def test_a_dead_sentinel_does_not_matter(respool_sentinel: FakeSentinel) -> None:
    await respool_sentinel.kill(respool_sentinel.sentinels[0])
    async with Sentinel(respool_sentinel.sentinel_addresses) as sentinel:
        assert {await sentinel.discover_primary("mymaster")} == addresses([respool_sentinel.primary])


async def test_a_sentinel_that_hangs_does_not_matter(respool_sentinel: FakeSentinel) -> None:
    with respool_sentinel.sentinels[0].faults.on("SENTINEL").hang():
        async with Sentinel(respool_sentinel.sentinel_addresses) as sentinel:
            assert {await sentinel.discover_primary("mymaster")} == addresses([respool_sentinel.primary])


async def test_with_all_sentinels_dead_the_error_names_each(respool_sentinel: FakeSentinel) -> None:
    for each in respool_sentinel.sentinels:
        await respool_sentinel.kill(each)
    async with Sentinel(respool_sentinel.sentinel_addresses) as sentinel:
        with pytest.raises(PrimaryNotFoundError) as raised:
            await sentinel.discover_primary("mymaster")
    assert all(
        f"{host}:{port}: cannot" in str(raised.value) for host, port in respool_sentinel.sentinel_addresses
    )


async def test_a_service_nobody_knows_is_an_error_that_says_so(respool_sentinel: FakeSentinel) -> None:
    async with Sentinel(respool_sentinel.sentinel_addresses) as sentinel:
        with pytest.raises(PrimaryNotFoundError, match=r"'other'.*No such master"):
            await sentinel.discover_primary("other")
        with pytest.raises(ReplicaNotFoundError, match=r"'other'.*No such master"):
            await sentinel.discover_replicas("other")


async def test_a_primary_that_is_down_is_not_found(respool_sentinel: FakeSentinel) -> None:
    await respool_sentinel.kill(respool_sentinel.primary)
    respool_sentinel.mark_down(respool_sentinel.primary)
    async with Sentinel(respool_sentinel.sentinel_addresses) as sentinel:
        with pytest.raises(PrimaryNotFoundError, match="o_down"):
            await sentinel.discover_primary("mymaster")


async def test_a_replica_that_is_down_is_left_out(respool_sentinel: FakeSentinel) -> None:
    dead, alive = respool_sentinel.replicas
    await respool_sentinel.kill(dead)
    respool_sentinel.mark_down(dead)
    async with Sentinel(respool_sentinel.sentinel_addresses) as sentinel:
        assert await sentinel.discover_replicas("mymaster") == [(alive.host, alive.port)]


async def test_a_sentinel_that_missed_the_failover_is_not_believed(respool_sentinel: FakeSentinel) -> None:
    informed, behind, _ = respool_sentinel.sentinels
    async with Sentinel([(each.host, each.port) for each in (informed, behind)]) as sentinel:
        await sentinel.discover_primary("mymaster")
        promoted = respool_sentinel.promote()
        respool_sentinel.announce(informed)
        with behind.faults.on("SENTINEL", "MASTER").hang():
            assert {await sentinel.discover_primary("mymaster")} == addresses([promoted])
        assert {await sentinel.discover_primary("mymaster")} == addresses([promoted])


async def test_no_sentinels_at_all_are_refused() -> None:
    with pytest.raises(DataError, match="at least one"):
        Sentinel([])


async def test_closed_it_leaves_no_connection_behind(respool_sentinel: FakeSentinel) -> None:
    async with Sentinel(respool_sentinel.sentinel_addresses) as sentinel:
        await sentinel.discover_primary("mymaster")
    for each in respool_sentinel.sentinels:
        await without_clients(each)
