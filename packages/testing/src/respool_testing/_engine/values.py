"""The types of value a key can hold, and what a server calls them. A string is plain `bytes`."""

from __future__ import annotations

from typing import Final, TypeAlias

from .arguments import maybe_integer


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


def encoding_name(value: Value) -> bytes:
    """Name how a server would store a value, as OBJECT ENCODING does, by the default thresholds."""
    if isinstance(value, bytes):
        if maybe_integer(value) is not None:
            return b"int"
        return b"embstr" if len(value) <= 44 else b"raw"
    small = len(value) <= 128 and all(len(each) <= 64 for each in value)
    if isinstance(value, Hash):
        return b"listpack" if small and all(len(each) <= 64 for each in value.values()) else b"hashtable"
    return b"listpack" if small else b"quicklist"
