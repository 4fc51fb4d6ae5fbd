"""What a type checker knows of the commands on strings and bits."""

from __future__ import annotations

from datetime import timedelta

from typing_extensions import assert_type

from respool import Redis
from respool.replies import LcsMatches


async def of_bytes(redis: Redis[bytes]) -> None:
    assert_type(await redis.get("k"), bytes | None)
    assert_type(await redis.set("k", 1, ex=timedelta(seconds=5)), bool)
    assert_type(await redis.set("k", 1, get=True), bytes | None)
    assert_type(await redis.mget("a", b"b"), list[bytes | None])
    assert_type(await redis.mget(["a", "b"]), list[bytes | None])
    assert_type(await redis.mset({"a": 1}), bool)
    assert_type(await redis.incr("n"), int)
    assert_type(await redis.incrbyfloat("n"), float)
    assert_type(await redis.getrange("k", 0, -1), bytes)
    assert_type(await redis.set("k", 1, ifdeq="0f", get=True), bytes | None)
    assert_type(await redis.delex("k", ifeq=1), bool)
    assert_type(await redis.digest("k"), str | None)
    assert_type(await redis.msetex({"a": 1}, ex=5), bool)
    assert_type(await redis.lcs("a", "b"), bytes)
    assert_type(await redis.lcs("a", "b", len=True), int)
    assert_type(await redis.lcs("a", "b", idx=True), LcsMatches)
    assert_type(await redis.bitfield("k", ("GET", "u8", 0), ("INCRBY", "i5", "#1", -1)), list[int | None])
    assert_type(await redis.bitfield_ro("k", ("u8", 0)), list[int])
    assert_type(await redis.bitcount("k"), int)
    assert_type(await redis.pfadd("k", "a"), bool)
    assert_type(await redis.pfcount("k"), int)


async def of_text(redis: Redis[str]) -> None:
    assert_type(await redis.get("k"), str | None)
    assert_type(await redis.set("k", 1, ex=timedelta(seconds=5)), bool)
    assert_type(await redis.set("k", 1, get=True), str | None)
    assert_type(await redis.mget("a", b"b"), list[str | None])
    assert_type(await redis.mget(["a", "b"]), list[str | None])
    assert_type(await redis.mset({"a": 1}), bool)
    assert_type(await redis.incr("n"), int)
    assert_type(await redis.incrbyfloat("n"), float)
    assert_type(await redis.getrange("k", 0, -1), str)
    assert_type(await redis.set("k", 1, ifdeq="0f", get=True), str | None)
    assert_type(await redis.delex("k", ifeq=1), bool)
    assert_type(await redis.digest("k"), str | None)
    assert_type(await redis.msetex({"a": 1}, ex=5), bool)
    assert_type(await redis.lcs("a", "b"), str)
    assert_type(await redis.lcs("a", "b", len=True), int)
    assert_type(await redis.lcs("a", "b", idx=True), LcsMatches)
    assert_type(await redis.bitfield("k", ("GET", "u8", 0), ("INCRBY", "i5", "#1", -1)), list[int | None])
    assert_type(await redis.bitfield_ro("k", ("u8", 0)), list[int])
    assert_type(await redis.bitcount("k"), int)
    assert_type(await redis.pfadd("k", "a"), bool)
    assert_type(await redis.pfcount("k"), int)
