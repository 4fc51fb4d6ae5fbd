"""Bytes to replies: hiredis, made safe for a FIFO.

A reply is None, bool, int, float, bytes, list or dict; an error reply is an `ErrorReply` (also inside lists) and a
push is a `Push`. Text is never decoded here: each request knows its own encoding. What the parser cannot take
raises one of `MALFORMED`, after which it is of no use and its connection must end.
"""

from __future__ import annotations

from collections.abc import Iterator

from hiredis import ProtocolError as MalformedReply
from hiredis import PushNotification as Push
from hiredis import Reader
from hiredis import ReplyError as ErrorReply

__all__ = ["MALFORMED", "ErrorReply", "Push", "ReplyParser"]

MALFORMED = (MalformedReply, TypeError, ValueError, OverflowError, MemoryError)
"""What hiredis raises for bytes it cannot take: an unhashable map key is a TypeError, a length bomb a MemoryError."""

_ATTRIBUTE = ord("|")
_NOTHING = object()


class ReplyParser:
    """Parses one byte stream. Memory grows only with the bytes of the one reply under way."""

    __slots__ = ("_gets", "_reader")

    def __init__(self) -> None:
        self._reader = Reader(notEnoughData=_NOTHING)
        self._gets = self._reader.gets

    def feed(self, data: bytes) -> Iterator[object]:
        """Return an iterator over the replies that `data` completes; take them all before feeding more.

        Iterating raises one of `MALFORMED` where the stream stops being RESP. Written without a frame of
        its own around the parser: it runs once for every reply there is.
        """
        if b"\n|" in data or (data[0] == _ATTRIBUTE and not self._reader.has_data()):
            return self._feed_looking_for_attributes(data)
        self._reader.feed(data)
        return iter(self._gets, _NOTHING)

    def _feed_looking_for_attributes(self, data: bytes) -> Iterator[object]:
        # hiredis gives an attribute out as a list of its own, which would shift every reply after it by one.
        # Between two elements its buffer is empty, so a "|" right there is one, and nowhere else is.
        start = 0
        while start < len(data):
            if data[start] == _ATTRIBUTE and not self._reader.has_data():
                raise MalformedReply("an attribute (RESP3 '|'), which is not supported")
            line_end = data.find(b"\n|", start)
            stop = len(data) if line_end < 0 else line_end + 1
            self._reader.feed(data[start:stop])
            yield from iter(self._gets, _NOTHING)
            start = stop
