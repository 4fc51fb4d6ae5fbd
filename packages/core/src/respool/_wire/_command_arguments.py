"""Arguments read as a server reads them: numbers of any type, options in any case. Never raises."""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence

from respool._wire.encoding import upper_word


def number(argument: object) -> float:
    """Return a number, however it is given; NaN for what is none."""
    if not isinstance(argument, (int, float, str, bytes, bytearray, memoryview)):
        return math.nan
    try:
        return float(bytes(argument) if isinstance(argument, memoryview) else argument)
    except (ValueError, OverflowError):
        return math.nan


ALL_THAT_FOLLOWS = sys.maxsize

STREAM_OPTIONS = {
    b"GROUP": 2,
    b"COUNT": 1,
    b"BLOCK": 1,
    b"NOACK": 0,
    b"CLAIM": 1,
    b"STREAMS": ALL_THAT_FOLLOWS,
}
"""Options of XREAD and XREADGROUP, and how many words belong to each."""


def find_option(argv: Sequence[object], name: bytes, options: dict[bytes, int], start: int) -> int | None:
    """Return the position of option `name`, or None where it is not given.

    `options` says how many words belong to each: those are never looked at, for a consumer may be called STREAMS.
    An option it does not know is passed over: a newer server may know it.
    """
    at = start
    while at < len(argv):
        option = upper_word(argv[at])
        if option == name:
            return at
        at += 1 + options.get(option, 0)
    return None
