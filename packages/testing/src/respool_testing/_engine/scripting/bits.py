"""The `bit` library of scripts: operations on 32 bits, whose results are signed.

https://bitop.luajit.org/api.html
"""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from operator import and_, or_, xor
from typing import Final

_MASK: Final = 2**32 - 1


def tobit(number: float, *_: float) -> int:
    """Return a number as 32 bits with a sign."""
    bits = round(number) & _MASK
    return bits - 2**32 if bits >= 2**31 else bits


def tohex(number: float, digits: float = 8, *_: float) -> bytes:
    """Return the last digits of a number in base 16, in capitals if `digits` is negative."""
    wanted = min(abs(tobit(digits)), 8)
    text = f"{tobit(number) & _MASK:08x}"[8 - wanted :]
    return (text.upper() if digits < 0 else text).encode()


def bnot(number: float, *_: float) -> int:
    """Turn every bit over."""
    return tobit(~tobit(number))


def bswap(number: float, *_: float) -> int:
    """Reverse the four bytes."""
    return tobit(int.from_bytes((tobit(number) & _MASK).to_bytes(4, "little"), "big"))


def lshift(number: float, places: float, *_: float) -> int:
    """Shift to the left."""
    return tobit((tobit(number) & _MASK) << _places(places))


def rshift(number: float, places: float, *_: float) -> int:
    """Shift to the right; zeros follow."""
    return tobit((tobit(number) & _MASK) >> _places(places))


def arshift(number: float, places: float, *_: float) -> int:
    """Shift to the right; the sign follows."""
    return tobit(tobit(number) >> _places(places))


def rol(number: float, places: float, *_: float) -> int:
    """Rotate to the left."""
    bits, count = tobit(number) & _MASK, _places(places)
    return tobit(bits << count | bits >> (32 - count))


def ror(number: float, places: float, *_: float) -> int:
    """Rotate to the right."""
    return rol(number, 32 - _places(places))


def _places(number: float) -> int:
    return tobit(number) & 31


def _folded(operation: Callable[[int, int], int]) -> Callable[..., int]:
    return lambda *numbers: tobit(reduce(operation, map(tobit, numbers)))


OPERATIONS: Final[dict[str, Callable[..., int | bytes]]] = {
    "arshift": arshift,
    "band": _folded(and_),
    "bnot": bnot,
    "bor": _folded(or_),
    "bswap": bswap,
    "bxor": _folded(xor),
    "lshift": lshift,
    "rol": rol,
    "ror": ror,
    "rshift": rshift,
    "tobit": tobit,
    "tohex": tohex,
}
ARITY: Final = dict.fromkeys(("arshift", "lshift", "rol", "ror", "rshift"), 2)
