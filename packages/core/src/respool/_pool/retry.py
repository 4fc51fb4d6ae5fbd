"""When a failed request may be sent again, and after how long. No clock, no I/O.

At most once: a command that may have been executed is repeated only if it is read-only.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from respool._connection.request import Request
from respool._pool.chance import uniform
from respool._wire.commands import is_read_only
from respool.errors import (
    BusyLoadingError,
    ConnectionError,
    InvalidResponse,
    PrimaryDownError,
    RedisError,
    TryAgainError,
)

_REFUSED = (BusyLoadingError, PrimaryDownError, TryAgainError)


@dataclass(frozen=True)
class RetryPolicy:
    """Exponential backoff with full jitter: up to `base * 2 ** attempt` seconds, never above `cap`."""

    attempts: int = 3
    base: float = 0.02
    cap: float = 0.5
    uniform: Callable[[float, float], float] = uniform

    def delay(self, attempt: int) -> float:
        """Return the seconds to wait before attempt number `attempt`, counted from 0."""
        return self.uniform(0.0, min(self.cap, self.base * 2.0 ** min(attempt, 1000)))

    def may_repeat(self, request: Request[object], error: RedisError) -> bool:
        """Tell whether to send a request again that failed with `error`, attempts and deadline aside.

        To be overridden by who knows better what a failure means. Asked once for each failure, it must not wait; True
        for a command that may have been executed executes it twice.
        """
        return may_repeat(request, error)


def may_repeat(request: Request[object], error: RedisError) -> bool:
    """Tell whether sending `request` again cannot execute it twice."""
    if request.grouped:
        return False  # one command of a sequence alone would mean something else
    if isinstance(error, _REFUSED):
        return True
    if not isinstance(error, (ConnectionError, InvalidResponse)):
        return False
    return not error.maybe_executed or is_read_only(request.args)
