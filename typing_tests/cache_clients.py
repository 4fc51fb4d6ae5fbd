"""What a type checker knows of a client with a cache: what it knows of one without, and the figures."""

from __future__ import annotations

from typing_extensions import assert_type

from respool import Cache, CacheStats, Redis


async def of_bytes(url: str) -> None:
    redis = Redis(cache=Cache())
    assert_type(redis, Redis[bytes])
    assert_type(redis.cache, Cache | None)
    assert_type(await redis.get("key"), bytes | None)
    assert_type(Redis.from_url(url, cache=Cache()), Redis[bytes])


async def of_text(url: str) -> None:
    cache = Cache(
        max_entries=10, max_age=1.5, prefixes=["user:", b"post:"], cacheable=lambda key: len(key) < 100
    )
    redis = Redis(cache=cache, decode_responses=True)
    assert_type(redis, Redis[str])
    assert_type(await redis.hgetall("key"), dict[str, str])
    assert_type(Redis.from_url(url, cache=None, decode_responses=True), Redis[str])
    assert_type(cache.stats(), CacheStats)
    assert_type(cache.stats().hit_rate, float)
