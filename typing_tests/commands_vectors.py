"""What a type checker knows of the commands on vector sets."""

from __future__ import annotations

from typing_extensions import assert_type

from respool import Redis
from respool.replies import RawVector, VectorMatch, VectorSetInfo


async def of_bytes(redis: Redis[bytes]) -> None:
    assert_type(await redis.vadd("v", [1.0, 2.0], "a"), bool)
    assert_type(await redis.vemb("v", "a"), list[float] | None)
    assert_type(await redis.vemb_raw("v", "a"), RawVector | None)
    assert_type(await redis.vsim("v", "a"), list[bytes])
    assert_type(await redis.vsim("v", b"", with_scores=True), list[tuple[bytes, float]])
    assert_type(await redis.vsim_details("v", [1.0]), list[VectorMatch[bytes]])
    assert_type(await redis.vlinks("v", "a"), list[list[bytes]] | None)
    assert_type(await redis.vlinks("v", "a", withscores=True), list[list[tuple[bytes, float]]] | None)
    assert_type(await redis.vrandmember("v"), bytes | None)
    assert_type(await redis.vrange("v", count=10), list[bytes])
    assert_type(await redis.vrandmember("v", 2), list[bytes])
    assert_type(await redis.vgetattr("v", "a"), bytes | None)
    assert_type(await redis.vinfo("v"), VectorSetInfo | None)


async def of_text(redis: Redis[str]) -> None:
    assert_type(await redis.vadd("v", [1.0, 2.0], "a"), bool)
    assert_type(await redis.vemb("v", "a"), list[float] | None)
    assert_type(await redis.vemb_raw("v", "a"), RawVector | None)
    assert_type(await redis.vsim("v", "a"), list[str])
    assert_type(await redis.vsim("v", b"", with_scores=True), list[tuple[str, float]])
    assert_type(await redis.vsim_details("v", [1.0]), list[VectorMatch[str]])
    assert_type(await redis.vlinks("v", "a"), list[list[str]] | None)
    assert_type(await redis.vlinks("v", "a", withscores=True), list[list[tuple[str, float]]] | None)
    assert_type(await redis.vrandmember("v"), str | None)
    assert_type(await redis.vrandmember("v", 2), list[str])
    assert_type(await redis.vgetattr("v", "a"), str | None)
    assert_type(await redis.vinfo("v"), VectorSetInfo | None)
