"""The figures of several pools in one."""

from __future__ import annotations

from collections.abc import Sequence

from respool import PoolStats


def add_up(limit: int | None, each: Sequence[PoolStats]) -> PoolStats:
    """Return the sums, with the limit over all."""
    return PoolStats(
        limit=limit,
        size=sum(stats.size for stats in each),
        idle=sum(stats.idle for stats in each),
        opening=sum(stats.opening for stats in each),
        leased=sum(stats.leased for stats in each),
        shared=sum(stats.shared for stats in each),
        settling=sum(stats.settling for stats in each),
        waiting=sum(stats.waiting for stats in each),
        requests_pending=sum(stats.requests_pending for stats in each),
    )
