"""What a type checker knows of calls: they are futures, in pipelines too, and closed sets of words are checked."""

from __future__ import annotations

from asyncio import Future

from typing_extensions import assert_type

from respool import Pipeline, Redis


def calls_are_futures(redis: Redis[str], pipe: Pipeline[bytes]) -> None:
    assert_type(redis.get("k"), Future[str | None])
    assert_type(pipe.get("k"), Future[bytes | None])
    assert_type(pipe.hgetall("h"), Future[dict[bytes, bytes]])


def closed_sets_are_checked(redis: Redis[str]) -> None:
    redis.lmove("a", "b", "UP")  # type: ignore[arg-type]
    redis.bitop("NAND", "dest", "a")  # type: ignore[arg-type]
    redis.geodist("g", "a", "b", "yd")  # type: ignore[arg-type]
    redis.scan(type="hashes")  # type: ignore[arg-type]


def what_does_not_go_together_has_no_type(redis: Redis[str]) -> None:
    redis.hset("h")  # type: ignore[call-overload]
    redis.hrandfield("h", withvalues=True)  # type: ignore[call-overload]
    redis.cluster_setslot(1, "NODE")  # type: ignore[call-overload]
    redis.set("k", None)  # type: ignore[call-overload]
