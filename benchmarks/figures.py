"""Statistics of a few noisy samples. Pure: lists of numbers in, numbers out.

A ratio is taken between two samples of the same round, which saw the same weather on the machine; the median
over the rounds is what is reported, and the middle half of the rounds is how sure we are of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

__all__ = ["Ratio", "advantage", "median", "percentile"]


@dataclass(frozen=True)
class Ratio:
    """How many times better one is than the other, and between what bounds half of the rounds lay."""

    median: float
    low: float
    high: float


def percentile(values: Sequence[float], percent: float) -> float:
    """Return the smallest of `values` that at least `percent` of them do not exceed."""
    if not values:
        raise ValueError("a percentile of nothing")
    if not 0 <= percent <= 100:
        raise ValueError(f"percent is between 0 and 100, not {percent}")
    ordered = sorted(values)
    rank = -(-len(ordered) * percent // 100)  # rounded up
    return ordered[max(int(rank) - 1, 0)]


def advantage(ours: Sequence[float], theirs: Sequence[float], *, higher_is_better: bool) -> Ratio:
    """Return how many times better `ours` are than `theirs`, round by round; above 1 is better."""
    if len(ours) != len(theirs):
        raise ValueError(f"{len(ours)} rounds cannot be compared with {len(theirs)}")
    pairs = zip(ours, theirs, strict=True)
    ratios = [(mine / other if higher_is_better else other / mine) for mine, other in pairs]
    return Ratio(median(ratios), percentile(ratios, 25), percentile(ratios, 75))
