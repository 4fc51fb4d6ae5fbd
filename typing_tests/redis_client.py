"""What a type checker knows of `Redis`: what it decodes to, and what its commands answer."""

from __future__ import annotations

from typing_extensions import assert_type

from respool import Redis


async def bytes_by_default() -> None:
    async with Redis.from_url("redis://localhost:6379") as redis:
        assert_type(redis, Redis[bytes])
        assert_type(await redis.get("key"), bytes | None)
        assert_type(await redis.incr("visits"), int)


async def text_where_asked_for() -> None:
    async with Redis.from_url("redis://localhost:6379", decode_responses=True) as redis:
        assert_type(redis, Redis[str])
        assert_type(await redis.get("key"), str | None)
