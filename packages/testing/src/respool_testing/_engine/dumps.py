"""Values as the bytes that DUMP gives out and RESTORE takes back: a format of our own.

Real servers refuse it, as we refuse theirs: both end in a checksum, and neither's is right for the other.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from typing import Final

from .errors import CommandError
from .values import Hash, List, Members, SortedSet, Value

MAGIC: Final = b"respool1"
_SIZE: Final = 8
_CHECKSUM: Final = 4


def dumped(value: Value) -> bytes:
    """Return a value as bytes."""
    match value:
        case List():
            kind, pieces = b"l", list(value)
        case Hash():
            kind, pieces = b"h", [piece for pair in value.items() for piece in pair]
        case Members():
            kind, pieces = b"m", list(value)
        case SortedSet():
            kind, pieces = (
                b"z",
                [piece for member, score in value.items() for piece in (member, b"%r" % score)],
            )
        case _:
            kind, pieces = b"s", [value]
    body = MAGIC + kind + b"".join(len(each).to_bytes(_SIZE, "big") + each for each in pieces)
    return body + _checksum(body)


def loaded(data: bytes) -> Value:
    """Return the value that was dumped; refuse what was not dumped here, or was changed since."""
    body, checksum = data[:-_CHECKSUM], data[-_CHECKSUM:]
    if not body.startswith(MAGIC) or checksum != _checksum(body):
        raise CommandError("ERR DUMP payload version or checksum are wrong")
    kind, pieces = body[len(MAGIC) : len(MAGIC) + 1], list(_pieces(body[len(MAGIC) + 1 :]))
    if kind == b"l":
        return List(pieces)
    if kind == b"h":
        return Hash(zip(pieces[::2], pieces[1::2], strict=True))
    if kind == b"m":
        return Members.of(pieces)
    if kind == b"z":
        return SortedSet(zip(pieces[::2], map(float, pieces[1::2]), strict=True))
    return pieces[0]


def _pieces(data: bytes) -> Iterable[bytes]:
    while data:
        end = _SIZE + int.from_bytes(data[:_SIZE], "big")
        yield data[_SIZE:end]
        data = data[end:]


def _checksum(body: bytes) -> bytes:
    return zlib.crc32(body).to_bytes(_CHECKSUM, "big")
