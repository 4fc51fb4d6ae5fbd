"""The types of value a key can hold, and what a server calls them. A string is plain `bytes`."""

from __future__ import annotations

from typing import Final, TypeAlias

from .arguments import maybe_integer
from .settings import Version


class List(list[bytes]):
    """A list, head first."""


class Hash(dict[bytes, bytes]):
    """A hash: fields and values, in the order the fields came."""


Value: TypeAlias = "bytes | List | Hash"

_TYPE_NAMES: Final[dict[type, bytes]] = {bytes: b"string", List: b"list", Hash: b"hash"}


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
    return value


def encoding_name(value: Value, version: Version) -> bytes:
    """Name how a server of a version would store a value, by the default thresholds, as OBJECT ENCODING does."""
    if isinstance(value, bytes):
        if maybe_integer(value) is not None:
            return b"int"
        return b"embstr" if len(value) <= 44 else b"raw"
    if isinstance(value, Hash):
        pieces = [*value, *value.values()]
        small = b"listpack" if version >= (7, 0, 0) else b"ziplist"
        return small if len(value) <= 128 and all(len(each) <= 64 for each in pieces) else b"hashtable"
    # A list fits into one node up to 8 KiB; older servers had no name of its own for that.
    return b"listpack" if version >= (7, 2, 0) and sum(map(len, value)) <= 8192 else b"quicklist"
