"""The types of value a key can hold, and what a server calls them. A string is plain `bytes`."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Final, TypeAlias

from .arguments import maybe_integer
from .settings import Version


class List(list[bytes]):
    """A list, head first."""


class Hash(dict[bytes, bytes]):
    """A hash: fields and values, in the order the fields came."""


class Members(dict[bytes, None]):
    """A set: its members, in the order they came."""

    @classmethod
    def of(cls, members: Iterable[bytes]) -> Members:
        """Make a set of some members."""
        return cls((member, None) for member in members)


class SortedSet(dict[bytes, float]):
    """A sorted set: members and their scores."""

    def in_order(self, *, backwards: bool = False) -> list[tuple[bytes, float]]:
        """Return the pairs by score, and by name where scores are equal."""
        return sorted(self.items(), key=lambda pair: (pair[1], pair[0]), reverse=backwards)


Value: TypeAlias = "bytes | List | Hash | Members | SortedSet"

_TYPE_NAMES: Final[dict[type, bytes]] = {
    bytes: b"string",
    List: b"list",
    Hash: b"hash",
    Members: b"set",
    SortedSet: b"zset",
}
_LARGEST_OF_INTEGERS: Final = 512


def type_name(value: Value | None) -> bytes:
    """Name a value's type as TYPE does; `none` for a missing key."""
    return b"none" if value is None else _TYPE_NAMES[type(value)]


def copy_of(value: Value) -> Value:
    """Return an equal value that shares nothing mutable with this one."""
    match value:
        case List():
            return List(value)
        case Hash():
            return Hash(value)
        case Members():
            return Members(value)
        case SortedSet():
            return SortedSet(value)
    return value


def encoding_name(value: Value, version: Version) -> bytes:
    """Name how a server of a version would store a value, by the default thresholds, as OBJECT ENCODING does."""
    if isinstance(value, bytes):
        if maybe_integer(value) is not None:
            return b"int"
        return b"embstr" if len(value) <= 44 else b"raw"
    small = b"listpack" if version >= (7, 0, 0) else b"ziplist"
    match value:
        case Hash():
            return small if _is_small(value, [*value, *value.values()]) else b"hashtable"
        case SortedSet():
            return small if _is_small(value, value) else b"skiplist"
        case Members():
            if len(value) <= _LARGEST_OF_INTEGERS and all(maybe_integer(each) is not None for each in value):
                return b"intset"
            return b"listpack" if version >= (7, 2, 0) and _is_small(value, value) else b"hashtable"
    # A list fits into one node up to 8 KiB; older servers had no name of its own for that.
    return b"listpack" if version >= (7, 2, 0) and sum(map(len, value)) <= 8192 else b"quicklist"


def _is_small(value: Collection[bytes], pieces: Iterable[bytes]) -> bool:
    return len(value) <= 128 and all(len(each) <= 64 for each in pieces)
