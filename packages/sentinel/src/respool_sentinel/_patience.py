"""How long a failover is waited for: as long as whoever asked has time. Decides; waits for nothing."""

from __future__ import annotations

import random
from dataclasses import dataclass

from respool import RetryPolicy
from respool.errors import ConnectionError, DataError, RedisError
from respool_sentinel._discovery import UnknownServiceError

_ENOUGH = 10
"""From this attempt on the pauses do not grow."""


@dataclass(frozen=True)
class Patience(RetryPolicy):
    """Try until the deadline, every quarter of a second in the end: a failover takes longer than three attempts."""

    attempts: int = 1_000_000
    base: float = 0.04
    cap: float = 0.25

    def delay(self, attempt: int) -> float:
        """Return the seconds to wait, at least half of what is allowed: all who wait try together, as often as one."""
        longest = min(self.cap, self.base * 2 ** min(attempt, _ENOUGH))
        return random.uniform(longest / 2, longest)


class ExhaustedError(ConnectionError):
    """The pool is full: that there is a failover changes nothing."""


def is_hopeless(error: RedisError) -> bool:
    """Tell whether a failover's end would not help."""
    return isinstance(error, (ExhaustedError, UnknownServiceError, DataError))
