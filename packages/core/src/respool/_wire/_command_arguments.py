"""Arguments read as a server reads them: words of any case and type, numbers, options. Never raises."""

from __future__ import annotations

import math
from collections.abc import Sequence


def word(argument: object) -> bytes:
    """Return a word in upper case; nothing for what is neither text nor bytes."""
    if isinstance(argument, str):
        return argument.encode("utf-8", "replace").upper()
    if isinstance(argument, (bytes, bytearray, memoryview)):
        return bytes(argument).upper()
    return b""


def number(argument: object) -> float:
    """Return a number, however it is given; NaN for what is none."""
    if isinstance(argument, memoryview):
        argument = bytes(argument)
    if not isinstance(argument, (int, float, str, bytes, bytearray)):
        return math.nan
    try:
        return float(argument)
    except (ValueError, OverflowError):
        return math.nan


def find_option(argv: Sequence[object], name: bytes, skips: dict[bytes, int], start: int) -> int | None:
    """Return the position of option `name`, or None where it is not given.

    Looks at options only, never at their values: `skips` says how many words belong to each. An option it
    does not know ends the search, because what follows it cannot be told apart; the server refuses it too.
    """
    at = start
    while at < len(argv):
        option = word(argv[at])
        if option == name:
            return at
        if option not in skips:
            return None
        at += 1 + skips[option]
    return None


STREAM_OPTIONS = {b"GROUP": 2, b"COUNT": 1, b"BLOCK": 1, b"NOACK": 0, b"CLAIM": 1}
"""Options of XREAD and XREADGROUP, before STREAMS, and how many words follow each."""
