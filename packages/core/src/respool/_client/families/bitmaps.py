"""Commands on the bits of strings."""

from __future__ import annotations

from asyncio import Future
from typing import Generic, Literal, TypeAlias, TypeVar

from respool._client.families.arguments import Words, incomplete
from respool._client.families.family import Family
from respool._wire.values import KeyT

T = TypeVar("T")

BitUnit: TypeAlias = Literal["BYTE", "BIT"]

BitOffset: TypeAlias = int | str
"""A position in bits, or `"#3"` for that many widths of the field."""

BitFieldOperation: TypeAlias = (
    tuple[Literal["GET"], str, BitOffset]
    | tuple[Literal["SET", "INCRBY"], str, BitOffset, int]
    | tuple[Literal["OVERFLOW"], Literal["WRAP", "SAT", "FAIL"]]
)
"""A step of `bitfield`: what to do, type ("u8", signed "i16"), offset, value. OVERFLOW holds for later steps."""


class BitmapCommands(Family[T], Generic[T]):
    """Commands on bits. Positions count from 0, the highest bit of the first byte."""

    def bitcount(
        self, key: KeyT, start: int | None = None, end: int | None = None, mode: BitUnit | None = None
    ) -> Future[int]:
        """Return how many bits are set, all or from `start` to `end`: bytes, or bits by `mode`.

        https://redis.io/docs/latest/commands/bitcount/
        """
        why = incomplete(start=start, end=end)
        if mode is not None and start is None:
            why = "mode is for a range: give start and end"
        return self._run_unless(why, (b"BITCOUNT", key, *_given(start, end, mode)))

    def bitfield(self, key: KeyT, *operations: BitFieldOperation) -> Future[list[int | None]]:
        """Read and write integers of any width; the result of each step, None where OVERFLOW FAIL forbade it.

        `bitfield("k", ("SET", "u8", 0, 200), ("INCRBY", "i5", "#1", -1), ("GET", "u4", 0))`
        https://redis.io/docs/latest/commands/bitfield/
        """
        return self._run((b"BITFIELD", key, *(word for step in operations for word in step)))

    def bitfield_ro(self, key: KeyT, *fields: tuple[str, BitOffset]) -> Future[list[int]]:
        """Return integers by type and offset: `bitfield_ro("k", ("u8", 0))`; replicas take it.

        https://redis.io/docs/latest/commands/bitfield_ro/
        """
        return self._run((b"BITFIELD_RO", key, *(word for field in fields for word in (b"GET", *field))))

    def bitop(
        self,
        operation: Literal["AND", "OR", "XOR", "NOT", "DIFF", "DIFF1", "ANDOR", "ONE"],
        dest: KeyT,
        *keys: KeyT,
    ) -> Future[int]:
        """Store the bits of keys joined at `dest`; return how many bytes. The last four need Redis 8.2.

        https://redis.io/docs/latest/commands/bitop/
        """
        return self._run((b"BITOP", operation, dest, *keys))

    def bitpos(
        self,
        key: KeyT,
        bit: Literal[0, 1],
        start: int | None = None,
        end: int | None = None,
        mode: BitUnit | None = None,
    ) -> Future[int]:
        """Return the position of the first such bit, -1 for none; the range as for `bitcount`.

        https://redis.io/docs/latest/commands/bitpos/
        """
        why = None
        if start is None and end is not None:
            why = "end needs a start"
        elif mode is not None and end is None:
            why = "mode needs a start and an end"
        return self._run_unless(why, (b"BITPOS", key, bit, *_given(start, end, mode)))

    def getbit(self, key: KeyT, offset: int) -> Future[int]:
        """Return one bit. https://redis.io/docs/latest/commands/getbit/"""
        return self._run((b"GETBIT", key, offset))

    def setbit(self, key: KeyT, offset: int, value: Literal[0, 1]) -> Future[int]:
        """Set one bit; return what it was. https://redis.io/docs/latest/commands/setbit/"""
        return self._run((b"SETBIT", key, offset, value))


def _given(*words: int | str | None) -> Words:
    return tuple(word for word in words if word is not None)
