"""The requests whose deadline is their own, soonest first. No clock: the time is an argument.

A connection's default deadline needs no entry here, because requests that share it expire in the order of the FIFO.
"""

from __future__ import annotations

import heapq
from itertools import count

from respool._connection.request import Request

_COMPACT_FROM = 64


class Deadlines:
    """A heap that forgets what is over, so that a short-lived request with a long deadline costs nothing later."""

    __slots__ = ("_heap", "_limit", "_sequence")

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Request[object]]] = []
        self._sequence = count()
        self._limit = _COMPACT_FROM

    def add(self, request: Request[object]) -> None:
        if len(self._heap) >= self._limit:
            self._compact()
        heapq.heappush(self._heap, (request.deadline, next(self._sequence), request))

    def soonest(self) -> float | None:
        """Return the next deadline that still matters to somebody."""
        heap = self._heap
        while heap and heap[0][2].done():
            heapq.heappop(heap)
        return heap[0][0] if heap else None

    def take_due(self, now: float) -> list[Request[object]]:
        due = []
        while (soonest := self.soonest()) is not None and soonest <= now:
            due.append(heapq.heappop(self._heap)[2])
        return due

    def clear(self) -> None:
        self._heap.clear()

    def _compact(self) -> None:
        self._heap = [entry for entry in self._heap if not entry[2].done()]
        heapq.heapify(self._heap)
        self._limit = max(_COMPACT_FROM, 2 * len(self._heap))
