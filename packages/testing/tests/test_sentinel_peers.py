"""Other people's sentinel clients on a fake deployment: they find the primary, and the next one after it."""

from __future__ import annotations

import pytest

from respool_testing import FakeSentinel

pytestmark = pytest.mark.filterwarnings("ignore")  # what peers are warned of is theirs to mend


async def test_redis_py_follows_a_failover(respool_sentinel: FakeSentinel) -> None:
    module = pytest.importorskip("redis.asyncio.sentinel")
    sentinel = module.Sentinel(respool_sentinel.sentinel_addresses)
    primary = sentinel.master_for("mymaster")
    assert await primary.set("k", "v")
    await respool_sentinel.kill(respool_sentinel.primary)
    await respool_sentinel.failover()
    assert await primary.get("k") == b"v"
    assert await sentinel.discover_slaves("mymaster") != []
    assert await primary.set("k", "w")
    await primary.aclose()
    for each in sentinel.sentinels:
        await each.aclose()


async def test_coredis_finds_primary_and_replicas(respool_sentinel: FakeSentinel) -> None:
    module = pytest.importorskip("coredis.sentinel")
    async with module.Sentinel(sentinels=respool_sentinel.sentinel_addresses) as sentinel:
        found = await sentinel.discover_primary("mymaster")
        assert tuple(found) == (respool_sentinel.primary.host, respool_sentinel.primary.port)
        replicas = await sentinel.discover_replicas("mymaster")
    assert {tuple(each) for each in replicas} == {
        (each.host, each.port) for each in respool_sentinel.replicas
    }


async def test_respool_follows_a_failover(respool_sentinel: FakeSentinel) -> None:
    module = pytest.importorskip("respool_sentinel")
    async with (
        module.Sentinel(respool_sentinel.sentinel_addresses) as sentinel,
        sentinel.primary_for("mymaster") as primary,
    ):
        await primary.set("k", "v")
        await respool_sentinel.failover()
        assert await primary.get("k") == b"v"
        await primary.set("k", "w")
        assert respool_sentinel.primary.db[0]["k"] == b"w"
