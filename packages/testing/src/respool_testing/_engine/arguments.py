"""Reading arguments the way servers do, with their complaints. Pure functions over bytes."""

from __future__ import annotations

import math
import re
from decimal import Decimal, InvalidOperation
from typing import Final

from .errors import CommandError, not_an_integer

INTEGER_MIN: Final = -(2**63)
INTEGER_MAX: Final = 2**63 - 1

# No leading zeros, plus signs or spaces: what does not print back the same is not an integer to a server.
_INTEGER: Final = re.compile(rb"-?[1-9][0-9]{0,18}|0")
_FLOAT: Final = re.compile(rb"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")
_INFINITIES: Final = {b"inf": math.inf, b"+inf": math.inf, b"-inf": -math.inf}


def integer(text: bytes) -> int:
    """Read a signed 64-bit integer."""
    number = maybe_integer(text)
    if number is None:
        raise not_an_integer()
    return number


def maybe_integer(text: bytes) -> int | None:
    """Read a signed 64-bit integer; None if it is not one."""
    if not _INTEGER.fullmatch(text):
        return None
    number = int(text)
    return number if INTEGER_MIN <= number <= INTEGER_MAX else None


def fits(number: int) -> bool:
    """Tell whether a number is a signed 64-bit integer."""
    return INTEGER_MIN <= number <= INTEGER_MAX


def small_integer(text: bytes) -> int:
    """Read a signed 32-bit integer."""
    number = integer(text)
    if not -(2**31) <= number < 2**31:
        raise CommandError(f"ERR value is out of range, value must between {-(2**31)} and {2**31 - 1}")
    return number


def positive(text: bytes, complaint: str) -> int:
    """Read an integer of at least 1; raise `complaint` for a smaller one."""
    number = integer(text)
    if number < 1:
        raise CommandError(complaint)
    return number


def decimal(text: bytes) -> Decimal:
    """Read a finite or infinite number exactly as written."""
    if text.lower() in _INFINITIES:
        return Decimal(_INFINITIES[text.lower()])
    if not _FLOAT.fullmatch(text):
        raise CommandError("ERR value is not a valid float")
    try:
        return Decimal(text.decode())
    except InvalidOperation:
        raise CommandError("ERR value is not a valid float") from None


def timeout(text: bytes) -> int | None:
    """Read a blocking timeout in seconds; return microseconds, None for ever (which is written 0)."""
    try:
        seconds = decimal(text)
    except CommandError:
        raise CommandError("ERR timeout is not a float or out of range") from None
    if seconds < 0:
        raise CommandError("ERR timeout is negative")
    if not seconds.is_finite() or seconds * 1000 > INTEGER_MAX:
        raise CommandError("ERR timeout is out of range")
    # Servers count in milliseconds and round up, so that the shortest timeout is not for ever.
    return math.ceil(seconds * 1000) * 1000 or None


def switch(text: bytes) -> bool:
    """Read ON or OFF."""
    if text.upper() not in (b"ON", b"OFF"):
        raise CommandError("ERR syntax error")
    return text.upper() == b"ON"
