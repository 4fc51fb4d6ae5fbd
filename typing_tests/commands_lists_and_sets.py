"""What a type checker knows of the commands on lists and sets."""

from __future__ import annotations

from typing_extensions import assert_type

from respool import Redis


async def of_bytes(redis: Redis[bytes]) -> None:
    assert_type(await redis.lpop("l"), bytes | None)
    assert_type(await redis.lpop("l", 2), list[bytes] | None)
    assert_type(await redis.lrange("l", 0, -1), list[bytes])
    assert_type(await redis.lpos("l", "a"), int | None)
    assert_type(await redis.lpos("l", "a", count=0), list[int])
    assert_type(await redis.blpop("l"), tuple[bytes, bytes] | None)
    assert_type(await redis.lmpop(["l"]), tuple[bytes, list[bytes]] | None)
    assert_type(await redis.blmove("a", "b", 1), bytes | None)
    assert_type(await redis.lmovem("a", "b", count=2), list[bytes] | None)
    assert_type(await redis.blmovem("a", "b", 1, count=2), list[bytes] | None)
    assert_type(await redis.smembers("s"), set[bytes])
    assert_type(await redis.sinter("a", "b"), set[bytes])
    assert_type(await redis.smismember("s", "a"), list[bool])
    assert_type(await redis.spop("s"), bytes | None)
    assert_type(await redis.spop("s", 2), set[bytes])
    assert_type(await redis.srandmember("s", 2), list[bytes])
    assert_type(await redis.sscan("s"), tuple[int, list[bytes]])


async def of_text(redis: Redis[str]) -> None:
    assert_type(await redis.lpop("l"), str | None)
    assert_type(await redis.lpop("l", 2), list[str] | None)
    assert_type(await redis.lrange("l", 0, -1), list[str])
    assert_type(await redis.lpos("l", "a"), int | None)
    assert_type(await redis.lpos("l", "a", count=0), list[int])
    assert_type(await redis.blpop("l"), tuple[str, str] | None)
    assert_type(await redis.lmpop(["l"]), tuple[str, list[str]] | None)
    assert_type(await redis.blmove("a", "b", 1), str | None)
    assert_type(await redis.lmovem("a", "b", count=2), list[str] | None)
    assert_type(await redis.blmovem("a", "b", 1, count=2), list[str] | None)
    assert_type(await redis.smembers("s"), set[str])
    assert_type(await redis.sinter("a", "b"), set[str])
    assert_type(await redis.smismember("s", "a"), list[bool])
    assert_type(await redis.spop("s"), str | None)
    assert_type(await redis.spop("s", 2), set[str])
    assert_type(await redis.srandmember("s", 2), list[str])
    assert_type(await redis.sscan("s"), tuple[int, list[str]])
