"""What a type checker knows of the commands on scripts, functions and channels."""

from __future__ import annotations

from typing_extensions import assert_type

from respool import Redis
from respool.replies import FunctionStats, Library


async def of_bytes(redis: Redis[bytes]) -> None:
    assert_type(await redis.eval("return 1", 0), object)
    assert_type(await redis.script_load("return 1"), str)
    assert_type(await redis.script_exists("0" * 40), list[bool])
    assert_type(await redis.fcall("f", 0), object)
    assert_type(await redis.function_dump(), bytes)
    assert_type(await redis.function_list(), list[Library])
    assert_type(await redis.function_stats(), FunctionStats)
    assert_type(await redis.publish("c", "m"), int)
    assert_type(await redis.pubsub_channels(), list[bytes])
    assert_type(await redis.pubsub_numsub("c"), dict[bytes, int])


async def of_text(redis: Redis[str]) -> None:
    assert_type(await redis.eval("return 1", 0), object)
    assert_type(await redis.script_load("return 1"), str)
    assert_type(await redis.script_exists("0" * 40), list[bool])
    assert_type(await redis.fcall("f", 0), object)
    assert_type(await redis.function_dump(), bytes)
    assert_type(await redis.function_list(), list[Library])
    assert_type(await redis.function_stats(), FunctionStats)
    assert_type(await redis.publish("c", "m"), int)
    assert_type(await redis.pubsub_channels(), list[str])
    assert_type(await redis.pubsub_numsub("c"), dict[str, int])
