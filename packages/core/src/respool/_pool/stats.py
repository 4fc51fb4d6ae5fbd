"""A pool in figures, at one moment: read from its ledger, never counted beside it."""

from __future__ import annotations

from collections.abc import Iterable

from respool._connection.base import BaseConnection
from respool._pool.ledger import Ledger, Use
from respool._wire.tuples import NamedTuple


class PoolStats(NamedTuple):
    """How many connections a pool has and what they are held for."""

    limit: int | None
    """How many there may be; None for no bound."""

    size: int = 0
    """Connections in all: the sum of the uses below."""

    idle: int = 0
    opening: int = 0
    """On their way to a holder: being opened, checked, or handed over."""

    leased: int = 0
    shared: int = 0
    settling: int = 0
    """Released or retired, with replies outstanding."""

    waiting: int = 0
    """Callers in line for a connection."""

    requests_pending: int = 0
    """Requests on all connections that wait for their reply or to be written."""


def take_stats(ledger: Ledger[BaseConnection], parked: Iterable[object]) -> PoolStats:
    """Read the figures; `parked` are requests that have no connection yet."""
    return PoolStats(
        limit=ledger.limit,
        size=len(ledger),
        idle=ledger.count(Use.IDLE),
        opening=ledger.count(Use.OPENING) + ledger.count(Use.HANDED),
        leased=ledger.count(Use.LEASED),
        shared=ledger.count(Use.SHARED),
        settling=ledger.count(Use.SETTLING) + ledger.count(Use.RETIRING),
        waiting=ledger.waiting,
        requests_pending=sum(each.requests_pending for each in ledger) + sum(1 for _ in parked),
    )
