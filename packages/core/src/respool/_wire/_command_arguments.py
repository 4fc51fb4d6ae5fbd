"""Arguments read as a server reads them: words of any case and type, numbers, options. Never raises."""

from __future__ import annotations

import math
import sys
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
        option = word(argv[at])
        if option == name:
            return at
        at += 1 + options.get(option, 0)
    return None
