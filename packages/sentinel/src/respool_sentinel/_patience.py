"""What is sent again during a failover, and how long one is waited for: as long as whoever asked has time.

Decides; waits for nothing.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Protocol

from respool import RetryPolicy
from respool.errors import ConnectionError, DataError, PrimaryDownError, ReadOnlyError, RedisError
from respool.lowlevel import Request
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


class Doubter(Protocol):
    """Who wants to know when a server turns out not to be the primary."""

    @property
    def is_primary(self) -> bool: ...

    def doubt(self) -> None: ...


@dataclass(frozen=True)
class ServicePolicy(RetryPolicy):
    """What failures mean to a service; all else is `inner`'s decision."""

    inner: RetryPolicy = Patience()
    doubter: Doubter | None = None

    @classmethod
    def around(cls, inner: RetryPolicy, doubter: Doubter) -> ServicePolicy:
        """Make one of the policy that somebody chose."""
        return cls(inner.attempts, inner.base, inner.cap, inner.uniform, inner, doubter)

    def delay(self, attempt: int) -> float:
        """Return the seconds to wait before attempt number `attempt`, counted from 0."""
        return self.inner.delay(attempt)

    def may_repeat(self, request: Request[object], error: RedisError) -> bool:
        """Tell whether to send a request again; what a former primary refused goes to the present one."""
        if is_hopeless(error):
            return False
        if isinstance(error, ReadOnlyError) and self.doubter is not None and self.doubter.is_primary:
            self.doubter.doubt()
            # Refused by a server that is no primary: to whoever decides that is what it is.
            error = PrimaryDownError(str(error))
        return self.inner.may_repeat(request, error)
