"""What the cluster's client gives to a type checker beyond commands: nodes, watching, scripts, iterators."""

from __future__ import annotations

from collections.abc import AsyncIterator

from typing_extensions import assert_type

from respool import Cache, Gap, Lock, Message, Pipeline, PubSub, Redis, Script, Watched
from respool.lowlevel import ResponseType
from respool_cluster import LowestLatency, Node, RedisCluster, SameZone


async def nodes() -> None:
    raw = RedisCluster([Node()], read_from_replicas=LowestLatency(), address_remap=lambda node: node)
    text = RedisCluster([Node()], decode_responses=True, read_from_replicas=SameZone("a"))
    assert_type(raw.on(Node()), Redis[bytes])
    assert_type(await raw.nodes("replicas"), list[Node])
    assert_type(await text.for_each(lambda node: node.get("k")), dict[Node, str | None])
    assert_type(await raw.execute_command("PING", node=Node()), ResponseType)
    assert_type(await raw.execute_command("PING", nodes=[Node()]), dict[Node, ResponseType])
    assert_type(await text.pubsub_numsub("c"), dict[str, int])


async def watching() -> None:
    text = RedisCluster([Node()], decode_responses=True)

    async def fill(watched: Watched[str], pipe: Pipeline[str]) -> None:
        assert_type(await watched.get("k"), str | None)

    assert_type(await text.transaction(fill, "k"), list[object])
    async with text.watch("k") as watched, text.lock("l") as lock:
        assert_type(watched, Watched[str])
        assert_type(watched.pipeline(), Pipeline[str])
        assert_type(lock, Lock)


async def subscribing() -> None:
    text = RedisCluster([Node()], decode_responses=True)
    raw = RedisCluster.from_url("redis://one", cache=Cache(max_entries=10))
    assert_type(raw.cache, Cache | None)
    assert_type(raw.pubsub(max_messages=10), PubSub[bytes])
    async with text.pubsub() as sub:
        await sub.ssubscribe("c", handler=lambda message: None)
        assert_type(await sub.get_message(), Message[str] | Gap | None)


async def others() -> None:
    raw = RedisCluster([Node()])
    text = RedisCluster.from_url("redis://one", decode_responses=True)
    assert_type(raw.register_script("return 1"), Script)
    assert_type(text.scan_iter(type="hash"), AsyncIterator[str])
    assert_type(raw.hscan_iter("h"), AsyncIterator[tuple[bytes, bytes]])
    assert_type(raw.hscan_iter("h", no_values=True), AsyncIterator[bytes])
    assert_type(text.zscan_iter("z"), AsyncIterator[tuple[str, float]])
