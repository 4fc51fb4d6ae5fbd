"""Ranges of a sorted set: by rank, by score, by name. Pure functions over sorted pairs."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from .arguments import decimal
from .errors import CommandError

Pair: TypeAlias = "tuple[bytes, float]"
Wanted: TypeAlias = "Callable[[Pair], bool]"


@dataclass(frozen=True, slots=True)
class Limit:
    """LIMIT offset count; a negative count is all, a negative offset is nothing."""

    offset: int = 0
    count: int = -1

    def of(self, pairs: Sequence[Pair]) -> Sequence[Pair]:
        """Return the part of a range that is wanted."""
        if self.offset < 0:
            return ()
        end = None if self.count < 0 else self.offset + self.count
        return pairs[self.offset : end]


def between_ranks(pairs: Sequence[Pair], first: int, last: int) -> Sequence[Pair]:
    """Return the pairs from one place to another, the last one included; negative places count from the end."""
    start = max(first + len(pairs) if first < 0 else first, 0)
    stop = last + len(pairs) if last < 0 else last
    return pairs[start : max(stop + 1, start)]


def between_scores(low: bytes, high: bytes) -> Wanted:
    """Read two scores, `(` in front of one that is left out; return what tells whether a pair is between them."""
    (least, above), (most, below) = _score(low), _score(high)

    def is_wanted(pair: Pair) -> bool:
        over = pair[1] > least if above else pair[1] >= least
        return over and (pair[1] < most if below else pair[1] <= most)

    return is_wanted


def between_names(low: bytes, high: bytes) -> Wanted:
    """Read two names, marked by `[` or `(`, or `-` and `+`; return what tells whether a pair is between them."""
    least, most = _name(low, beyond=1), _name(high, beyond=-1)
    return lambda pair: least <= (0, pair[0], 0) <= most


def _score(text: bytes) -> tuple[float, bool]:
    is_open = text.startswith(b"(")
    try:
        score = float(decimal(text[1:] if is_open else text))
    except CommandError:
        raise CommandError("ERR min or max is not a float") from None
    if math.isnan(score):
        raise CommandError("ERR min or max is not a float")
    return score, is_open


def _name(text: bytes, *, beyond: int) -> tuple[int, bytes, int]:
    """Return where a bound stands among names, which stand at `(0, name, 0)`; `beyond` it if it is left out."""
    if text in (b"-", b"+"):
        return (-1 if text == b"-" else 1), b"", 0
    if text[:1] not in (b"[", b"("):
        raise CommandError("ERR min or max not valid string range item")
    return 0, text[1:], beyond if text.startswith(b"(") else 0
