"""How often a node that cannot be reached is tried. No clock, no I/O: the time is an argument."""

from __future__ import annotations

import random
from collections.abc import Callable

FIRST_SECONDS = 0.02
"""After the first failure; twice as long after each that follows."""

MOST_SECONDS = 0.25


class Breaker:
    """Remembers when one node may be tried again. Many callers want to, many clients do: pauses differ by chance."""

    def __init__(self, uniform: Callable[[float, float], float] = random.uniform) -> None:
        self._uniform = uniform
        self._failures = 0
        self._next = 0.0
        self.reason: BaseException | None = None
        """What it failed with last; None where it did not."""

    def pause(self, now: float) -> float:
        """Return the seconds for which it is not to be tried."""
        return max(0.0, self._next - now) if self._failures else 0.0

    def failed(self, now: float, reason: BaseException) -> None:
        """Take note that it could not be reached."""
        longest = min(MOST_SECONDS, FIRST_SECONDS * 2.0 ** min(self._failures, 10))
        self._failures += 1
        self._next = now + self._uniform(longest / 2, longest)
        self.reason = reason

    def succeeded(self) -> None:
        """Take note that it was reached."""
        self._failures = 0
        self.reason = None
