"""One command, several nodes: how it is taken apart, and how the replies become one. Decides only.

As servers advise (https://redis.io/docs/latest/develop/reference/command-tips/). What they leave to the client to
make sense of (SCAN, INFO, RANDOMKEY ...) is not taken apart.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from respool.errors import ResponseError
from respool.lowlevel import ValueT, lookup

Merge: TypeAlias = Callable[[Sequence[object]], object]

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
    any_will_do: bool
    """One node that obeys is enough."""


def fan_out(args: Sequence[ValueT]) -> FanOut | None:
    """Return how to send a command without keys; None where one node is enough, or nobody says how to merge."""
    command = lookup(_text(args[0]), *args[1:2])
    if command is None or command.request_policy is None or command.name == "PING":
        return None  # PING asks after the cluster, not after each shard
    policy = command.response_policy
    merge = _MERGES.get("" if policy is None else policy.value)
    if merge is None or command.request_policy.value not in ("all_nodes", "all_shards"):
        return None
    if policy is None and command.name not in _LISTS:
        return None
    any_will_do = policy is not None and policy.value == "one_succeeded"
    return FanOut(command.request_policy.value == "all_nodes", merge, any_will_do)


def first(replies: Sequence[object]) -> object:
    """Return the first: all say the same."""
    return replies[0]


def total(replies: Sequence[object]) -> int:
    """Return the sum."""
    return sum(_numbers(replies))


def _every(replies: Sequence[object]) -> object:
    """Return 1 where all say 1, element by element if they are lists."""
    if isinstance(replies[0], list):
        return [min(_numbers(column)) for column in zip(*_lists(replies), strict=True)]
    return min(_numbers(replies))


def _all_elements(replies: Sequence[object]) -> list[object]:
    return [each for reply in _lists(replies) for each in reply]


def _numbers(replies: Sequence[object]) -> list[int]:
    return [reply for reply in replies if isinstance(reply, int)]


def _lists(replies: Sequence[object]) -> list[list[object]]:
    return [reply for reply in replies if isinstance(reply, list)]


_LISTS = frozenset({"KEYS", "SLOWLOG GET"})

_MERGES: dict[str, Merge] = {
    "": _all_elements,
    "all_succeeded": first,
    "one_succeeded": first,
    "agg_sum": total,
    "agg_min": lambda replies: min(_numbers(replies)),
    "agg_logical_and": _every,
}


def name_of(args: Sequence[ValueT]) -> bytes:
    """Return a command's first word in upper case."""
    return _text(args[0]).upper().encode(errors="replace") if args else b""


def _text(word: ValueT) -> str:
    return (
        bytes(word).decode(errors="replace")
        if isinstance(word, (bytes, bytearray, memoryview))
        else str(word)
    )
