"""What silence on a socket means, and when to look at it again. Decides; knows no timer and no socket.

Silence counts from the last byte that arrived, or from the write of the request at the head if that was later. It is
*suspect* after about a second, because others may know of a failover by then; the socket is *gone* when the
head's time ran out in silence, whether or not somebody still waits for its reply. A server busy with a slow script is
suspect, too, and must not be punished for it; and a command that blocks on purpose is neither before its time.
"""

from __future__ import annotations

from math import inf

from respool._connection.fifo import Fifo

SUSPECT_SECONDS = 1.0
"""Silence with requests in flight, from which the owner is told; again every further second."""

TRUSTED_SECONDS = 10.0
"""Idle time from which a connection is asked for a sign of life before it is used again."""

PROBE_SECONDS = 1.0
"""Time for that sign of life."""


class Silence:
    """Judges the silence round one FIFO. `timeout` is the default deadline of its requests, in seconds."""

    __slots__ = ("_fifo", "_timeout", "last_received")

    def __init__(self, fifo: Fifo, timeout: float, now: float) -> None:
        self._fifo = fifo
        self._timeout = timeout
        self.last_received = now

    @property
    def since(self) -> float | None:
        """When it began to matter; None with nothing in flight."""
        sent_at = self._fifo.waiting_since
        return None if sent_at is None else max(sent_at, self.last_received)

    def gone_at(self) -> float:
        """Return when the socket will be gone, if nothing arrives before.

        The head may have been written late, or asked for little time: half of a default deadline must be silence.
        """
        since = self.since
        return inf if since is None else max(self._fifo.inflight[0].deadline, since + self._timeout / 2)

    def is_suspect(self, now: float) -> bool:
        """Tell whether it lasts although the head asked for no more patience than any other."""
        since, sent_at = self.since, self._fifo.waiting_since
        return (
            since is not None
            and sent_at is not None
            and self._fifo.inflight[0].deadline <= sent_at + self._timeout
            and now >= since + SUSPECT_SECONDS  # said as in `next_look`: a difference rounds otherwise
        )

    def next_look(self, now: float) -> float:
        """Return when a deadline passes or silence becomes suspect or final; infinity with nothing under way."""
        deadline, since = self._fifo.next_deadline(), self.since
        if since is None:
            return inf if deadline is None else deadline
        suspect_at = since + SUSPECT_SECONDS
        if now >= suspect_at:
            suspect_at = now + SUSPECT_SECONDS
        return min(inf if deadline is None else deadline, suspect_at, self.gone_at())
