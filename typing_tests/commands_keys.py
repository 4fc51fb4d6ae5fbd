"""What a type checker knows of the commands on keys."""

from __future__ import annotations

from datetime import datetime

from typing_extensions import assert_type

from respool import Redis


async def of_bytes(redis: Redis[bytes]) -> None:
    assert_type(await redis.keys(), list[bytes])
    assert_type(await redis.scan(type="hash"), tuple[int, list[bytes]])
    assert_type(await redis.type("k"), str)
    assert_type(await redis.dump("k"), bytes | None)
    assert_type(await redis.expire("k", 5, nx=True), bool)
    assert_type(await redis.expireat("k", datetime.now()), bool)
    assert_type(await redis.ttl("k"), int)
    assert_type(await redis.randomkey(), bytes | None)
    assert_type(await redis.sort("k"), list[bytes])
    assert_type(await redis.sort("k", get=["#"]), list[bytes | None])
    assert_type(await redis.sort_store("k", "d"), int)
    assert_type(await redis.object_encoding("k"), str | None)


async def of_text(redis: Redis[str]) -> None:
    assert_type(await redis.keys(), list[str])
    assert_type(await redis.scan(type="hash"), tuple[int, list[str]])
    assert_type(await redis.type("k"), str)
    assert_type(await redis.dump("k"), bytes | None)
    assert_type(await redis.expire("k", 5, nx=True), bool)
    assert_type(await redis.expireat("k", datetime.now()), bool)
    assert_type(await redis.ttl("k"), int)
    assert_type(await redis.randomkey(), str | None)
    assert_type(await redis.sort("k"), list[str])
    assert_type(await redis.sort("k", get=["#"]), list[str | None])
    assert_type(await redis.sort_store("k", "d"), int)
    assert_type(await redis.object_encoding("k"), str | None)
