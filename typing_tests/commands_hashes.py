"""What a type checker knows of the commands on hashes."""

from __future__ import annotations

from typing_extensions import assert_type

from respool import Redis


async def of_bytes(redis: Redis[bytes]) -> None:
    assert_type(await redis.hget("h", "f"), bytes | None)
    assert_type(await redis.hgetall("h"), dict[bytes, bytes])
    assert_type(await redis.hmget("h", "a", "b"), list[bytes | None])
    assert_type(await redis.hset("h", "f", 1), int)
    assert_type(await redis.hset("h", mapping={"f": 1.5}), int)
    assert_type(await redis.hrandfield("h"), bytes | None)
    assert_type(await redis.hrandfield("h", 2), list[bytes])
    assert_type(await redis.hrandfield("h", 2, withvalues=True), list[tuple[bytes, bytes]])
    assert_type(await redis.hscan("h"), tuple[int, dict[bytes, bytes]])
    assert_type(await redis.hscan("h", no_values=True), tuple[int, list[bytes]])
    assert_type(await redis.hexpire("h", 5, "f"), list[int])
    assert_type(await redis.hgetex("h", "f", ex=5), list[bytes | None])
    assert_type(await redis.hsetex("h", {"f": 1}, ex=5), bool)
    assert_type(await redis.hincrbyfloat("h", "f"), float)


async def of_text(redis: Redis[str]) -> None:
    assert_type(await redis.hget("h", "f"), str | None)
    assert_type(await redis.hgetall("h"), dict[str, str])
    assert_type(await redis.hmget("h", "a", "b"), list[str | None])
    assert_type(await redis.hset("h", "f", 1), int)
    assert_type(await redis.hset("h", mapping={"f": 1.5}), int)
    assert_type(await redis.hrandfield("h"), str | None)
    assert_type(await redis.hrandfield("h", 2), list[str])
    assert_type(await redis.hrandfield("h", 2, withvalues=True), list[tuple[str, str]])
    assert_type(await redis.hscan("h"), tuple[int, dict[str, str]])
    assert_type(await redis.hscan("h", no_values=True), tuple[int, list[str]])
    assert_type(await redis.hexpire("h", 5, "f"), list[int])
    assert_type(await redis.hgetex("h", "f", ex=5), list[str | None])
    assert_type(await redis.hsetex("h", {"f": 1}, ex=5), bool)
    assert_type(await redis.hincrbyfloat("h", "f"), float)
