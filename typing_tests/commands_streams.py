"""What a type checker knows of the commands on streams."""

from __future__ import annotations

from typing_extensions import assert_type

from respool import Redis
from respool.replies import (
    ClaimedEntry,
    ConsumerInfo,
    GroupInfo,
    PendingEntry,
    PendingSummary,
    StreamDetails,
    StreamInfo,
)


async def of_bytes(redis: Redis[bytes]) -> None:
    assert_type(await redis.xadd("s", {"a": 1}), bytes)
    assert_type(await redis.xadd("s", {"a": 1}, nomkstream=True), bytes | None)
    assert_type(await redis.xrange("s"), list[tuple[bytes, dict[bytes, bytes]]])
    claimed = redis.xreadgroup("g", "c", {"s": ">"}, claim_min_idle_time=1000)
    assert_type(await claimed, dict[bytes, list[ClaimedEntry[bytes]]])
    assert_type(await redis.xread({"s": "$"}), dict[bytes, list[tuple[bytes, dict[bytes, bytes]]]])
    assert_type(
        await redis.xreadgroup("g", "c", {"s": ">"}, block=0),
        dict[bytes, list[tuple[bytes, dict[bytes, bytes]]]],
    )
    assert_type(await redis.xclaim("s", "g", "c", 0, "1-0"), list[tuple[bytes, dict[bytes, bytes]]])
    assert_type(await redis.xclaim("s", "g", "c", 0, "1-0", justid=True), list[bytes])
    assert_type(
        await redis.xautoclaim("s", "g", "c", 0),
        tuple[bytes, list[tuple[bytes, dict[bytes, bytes]]], list[bytes]],
    )
    assert_type(await redis.xautoclaim("s", "g", "c", 0, justid=True), tuple[bytes, list[bytes], list[bytes]])
    assert_type(await redis.xpending("s", "g"), PendingSummary[bytes])
    assert_type(await redis.xpending_range("s", "g"), list[PendingEntry[bytes]])
    assert_type(await redis.xinfo_stream("s"), StreamInfo[bytes])
    assert_type(await redis.xinfo_stream_full("s"), StreamDetails[bytes])
    assert_type(await redis.xinfo_groups("s"), list[GroupInfo[bytes]])
    assert_type(await redis.xinfo_consumers("s", "g"), list[ConsumerInfo[bytes]])


async def of_text(redis: Redis[str]) -> None:
    assert_type(await redis.xadd("s", {"a": 1}), str)
    assert_type(await redis.xadd("s", {"a": 1}, nomkstream=True), str | None)
    assert_type(await redis.xrange("s"), list[tuple[str, dict[str, str]]])
    assert_type(await redis.xread({"s": "$"}), dict[str, list[tuple[str, dict[str, str]]]])
    assert_type(
        await redis.xreadgroup("g", "c", {"s": ">"}, block=0), dict[str, list[tuple[str, dict[str, str]]]]
    )
    assert_type(await redis.xclaim("s", "g", "c", 0, "1-0"), list[tuple[str, dict[str, str]]])
    assert_type(await redis.xclaim("s", "g", "c", 0, "1-0", justid=True), list[str])
    assert_type(
        await redis.xautoclaim("s", "g", "c", 0), tuple[str, list[tuple[str, dict[str, str]]], list[str]]
    )
    assert_type(await redis.xautoclaim("s", "g", "c", 0, justid=True), tuple[str, list[str], list[str]])
    assert_type(await redis.xpending("s", "g"), PendingSummary[str])
    assert_type(await redis.xpending_range("s", "g"), list[PendingEntry[str]])
    assert_type(await redis.xinfo_stream("s"), StreamInfo[str])
    assert_type(await redis.xinfo_stream_full("s"), StreamDetails[str])
    assert_type(await redis.xinfo_groups("s"), list[GroupInfo[str]])
    assert_type(await redis.xinfo_consumers("s", "g"), list[ConsumerInfo[str]])
