"""The order of things on one socket: which requests wait, which were written, which reply belongs to whom.

Pure: no socket, no loop, no clock. The server answers in the order it was asked, so a reply belongs to the
head of `inflight`; nothing ever leaves the middle of that queue. What all requests of one
write share (when it was sent, how large it was) is kept once, in its batch.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence

from respool._connection.bundle import Bundle
from respool._connection.deadlines import Deadlines
from respool._connection.request import Request
from respool._wire.encoding import Buffer, Payload

MAX_REQUESTS = 128 * 1024
"""Requests in flight on one socket, from which further ones wait in order."""

MAX_BYTES = 64 * 1024 * 1024
"""Bytes in flight on one socket, from which further requests wait in order."""

_FORGETTING = 0.1


class _Batch:
    """One write: how many replies it expects, its bytes, when it was sent."""

    __slots__ = ("count", "sent_at", "size")

    def __init__(self, count: int, size: int, sent_at: float) -> None:
        self.count = count
        self.size = size
        self.sent_at = sent_at


class Fifo:
    """The requests of one socket, from called to answered."""

    __slots__ = (
        "_batches",
        "_max_bytes",
        "_max_requests",
        "_size",
        "deadlines",
        "folded",
        "has_silent",
        "inflight",
        "mean_seconds",
        "unsent",
    )

    def __init__(self, max_requests: int = MAX_REQUESTS, max_bytes: int = MAX_BYTES) -> None:
        self.unsent: deque[Request[object]] = deque()
        self.inflight: deque[Request[object]] = deque()
        self.deadlines = Deadlines()
        self.folded = 0
        """How many commands in flight have no entry of their own in `inflight`, but are in a bundle behind another."""
        self.has_silent = False
        self.mean_seconds = 0.0
        self._batches: deque[_Batch] = deque()
        self._size = 0
        self._max_requests = max_requests
        self._max_bytes = max_bytes

    def __len__(self) -> int:
        return len(self.unsent) + len(self.inflight) + self.folded

    def pending(self) -> list[Request[object]]:
        """Return the requests that somebody still waits for, oldest first."""
        return [
            request
            for queue in (self.inflight, self.unsent)
            for request in _singly(queue)
            if not request.done()
        ]

    # ---- writing

    def take(self, now: float) -> tuple[Sequence[Buffer], list[Request[object]]]:
        """Move what may be written now into flight: the buffers to write, and the requests done by that alone.

        What was cancelled meanwhile is left out, unless it is part of a group.
        """
        room, bytes_left = self._room(), self._max_bytes - self._size
        if room <= 0 or bytes_left <= 0:
            return (), []
        if len(self.unsent) <= room:
            asked = list(self.unsent)
            self.unsent.clear()
        else:
            asked = [self.unsent.popleft() for _ in range(room)]
        batch = [request for request in asked if not request.future.done() or request.grouped]
        joined = _joined_whole([request.payload for request in batch], bytes_left)
        if joined is not None:
            buffers: Sequence[Buffer] = (joined,)
        else:
            batch = self._within_bytes(batch)
            buffers = _joined([request.payload for request in batch])
        silent = [request for request in batch if request.silent] if self.has_silent else []
        if silent:
            batch = [request for request in batch if not request.silent]
        self.book(batch, sum(map(len, buffers)), now)
        return buffers, silent

    def take_bundle(self, bundle: Bundle, now: float) -> bytes | None:
        """Move a bundle into flight that nobody is ahead of: what to write; None where it is not one plain write."""
        if len(bundle) > self._room() or not bundle.seal():
            return None
        joined = _joined_whole(bundle.payloads, self._max_bytes - self._size)
        if joined is not None:
            self.inflight.append(bundle)
            self.folded += len(bundle) - 1
            self._book(len(bundle), len(joined), now)
        return joined

    def _room(self) -> int:
        return self._max_requests - len(self.inflight) - self.folded

    def book(self, batch: Sequence[Request[object]], size: int, now: float) -> None:
        """Take note that `batch` is written, in one write of `size` bytes, and will be answered."""
        if batch:
            self.inflight.extend(batch)
            self._book(len(batch), size, now)

    def _book(self, count: int, size: int, now: float) -> None:
        self._batches.append(_Batch(count, size, now))
        self._size += size

    def _within_bytes(self, batch: list[Request[object]]) -> list[Request[object]]:
        size = self._size
        for taken, request in enumerate(batch):
            if taken and size >= self._max_bytes:
                self.unsent.extendleft(reversed(batch[taken:]))
                return batch[:taken]
            size += _length(request.payload)
        return batch

    # ---- reading

    def answer(self, bundle: Bundle, replies: Sequence[object]) -> None:
        """Give the bundle at the head its next replies."""
        bundle.answer(replies)
        if self.inflight and self.inflight[0] is bundle:  # unless a converter had everything abandoned
            self.folded -= len(replies)
            if not bundle.left:
                self.inflight.popleft()
                self.folded += 1

    def unfold(self) -> None:
        """Put requests in the place of every bundle, for what comes befalls only some of its commands."""
        # A bundle that waits for one more reply only is the head: the others are whole.
        if self.folded or (self.inflight and self.inflight[0].__class__ is Bundle):
            requests = list(_singly(self.inflight))
            self.inflight.clear()
            self.inflight.extend(requests)
            self.folded = 0

    def settle(self, answered: int, now: float) -> None:
        """Take note that the `answered` oldest requests got their replies."""
        while answered:
            batch = self._batches[0]
            if batch.count > answered:
                batch.count -= answered
                return
            answered -= batch.count
            self._batches.popleft()
            self._size -= batch.size
            seconds = now - batch.sent_at
            if self.mean_seconds:
                self.mean_seconds += _FORGETTING * (seconds - self.mean_seconds)
            else:
                self.mean_seconds = seconds

    @property
    def waiting_since(self) -> float | None:
        """When the request at the head was sent; None with nothing in flight."""
        return self._batches[0].sent_at if self._batches else None

    # ---- running out of time

    def next_deadline(self) -> float | None:
        """Return the soonest deadline that somebody still waits for."""
        default = next((request.deadline for request in self._with_default_deadline()), None)
        own = self.deadlines.soonest()
        return min(default, own) if default is not None and own is not None else default or own

    def expire(self, now: float) -> tuple[list[Request[object]], list[Request[object]]]:
        """Return the requests past their deadline: those that were written, and those that were not.

        The former stay where they are, for their replies to find them over; the latter will not be sent any more.
        """
        due = {id(request): request for request in self.deadlines.take_due(now)}
        for request in self._with_default_deadline():
            if request.deadline > now:
                break
            due[id(request)] = request
        unsent = [request for request in self.unsent if id(request) in due] if due else []
        if unsent:
            kept = [request for request in self.unsent if id(request) not in due]
            self.unsent.clear()
            self.unsent.extend(kept)
        for request in unsent:
            del due[id(request)]
        return list(_singly(due.values())), unsent

    def _with_default_deadline(self) -> Iterator[Request[object]]:
        for queue in (self.inflight, self.unsent):
            for request in queue:
                if not (request.done() or hasattr(request, "timed")):
                    yield request

    # ---- the end

    def abandon(self) -> tuple[list[Request[object]], list[Request[object]]]:
        """Empty it: the requests that were written and never answered, and those that were never written."""
        unanswered = [request for request in _singly(self.inflight) if not request.done()]
        unsent = [request for request in self.unsent if not request.done()]
        for queue in (self.inflight, self.unsent, self._batches):
            queue.clear()
        self.deadlines.clear()
        self._size = self.folded = 0
        return unanswered, unsent


def _singly(entries: Iterable[Request[object]]) -> Iterator[Request[object]]:
    """Return the requests themselves, where a bundle stands in line for its own."""
    for entry in entries:
        if isinstance(entry, Bundle):
            yield from entry.requests()
        else:
            yield entry


def _length(payload: Payload) -> int:
    return len(payload) if isinstance(payload, bytes) else sum(map(len, payload))


def _joined_whole(payloads: Sequence[Payload], limit: int) -> bytes | None:
    """Join payloads, or return None: one is in pieces (large values go uncopied), or they exceed `limit` bytes."""
    if sum(map(len, payloads)) > limit:
        return None
    try:
        return b"".join(payloads)  # type: ignore[arg-type]  # pieces are what the except is for
    except TypeError:
        return None


def _joined(payloads: Sequence[Payload]) -> list[Buffer]:
    """Join what is small and keep what is large as it is."""
    buffers: list[Buffer] = []
    small: list[bytes] = []
    for payload in payloads:
        if isinstance(payload, bytes):
            small.append(payload)
            continue
        buffers.append(b"".join(small))
        small.clear()
        buffers += payload
    if small:
        buffers.append(b"".join(small))
    return [buffer for buffer in buffers if len(buffer)]
