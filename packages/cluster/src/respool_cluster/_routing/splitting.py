"""One command, several nodes: how it is taken apart, and how the replies become one. Decides only.

As servers advise (https://redis.io/docs/latest/develop/reference/command-tips/). What they leave to the client to
make sense of (SCAN, INFO ...) is not taken apart.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from respool.errors import ResponseError
from respool.lowlevel import ValueT, lookup
from respool_cluster._routing.merging import (
    BY_POLICY,
    Merge,
    all_elements,
    any_one,
    distinct,
    first,
    total,
    totals,
)

_STEPS = {b"MGET": 1, b"MSET": 2, b"DEL": 1, b"UNLINK": 1, b"EXISTS": 1, b"TOUCH": 1}


@dataclass(frozen=True)
class Part:
    """What one slot gets of a command, and which of its keys those are."""

    args: tuple[ValueT, ...]
    places: tuple[int, ...]


def split(args: tuple[ValueT, ...], slot_of: Callable[[ValueT], int]) -> list[Part] | None:
    """Take a command apart by slots; None where it is one of those that must stay whole, or needs no splitting."""
    step = _STEPS.get(name_of(args))
    if step is None or len(args) <= step + 1 or (len(args) - 1) % step:
        return None
    by_slot: dict[int, list[int]] = {}
    for place, at in enumerate(range(1, len(args), step)):
        by_slot.setdefault(slot_of(args[at]), []).append(place)
    if len(by_slot) == 1:
        return None
    return [_part(args, places, step) for places in by_slot.values()]


def _part(args: tuple[ValueT, ...], places: Sequence[int], step: int) -> Part:
    words = (args[1 + place * step + offset] for place in places for offset in range(step))
    return Part((args[0], *words), tuple(places))


def joiner(args: tuple[ValueT, ...], parts: Sequence[Part]) -> Merge:
    """Return how the replies to the parts become the reply to the whole."""
    if name_of(args) == b"MGET":
        return lambda replies: _in_order(parts, replies)
    return first if name_of(args) == b"MSET" else total


def _in_order(parts: Sequence[Part], replies: Sequence[object]) -> list[object]:
    values: dict[int, object] = {}
    for part, reply in zip(parts, replies, strict=True):
        if not isinstance(reply, list):
            raise ResponseError(f"MGET was answered with a {type(reply).__name__}")
        values.update(zip(part.places, reply, strict=True))
    return [values[place] for place in range(len(values))]


@dataclass(frozen=True)
class FanOut:
    """Where a command without keys goes, and how the replies become one."""

    to_replicas: bool
    merge: Merge
    any_will_do: bool = False
    """One node that obeys is enough."""


def fan_out(args: Sequence[ValueT]) -> FanOut | None:
    """Return how to send a command without keys; None where one node is enough, or nobody says how to merge."""
    command = lookup(_text(args[0]), *args[1:2])
    if command is None or command.name == "PING":
        return None  # PING asks after the cluster, not after each shard
    if command.name in _UNADVISED:
        return _UNADVISED[command.name]
    where, policy = command.request_policy, command.response_policy
    if where is None or where.value not in ("all_nodes", "all_shards"):
        return None
    merge = all_elements if command.name in _LISTS else BY_POLICY.get("" if policy is None else policy.value)
    if merge is None:
        return None
    any_will_do = policy is not None and policy.value == "one_succeeded"
    return FanOut(where.value == "all_nodes", merge, any_will_do)


_LISTS = frozenset({"KEYS", "SLOWLOG GET"})
"""What has no response policy and can be put together all the same."""

_UNADVISED: Mapping[str, FanOut] = MappingProxyType(
    {
        "PUBSUB CHANNELS": FanOut(True, distinct),
        "PUBSUB NUMPAT": FanOut(True, total),
        "PUBSUB NUMSUB": FanOut(True, totals),
        "PUBSUB SHARDCHANNELS": FanOut(True, distinct),
        "PUBSUB SHARDNUMSUB": FanOut(True, totals),
        "RANDOMKEY": FanOut(False, any_one),
    }
)
"""What servers say nothing of: each knows only those who subscribed to it, and has only its own keys."""


def name_of(args: Sequence[ValueT]) -> bytes:
    """Return a command's first word in upper case."""
    return _text(args[0]).upper().encode(errors="replace") if args else b""


def _text(word: ValueT) -> str:
    return (
        bytes(word).decode(errors="replace")
        if isinstance(word, (bytes, bytearray, memoryview))
        else str(word)
    )
