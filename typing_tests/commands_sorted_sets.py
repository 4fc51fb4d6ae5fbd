"""What a type checker knows of the commands on sorted sets and places."""

from __future__ import annotations

from typing_extensions import assert_type

from respool import Redis
from respool.replies import GeoMatch


async def of_bytes(redis: Redis[bytes]) -> None:
    assert_type(await redis.zadd("z", {"a": 1}), int)
    assert_type(await redis.zadd("z", {"a": 1}, incr=True), float | None)
    assert_type(await redis.zscore("z", "a"), float | None)
    assert_type(await redis.zmscore("z", ["a"]), list[float | None])
    assert_type(await redis.zrange("z", 0, -1), list[bytes])
    assert_type(await redis.zrange("z", 0, -1, withscores=True), list[tuple[bytes, float]])
    assert_type(await redis.zrank("z", "a"), int | None)
    assert_type(await redis.zrank("z", "a", withscore=True), tuple[int, float] | None)
    assert_type(await redis.zpopmin("z"), list[tuple[bytes, float]])
    assert_type(await redis.zmpop(["z"]), tuple[bytes, list[tuple[bytes, float]]] | None)
    assert_type(await redis.bzpopmin("z"), tuple[bytes, bytes, float] | None)
    assert_type(await redis.zrandmember("z"), bytes | None)
    assert_type(await redis.zrandmember("z", 2), list[bytes])
    assert_type(await redis.zrandmember("z", 2, withscores=True), list[tuple[bytes, float]])
    assert_type(await redis.zunion({"x": 2.0}), list[bytes])
    assert_type(await redis.zunion(["x"], withscores=True), list[tuple[bytes, float]])
    assert_type(await redis.zscan("z"), tuple[int, list[tuple[bytes, float]]])
    assert_type(await redis.geosearch("g", member="a", radius=1), list[bytes])
    assert_type(await redis.geosearch_details("g", member="a", radius=1), list[GeoMatch[bytes]])
    assert_type(await redis.geopos("g", "a"), list[tuple[float, float] | None])
    assert_type(await redis.geohash("g", "a"), list[str | None])


async def of_text(redis: Redis[str]) -> None:
    assert_type(await redis.zadd("z", {"a": 1}), int)
    assert_type(await redis.zadd("z", {"a": 1}, incr=True), float | None)
    assert_type(await redis.zscore("z", "a"), float | None)
    assert_type(await redis.zmscore("z", ["a"]), list[float | None])
    assert_type(await redis.zrange("z", 0, -1), list[str])
    assert_type(await redis.zrange("z", 0, -1, withscores=True), list[tuple[str, float]])
    assert_type(await redis.zrank("z", "a"), int | None)
    assert_type(await redis.zrank("z", "a", withscore=True), tuple[int, float] | None)
    assert_type(await redis.zpopmin("z"), list[tuple[str, float]])
    assert_type(await redis.zmpop(["z"]), tuple[str, list[tuple[str, float]]] | None)
    assert_type(await redis.bzpopmin("z"), tuple[str, str, float] | None)
    assert_type(await redis.zrandmember("z"), str | None)
    assert_type(await redis.zrandmember("z", 2), list[str])
    assert_type(await redis.zrandmember("z", 2, withscores=True), list[tuple[str, float]])
    assert_type(await redis.zunion({"x": 2.0}), list[str])
    assert_type(await redis.zunion(["x"], withscores=True), list[tuple[str, float]])
    assert_type(await redis.zscan("z"), tuple[int, list[tuple[str, float]]])
    assert_type(await redis.geosearch("g", member="a", radius=1), list[str])
    assert_type(await redis.geosearch_details("g", member="a", radius=1), list[GeoMatch[str]])
    assert_type(await redis.geopos("g", "a"), list[tuple[float, float] | None])
    assert_type(await redis.geohash("g", "a"), list[str | None])
