"""Parts of the pool: its ledger, which decides and knows no connections, so that any object may stand for one."""

from __future__ import annotations

import asyncio

from benchmarks.parts.part import Part, Repeated
from respool._pool.ledger import Ledger

CONNECTIONS = 10
TIMES = 1000


def leasing(connections: int) -> Repeated:
    """Return turns that lease and give back, with `connections` idle."""
    ledger: Ledger[object] = Ledger(connections, object, asyncio.LifoQueue)
    leased = [ledger.lease() for _ in range(connections)]
    for each in leased:
        assert each is not None
        ledger.opened(each)
        ledger.put_idle(each)

    def lease() -> None:
        connection = ledger.lease()
        assert connection is not None
        ledger.opened(connection)
        ledger.put_idle(connection)

    return Repeated(lease, TIMES)


PARTS = (
    Part("ledger", "a slot leased and given back", TIMES, lambda: leasing(CONNECTIONS)),
    Part("ledger-10k", "the same among 10,000 connections", TIMES, lambda: leasing(10_000)),
)
