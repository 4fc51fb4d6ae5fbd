"""What a type checker knows of transactions, subscriptions, iterators, scripts and locks."""

from __future__ import annotations

from collections.abc import AsyncIterator

from typing_extensions import assert_type

from respool import Gap, Lock, Message, Pipeline, PubSub, Redis, Script, Watched


async def of_bytes(redis: Redis[bytes]) -> None:
    async with redis.watch("key") as watched:
        assert_type(watched, Watched[bytes])
        assert_type(await watched.get("key"), bytes | None)
        assert_type(watched.pipeline(), Pipeline[bytes])
    async with redis.pubsub() as sub:
        assert_type(sub, PubSub[bytes])
        assert_type(sub.channels, tuple[bytes, ...])
        assert_type(await sub.get_message(1.5), Message[bytes] | Gap | None)
    assert_type(redis.scan_iter(), AsyncIterator[bytes])
    assert_type(redis.hscan_iter("h"), AsyncIterator[tuple[bytes, bytes]])
    assert_type(redis.hscan_iter("h", no_values=True), AsyncIterator[bytes])
    assert_type(redis.zscan_iter("z"), AsyncIterator[tuple[bytes, float]])


async def of_text(redis: Redis[str]) -> None:
    async def take(watched: Watched[str], pipe: Pipeline[str]) -> None:
        pipe.set("key", (await watched.get("key") or "") + "!")

    assert_type(await redis.transaction(take, "key"), list[object])
    async for message in redis.pubsub():
        assert_type(message, Message[str] | Gap)
        if isinstance(message, Message):
            assert_type(message.data, str)
            assert_type(message.pattern, str | None)
        else:
            assert_type(message.dropped, int | None)
    await redis.pubsub().subscribe("news", handler=lambda heard: assert_type(heard, Message[str]))
    assert_type(redis.pubsub().patterns + redis.pubsub().shard_channels, tuple[str, ...])
    assert_type(redis.sscan_iter("s"), AsyncIterator[str])
    assert_type(redis.register_script("return 1"), Script)
    assert_type(await redis.register_script("return 1")(), object)
    assert_type(redis.lock("name"), Lock)
