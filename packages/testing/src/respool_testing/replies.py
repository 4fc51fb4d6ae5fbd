"""What a server can say, as plain values that belong to neither protocol version.

A command answers with these; the encoder writes them as RESP2 or RESP3, and `RawConnection` reads them back.
`bytes` is a bulk string, `int` an integer, `float` a double, `None` a null, a list an array. Nothing here
knows a socket.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias


@dataclass(frozen=True, slots=True)
class Simple:
    """A status reply: `+OK`."""

    text: bytes


@dataclass(frozen=True, slots=True)
class Error:
    """An error reply, code first: `-WRONGTYPE Operation against ...`."""

    text: bytes

    @classmethod
    def of(cls, text: str) -> Error:
        """Make an error reply from its text; line breaks, which the protocol cannot carry, become spaces."""
        flat = text.replace("\r", " ").replace("\n", " ")
        return cls(flat.encode("utf-8", "surrogateescape"))

    @property
    def code(self) -> str:
        """Return the first word, by which clients choose an exception."""
        return self.text.split(b" ", 1)[0].decode("latin-1")


@dataclass(frozen=True, slots=True)
class NullArray:
    """The null a RESP2 server says where an array was expected (`*-1`); RESP3 has one null for everything."""


@dataclass(frozen=True, slots=True)
class Map:
    """Pairs in the order the server says them; a flat array in RESP2."""

    pairs: Sequence[tuple[Reply, Reply]]

    @classmethod
    def of(cls, **fields: Reply) -> Map:
        """Make a map whose keys are words; an underscore stands for a dash."""
        return cls([(name.replace("_", "-").encode(), value) for name, value in fields.items()])


@dataclass(frozen=True, slots=True)
class Set:
    """An unordered collection; an array in RESP2."""

    members: Sequence[Reply]


@dataclass(frozen=True, slots=True)
class Push:
    """An out-of-band message; an array in RESP2, where only pub/sub uses it."""

    items: Sequence[Reply]


@dataclass(frozen=True, slots=True)
class Verbatim:
    """Text with a three-letter format; a bulk string in RESP2."""

    text: bytes
    format: bytes = b"txt"


@dataclass(frozen=True, slots=True)
class BigNumber:
    """An integer of any size; a bulk string in RESP2."""

    value: int


@dataclass(frozen=True, slots=True)
class Several:
    """Replies that follow each other on the wire: one for each channel of a SUBSCRIBE."""

    replies: Sequence[Reply]


Scalar: TypeAlias = "bool | int | float | bytes | Simple | Error | NullArray | Verbatim | BigNumber | None"
Reply: TypeAlias = "Scalar | Sequence[Reply] | Map | Set | Push | Several"

OK: Final = Simple(b"OK")
QUEUED: Final = Simple(b"QUEUED")
PONG: Final = Simple(b"PONG")
NULL_ARRAY: Final = NullArray()
