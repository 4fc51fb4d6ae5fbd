"""Commands that count: strings read and written as numbers.

https://redis.io/docs/latest/commands/?group=string
"""

from __future__ import annotations

from decimal import Decimal, localcontext

from respool_testing.replies import Reply

from ..arguments import decimal, fits, integer
from ..call import Call
from ..errors import CommandError
from ..registry import Family

family = Family("string")


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
    """Add two numbers and spell the sum without an exponent, with up to 17 decimal places."""
    total = old + step if old.is_finite() and step.is_finite() else Decimal("nan")
    if not total.is_finite():
        raise CommandError("ERR increment would produce NaN or Infinity")
    with localcontext() as context:
        context.prec = 400  # the widest number a server can hold, in full
        text = f"{total:.17f}"
    text = text.rstrip("0").rstrip(".")
    return b"0" if text in ("-0", "") else text.encode()


def _add(call: Call, step: int) -> int:
    key = call.args[0]
    old = call.db.get_typed(key, bytes)
    total = sum_of(integer(b"0" if old is None else old), step)
    call.db.put(key, b"%d" % total, keep_expiry=True)
    return total
