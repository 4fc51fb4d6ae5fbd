"""What a type checker knows of `Sentinel`: what its clients decode to, and what it finds."""

from __future__ import annotations

from typing_extensions import assert_type

from respool import Redis
from respool_sentinel import Sentinel, SentinelClient, SentinelConnectionPool


async def bytes_by_default() -> None:
    async with Sentinel([("localhost", 26379)]) as sentinel:
        assert_type(sentinel, Sentinel[bytes])
        assert_type(sentinel.primary_for("mymaster"), Redis[bytes])
        assert_type(await sentinel.replica_for("mymaster").get("key"), bytes | None)


async def text_where_asked_for() -> None:
    async with Sentinel([("localhost", 26379)], decode_responses=True) as sentinel:
        assert_type(sentinel.primary_for("mymaster"), Redis[str])


async def from_a_url() -> None:
    url = "redis+sentinel://localhost/mymaster"
    assert_type(Sentinel.from_url(url), Sentinel[bytes])
    assert_type(Sentinel.from_url(url, decode_responses=True), Sentinel[str])
    assert_type(SentinelConnectionPool.from_url(url), SentinelConnectionPool)


async def addresses() -> None:
    async with Sentinel([("localhost", 26379)]) as sentinel:
        assert_type(await sentinel.discover_primary("mymaster"), tuple[str, int])
        assert_type(await sentinel.discover_replicas("mymaster"), list[tuple[str, int]])


async def commands_of_one_sentinel() -> None:
    async with SentinelClient("localhost", 26379) as client:
        assert_type(await client.masters(), list[dict[str, str]])
        assert_type(await client.get_master_addr_by_name("mymaster"), tuple[str, int] | None)
