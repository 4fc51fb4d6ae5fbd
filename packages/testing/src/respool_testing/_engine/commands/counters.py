"""Commands that count: strings read and written as numbers.

https://redis.io/docs/latest/commands/?group=string
"""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Final

from respool_testing.replies import Reply

from ..arguments import decimal, fits, integer
from ..call import Call
from ..errors import CommandError
from ..registry import Family

family = Family("string")

_SIGNIFICANT_BITS: Final = 64
_LARGEST: Final = 2**16384


@family.command("incr", arity=2, flags="write denyoom fast", keys=(1, 1, 1))
def incr(call: Call) -> Reply:
    return _add(call, 1)


@family.command("decr", arity=2, flags="write denyoom fast", keys=(1, 1, 1))
def decr(call: Call) -> Reply:
    return _add(call, -1)


@family.command("incrby", arity=3, flags="write denyoom fast", keys=(1, 1, 1))
def incrby(call: Call) -> Reply:
    return _add(call, integer(call.args[1]))


@family.command("decrby", arity=3, flags="write denyoom fast", keys=(1, 1, 1))
def decrby(call: Call) -> Reply:
    step = integer(call.args[1])
    if not fits(-step):
        raise CommandError("ERR decrement would overflow")
    return _add(call, -step)


@family.command("incrbyfloat", arity=3, flags="write denyoom fast", keys=(1, 1, 1), since="2.6.0")
def incrbyfloat(call: Call) -> Reply:
    key, step = call.args
    old = call.db.get_typed(key, bytes)
    text = sum_of_decimals(decimal(b"0" if old is None else old), decimal(step))
    call.db.put(key, text, keep_expiry=True)
    return text


def sum_of(old: int, step: int) -> int:
    """Add two 64-bit integers; refuse to overflow."""
    if not fits(old + step):
        raise CommandError("ERR increment or decrement would overflow")
    return old + step


def sum_of_decimals(old: Decimal, step: Decimal) -> bytes:
    """Add two numbers and spell the sum without an exponent, with up to 17 decimal places.

    Servers count in the 80-bit floats of their processors; so do we, or large sums would differ from theirs.
    """
    if not (old.is_finite() and step.is_finite()):
        raise CommandError("ERR increment would produce NaN or Infinity")
    total = _rounded(_rounded(Fraction(old)) + _rounded(Fraction(step)))
    if abs(total) > _LARGEST:
        raise CommandError("ERR increment would produce NaN or Infinity")
    places = round(abs(total) * 10**17)
    whole, part = divmod(places, 10**17)
    text = f"{whole}.{part:017d}".rstrip("0").rstrip(".")
    return f"-{text}".encode() if total < 0 and places else text.encode()


def _rounded(number: Fraction) -> Fraction:
    """Round to the 64 significant bits of an 80-bit float."""
    size = abs(number.numerator).bit_length() - number.denominator.bit_length()
    unit = Fraction(2) ** (size - _SIGNIFICANT_BITS)
    while abs(number) >= unit * 2**_SIGNIFICANT_BITS:
        unit *= 2
    return round(number / unit) * unit


def _add(call: Call, step: int) -> int:
    key = call.args[0]
    old = call.db.get_typed(key, bytes)
    total = sum_of(integer(b"0" if old is None else old), step)
    call.db.put(key, b"%d" % total, keep_expiry=True)
    return total
