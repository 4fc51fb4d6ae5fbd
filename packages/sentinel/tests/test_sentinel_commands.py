"""The commands of one sentinel, in both protocols."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from respool.errors import ResponseError
from respool_sentinel import SentinelClient
from respool_testing import FakeSentinel


@pytest_asyncio.fixture(params=[2, 3], ids=["RESP2", "RESP3"])
async def client(
    request: pytest.FixtureRequest, respool_sentinel: FakeSentinel
) -> AsyncIterator[SentinelClient]:
    """Offer a client of the first fake sentinel."""
    host, port = respool_sentinel.sentinel_addresses[0]
    async with SentinelClient(host, port, protocol_version=request.param) as client:
        yield client


async def test_services_and_servers_are_described(
    client: SentinelClient, respool_sentinel: FakeSentinel
) -> None:
    (service,) = await client.masters()
    assert service["runid"] == (await client.master("mymaster"))["runid"]
    assert (service["name"], service["port"]) == ("mymaster", str(respool_sentinel.primary.port))
    assert {each["port"] for each in await client.replicas("mymaster")} == {
        str(each.port) for each in respool_sentinel.replicas
    }
    assert len(await client.sentinels("mymaster")) == 2


async def test_a_primary_is_named(client: SentinelClient, respool_sentinel: FakeSentinel) -> None:
    primary = respool_sentinel.primary
    assert await client.get_master_addr_by_name("mymaster") == (primary.host, primary.port)
    assert await client.get_master_addr_by_name("nobody") is None


async def test_it_says_who_it_is_and_whether_a_failover_is_possible(client: SentinelClient) -> None:
    assert len(await client.myid()) == 40
    assert "OK" in await client.ckquorum("mymaster")
    assert "announce-port" in await client.config_get()


async def test_services_come_and_go(client: SentinelClient) -> None:
    await client.monitor("other", "127.0.0.1", 1, 2)
    assert {each["name"] for each in await client.masters()} == {"mymaster", "other"}
    await client.remove("other")
    assert [each["name"] for each in await client.masters()] == ["mymaster"]
    assert await client.reset("my*") == 1


async def test_settings_are_changed(client: SentinelClient) -> None:
    await client.set("mymaster", quorum=3, down_after_milliseconds=1234)
    master = await client.master("mymaster")
    assert (master["quorum"], master["down-after-milliseconds"]) == ("3", "1234")
    await client.config_set("announce-port", 0)
    await client.flushconfig()


async def test_a_failover_is_begun(client: SentinelClient, respool_sentinel: FakeSentinel) -> None:
    old = respool_sentinel.primary
    await client.failover("mymaster")
    await respool_sentinel.until(lambda: respool_sentinel.primary is not old)


async def test_a_service_it_does_not_know_is_an_error(client: SentinelClient) -> None:
    for question in (client.master, client.replicas, client.sentinels, client.failover, client.ckquorum):
        with pytest.raises(ResponseError, match="No such master"):
            await question("nobody")
