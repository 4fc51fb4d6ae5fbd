"""How long a command may keep its connection waiting, each in its own unit. Reads words; never raises."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TypeAlias

from respool._wire._command_arguments import STREAM_OPTIONS, find_option, number

Words: TypeAlias = Sequence[object]
Reader: TypeAlias = Callable[[Words], float | None]

_MILLISECONDS = 0.001


def _seconds(argument: object, unit: float = 1.0) -> float:
    """Return a timeout in seconds, for ever as infinity.

    What the server refuses (no number, a negative one) is 0: its error comes without waiting.
    """
    value = number(argument) * unit
    return math.inf if value == 0 else value if value > 0 else 0.0


def _argument(position: int, unit: float = 1.0) -> Reader:
    return lambda argv: _seconds(argv[position] if -len(argv) <= position < len(argv) else None, unit)


def _block_option(argv: Words) -> float | None:
    at = find_option(argv, b"BLOCK", STREAM_OPTIONS, 1)
    if at is None:
        return None
    return _seconds(argv[at + 1] if at + 1 < len(argv) else None, _MILLISECONDS)


_last = _argument(-1)

TIMEOUTS: dict[str, Reader] = {
    "BLMOVE": _last,
    "BLMOVEM": _argument(5),
    "BLMPOP": _argument(1),
    "BLPOP": _last,
    "BRPOP": _last,
    "BRPOPLPUSH": _last,
    "BZMPOP": _argument(1),
    "BZPOPMAX": _last,
    "BZPOPMIN": _last,
    "WAIT": _argument(2, _MILLISECONDS),
    "WAITAOF": _argument(3, _MILLISECONDS),
    "XREAD": _block_option,
    "XREADGROUP": _block_option,
}
"""Seconds a command may block, by name; infinity for ever, None where its options do not make it block."""
