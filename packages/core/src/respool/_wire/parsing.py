"""Bytes to replies: hiredis, made safe for a FIFO and for a server that lies.

A reply is None, bool, int, float, bytes, list or dict; an error reply is a `RedisError`, not raised (also inside
lists), and a push is a `Push`. Sets are lists; big numbers and verbatim texts are bytes. Text is never decoded
here: each request knows its own encoding. What the parser cannot take raises one of `MALFORMED`, after which it is
of no use and its connection must end: what is not RESP, more than `MAX_REPLY` bytes for one reply, a thousand
levels, and

- attributes, which a server sends only if told so (DEBUG PROTOCOL ATTRIB),
- blob errors and chunked replies, which no released server sends,
- maps whose keys are lists or maps, which only a script can bring about (`return {map={[{1}]=2}}` over RESP3).

A map that holds a key twice (XREAD that names a stream twice, over RESP3) comes with one of its values lost:
hiredis gives a value to the key that stands last in the dict.

Memory follows what has arrived, not what was announced, and is given back when the reply is out.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from itertools import chain

from hiredis import ProtocolError as MalformedReply
from hiredis import PushNotification as Push
from hiredis import Reader

from respool._wire._announcements import (
    ATTRIBUTE,
    SMALLEST_ELEMENT,
    VALUE,
    announcement,
    is_doubtful,
    next_doubt,
)
from respool._wire.error_replies import error_from_reply

__all__ = ["MALFORMED", "MAX_REPLY", "MalformedReply", "Push", "ReplyParser"]

MALFORMED = (MalformedReply, TypeError, ValueError, OverflowError, MemoryError)
"""What hiredis raises for bytes it cannot take: an unhashable map key is a TypeError, a length bomb a MemoryError."""

MAX_REPLY = 1024 * 1024 * 1024
"""Bytes of one reply: room for two of the longest values that a server stores unless configured otherwise."""

_RENEWAL = 64 * 1024
"""Bytes after which hiredis is replaced at the next end of a reply, for its buffer never shrinks by itself."""

_LINE_END = ord("\n")
_NOTHING = object()


class ReplyParser:
    """The replies of one socket, in order. Not to be used again once it raised."""

    __slots__ = ("_announced", "_arrived", "_gets", "_held", "_inside", "_passing", "_reader", "_wanted")

    def __init__(self) -> None:
        self._held: list[bytes] = []
        """What arrived and hiredis has not been shown."""
        self._wanted = 0
        """How much must have arrived before it is."""
        self._passing = 0
        """How much of what comes belongs to a large value."""
        self._inside = False
        """Whether the last byte was amidst an element: its mark alone leaves no trace in hiredis."""
        self._renew()

    def _renew(self) -> None:
        self._reader = Reader(replyError=error_from_reply, notEnoughData=_NOTHING)
        self._gets = self._reader.gets
        self._arrived = 0
        """Bytes of the reply under way, or a little more."""
        self._announced = 0
        """Elements that were announced in it, as far as it took a doubt to notice."""

    def feed(self, data: bytes) -> Iterator[object]:
        """Return an iterator over the replies that `data`, which is not empty, completes.

        Take them all before feeding more. Iterating raises one of `MALFORMED` where the stream stops being
        RESP. Written without a frame of its own around the parser: it runs once for every reply there is.
        """
        self._arrived += len(data)
        if (
            self._arrived >= _RENEWAL
            or data[-1] != _LINE_END
            or ((42 in data or 62 in data or 124 in data or 126 in data) and is_doubtful(data))  # * > | ~
        ):
            careful = self._pass_by if self._passing > len(data) else self._feed_carefully
            return chain.from_iterable(careful(data))
        self._reader.feed(data)
        return iter(self._gets, _NOTHING)

    def _feed_carefully(self, data: bytes) -> Iterator[list[object]]:
        """Yield the replies bunch by bunch, with a look at every announcement and at the size of it all."""
        if self._held:
            self._held.append(data)
            if self._arrived < self._wanted:
                return
            data = b"".join(self._held)
            self._held.clear()
        shown, after = 0, self._passing
        while (at := next_doubt(data, after)) < len(data):
            yield from self._show(data, shown, at)
            shown, after = at, at + 1
            # Between two elements hiredis has nothing left to read, behind the end of a line: only there is it an
            # announcement.
            if self._reader.has_data() or (self._inside if at == 0 else data[at - 1] != _LINE_END):
                continue
            announced = announcement(data, at)
            wanted = self._judge(data[at], announced[0]) if announced else 0
            if announced is None or self._arrived < wanted:
                self._hold(data[at:], wanted)
                return
            if data[at] == VALUE:
                after = sum(announced)
            else:
                self._announced += announced[0]
        self._passing = max(0, after - len(data))
        self._inside = data[-1] != _LINE_END
        if self._passing or self._inside:
            self._stay_careful()
        yield from self._finish(data, shown)

    def _pass_by(self, data: bytes) -> Iterator[list[object]]:
        """Show hiredis what lies amidst a large value: nothing is announced in it, nor completed."""
        self._passing -= len(data)
        self._inside = data[-1] != _LINE_END
        self._reader.feed(data)
        self._check_size()
        return iter(())

    def _check_size(self) -> None:
        if self._arrived > MAX_REPLY:
            raise MalformedReply(f"a reply of more than {MAX_REPLY} bytes")

    def _finish(self, data: bytes, shown: int) -> Iterator[list[object]]:
        # Only if the very last byte completes a reply, nothing of another one is in hiredis yet. So it is shown alone,
        # but amidst a value: there it completes none, and hiredis would make room for the same value once more.
        apart = len(data) if self._passing else len(data) - 1
        yield from self._show(data, shown, apart)
        is_end_of_reply = yield from self._show(data, apart, len(data))
        self._check_size()
        if is_end_of_reply and self._arrived >= _RENEWAL:
            self._renew()

    def _show(self, data: bytes, start: int, stop: int) -> Generator[list[object], None, bool]:
        """Show hiredis a part of `data`; yield the replies it completes and return whether there were any."""
        replies: list[object] = []
        self._reader.feed(data, start, stop - start)
        try:
            replies.extend(iter(self._gets, _NOTHING))
        except MALFORMED:
            yield replies
            raise
        if replies:
            yield replies
            self._announced = 0
            self._arrived = min(self._arrived, _RENEWAL + len(data) - start)
        return bool(replies)

    def _judge(self, mark: int, count: int) -> int:
        """Return how much must have arrived before hiredis may see an announcement of `count` bytes or elements."""
        if mark == ATTRIBUTE:
            # hiredis gives it out as a list of its own, which would shift every reply after it by one.
            raise MalformedReply("an attribute (RESP3 '|'), which is not supported")
        announced = count if mark == VALUE else SMALLEST_ELEMENT * (self._announced + count)
        if announced > MAX_REPLY:
            raise MalformedReply(f"an announcement of {count}, for which {MAX_REPLY} bytes have no room")
        return 0 if mark == VALUE else announced

    def _hold(self, data: bytes, wanted: int) -> None:
        self._held.append(data)
        self._wanted = wanted
        self._passing = 0  # what is held is behind the value that was passed by
        self._inside = False
        self._stay_careful()

    def _stay_careful(self) -> None:
        self._arrived = max(self._arrived, _RENEWAL)
