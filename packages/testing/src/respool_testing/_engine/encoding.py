"""Replies to bytes, in either protocol. Decides nothing about what is said, only how it is spelled."""

from __future__ import annotations

import math
from collections.abc import Sequence

from respool_testing.replies import (
    BigNumber,
    Error,
    Map,
    NullArray,
    Push,
    Reply,
    Set,
    Several,
    Simple,
    Verbatim,
)


def encode(reply: Reply, protocol: int) -> bytes:
    """Spell a reply in protocol 2 or 3."""
    parts: list[bytes] = []
    _Writer(parts, resp3=protocol >= 3).write(reply)
    return b"".join(parts)


def format_double(value: float) -> bytes:
    """Spell a float as servers do: the shortest text that reads back the same, without a trailing `.0`."""
    if math.isinf(value):
        return b"inf" if value > 0 else b"-inf"
    if math.isnan(value):
        return b"nan"
    text = repr(value)
    return text.removesuffix(".0").encode()


class _Writer:
    __slots__ = ("parts", "resp3")

    def __init__(self, parts: list[bytes], *, resp3: bool) -> None:
        self.parts = parts
        self.resp3 = resp3

    def write(self, reply: Reply) -> None:
        match reply:
            case bytes():
                self._bulk(reply)
            case bool():
                self._line(b"#t" if reply else b"#f") if self.resp3 else self._line(b":%d" % reply)
            case int():
                self._line(b":%d" % reply)
            case None:
                self._line(b"_" if self.resp3 else b"$-1")
            case Simple(text):
                self._line(b"+" + text)
            case Error(text):
                self._line(b"-" + text)
            case NullArray():
                self._line(b"_" if self.resp3 else b"*-1")
            case float():
                self._line(b"," + format_double(reply)) if self.resp3 else self._bulk(format_double(reply))
            case _:
                self._compound(reply)

    def _compound(self, reply: Reply) -> None:
        match reply:
            case Map(pairs):
                self._items(b"%", [part for pair in pairs for part in pair], len(pairs))
            case Set(members):
                self._items(b"~", members)
            case Push(items):
                self._items(b">", items)
            case Verbatim(text, kind):
                self._blob(b"=", kind + b":" + text) if self.resp3 else self._bulk(text)
            case BigNumber(value):
                self._line(b"(%d" % value) if self.resp3 else self._bulk(b"%d" % value)
            case Several(replies):
                for each in replies:
                    self.write(each)
            case list() | tuple():
                self._items(b"*", reply)
            case _:
                raise TypeError(f"not something a server can say: {reply!r}")

    def _line(self, text: bytes) -> None:
        self.parts.append(text + b"\r\n")

    def _bulk(self, text: bytes) -> None:
        self._blob(b"$", text)

    def _blob(self, mark: bytes, text: bytes) -> None:
        self.parts.append(b"%b%d\r\n%b\r\n" % (mark, len(text), text))

    def _items(self, mark: bytes, items: Sequence[Reply], count: int | None = None) -> None:
        if self.resp3:
            self._line(b"%b%d" % (mark, len(items) if count is None else count))
        else:
            self._line(b"*%d" % len(items))
        for item in items:
            self.write(item)
