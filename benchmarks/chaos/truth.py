"""What the replies to INCR must be, key by key. Pure: it is told replies and failures, and finds fault with them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Truth:
    """One key, counted up by one caller, a call at a time: each reply is one more than the last.

    A call that failed without being able to say whether it was executed may have been.
    """

    last: int = 0
    doubts: int = 0
    """Calls since the last reply that may have been executed."""

    lost: int = 0
    """Executions that were acknowledged and are not there."""

    duplicated: int = 0
    """Executions that nobody asked for."""

    def replied(self, value: int) -> None:
        """Take note of the reply to one more call."""
        self._compare(value, self.last + 1)

    def failed(self, *, maybe_executed: bool) -> None:
        """Take note of a call without a reply."""
        self.doubts += maybe_executed

    def left(self) -> None:
        """Take note that nobody waits any more for the call under way: it may have been executed."""
        self.failed(maybe_executed=True)

    def stored(self, value: int) -> None:
        """Take note of what the key holds when all calls are over."""
        self._compare(value, self.last)

    def _compare(self, value: int, least: int) -> None:
        self.lost += max(0, least - value)
        self.duplicated += max(0, value - least - self.doubts)
        self.last, self.doubts = value, 0
