"""Which connections of a pool are to be closed, replaced or opened in advance. Decides; does nothing.

Only what nobody holds alone is ever touched. Times are in seconds.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum, auto
from math import inf

from respool._connection.base import BaseConnection
from respool._connection.settings import check_seconds
from respool._pool.chance import uniform
from respool._pool.ledger import Ledger, Use
from respool.errors import DataError

_SHORTEST_LIFE = 0.8


class Fate(Enum):
    """What becomes of a connection."""

    CLOSE = auto()
    RETIRE = auto()
    """Closed when its last replies are there; nothing more is sent on it."""


class Rules:
    """How a pool is kept. Zero turns `max_idle_time` off, infinity turns `max_lifetime` off."""

    def __init__(
        self,
        max_idle_time: float = 0,
        interval: float = 1,
        max_lifetime: float = inf,
        min_connections: int = 0,
    ) -> None:
        check_seconds("max_idle_time", max_idle_time)
        check_seconds("idle_check_interval", interval)
        check_seconds("max_connection_lifetime", max_lifetime)
        if min_connections < 0:
            raise DataError(f"min_connections is at least 0, not {min_connections}")
        self.max_idle_time = max_idle_time
        self.interval = interval
        self.max_lifetime = max_lifetime
        self.min_connections = min_connections

    @property
    def need_a_timer(self) -> bool:
        return bool(self.max_idle_time or self.min_connections or self.max_lifetime != inf)

    def lifetime(self) -> float:
        """Return how long one connection may live: a little less than allowed, so that not all end together."""
        return self.max_lifetime * uniform(_SHORTEST_LIFE, 1.0) if self.max_lifetime != inf else inf


def overdue(ledger: Ledger[BaseConnection], rules: Rules) -> Iterator[tuple[BaseConnection, Fate]]:
    """Tell which connections have to go, one at a time: whoever asks acts before it asks on."""
    for connection in ledger.held_for(Use.IDLE):
        if connection.is_worn or (
            len(ledger) > rules.min_connections and _is_idle_too_long(connection, rules)
        ):
            yield connection, Fate.CLOSE
    for connection in ledger.held_for(Use.SHARED):
        if connection.requests_pending:
            if connection.is_worn:
                yield connection, Fate.RETIRE
        elif connection.is_worn or (
            len(ledger) > rules.min_connections and _is_idle_too_long(connection, rules)
        ):
            yield connection, Fate.CLOSE


def missing(ledger: Ledger[BaseConnection], rules: Rules) -> int:
    """Return how many connections are to be opened in advance."""
    return max(0, rules.min_connections - len(ledger))


def _is_idle_too_long(connection: BaseConnection, rules: Rules) -> bool:
    return (
        bool(rules.max_idle_time)
        and connection.is_connected
        and connection.idle_seconds >= rules.max_idle_time
    )
