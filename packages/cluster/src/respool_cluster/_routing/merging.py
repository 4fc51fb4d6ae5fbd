"""How the replies of several nodes become one. Values only.

As servers advise (https://redis.io/docs/latest/develop/reference/command-tips/#response_policy).
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import TypeAlias

Merge: TypeAlias = Callable[[Sequence[object]], object]


def first(replies: Sequence[object]) -> object:
    """Return the first: all say the same."""
    return replies[0]


def total(replies: Sequence[object]) -> int:
    """Return the sum."""
    return sum(_numbers(replies))


def all_elements(replies: Sequence[object]) -> list[object]:
    """Return what is in any of the lists."""
    return [each for reply in _lists(replies) for each in reply]


def distinct(replies: Sequence[object]) -> list[object]:
    """Return what is in any of the lists, once."""
    return list(dict.fromkeys(all_elements(replies)))


def totals(replies: Sequence[object]) -> list[object]:
    """Return names, each with the sum of the numbers that stand behind it."""
    sums: dict[object, int] = {}
    for reply in _lists(replies):
        for name, number in zip(reply[::2], _numbers(reply[1::2]), strict=True):
            sums[name] = sums.get(name, 0) + number
    return [word for pair in sums.items() for word in pair]


def any_one(replies: Sequence[object]) -> object:
    """Return one of those that are something, whichever; None where none is."""
    found = [reply for reply in replies if reply is not None]
    return random.choice(found) if found else None


def _by_element(choose: Callable[[Sequence[int]], int]) -> Merge:
    """Return what chooses among numbers, or among those in the same place of lists."""

    def merge(replies: Sequence[object]) -> object:
        if isinstance(replies[0], list):
            return [choose(_numbers(column)) for column in zip(*_lists(replies), strict=True)]
        return choose(_numbers(replies))

    return merge


def _numbers(replies: Sequence[object]) -> list[int]:
    return [reply for reply in replies if isinstance(reply, int)]


def _lists(replies: Sequence[object]) -> list[list[object]]:
    return [reply for reply in replies if isinstance(reply, list)]


BY_POLICY: Mapping[str, Merge] = MappingProxyType(
    {
        "all_succeeded": first,
        "one_succeeded": first,
        "agg_sum": total,
        "agg_min": _by_element(min),
        "agg_max": _by_element(max),
        "agg_logical_and": _by_element(min),
        "agg_logical_or": _by_element(max),
    }
)
"""How to merge, by response policy: of truths, which are 0 or 1, the least is "and"."""
