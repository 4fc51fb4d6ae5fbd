"""Commands on the bits of strings: one at a time, and counted. BITOP, BITPOS and BITFIELD are not here.

https://redis.io/docs/latest/commands/?group=bitmap
"""

from __future__ import annotations

from typing import Final

from respool_testing.replies import Reply

from ..arguments import integer, maybe_integer
from ..call import Call
from ..errors import CommandError, syntax_error
from ..registry import Family

family = Family("bitmap")

_BITS: Final = 8
_TOO_FAR: Final = 2**32


@family.command("getbit", arity=3, flags="readonly fast", keys=(1, 1, 1), since="2.2.0")
def getbit(call: Call) -> Reply:
    offset = _offset(call.args[1])
    return _bit(call.db.get_or_new(call.args[0], bytes), offset)


@family.command("setbit", arity=4, flags="write denyoom", keys=(1, 1, 1), since="2.2.0")
def setbit(call: Call) -> Reply:
    key, place, wanted = call.args
    offset = _offset(place)
    if wanted not in (b"0", b"1"):
        raise CommandError("ERR bit is not an integer or out of range")
    old = call.db.get_or_new(key, bytes)
    text = bytearray(old.ljust(offset // _BITS + 1, b"\0"))
    mask = 0x80 >> offset % _BITS
    text[offset // _BITS] = text[offset // _BITS] | mask if wanted == b"1" else text[offset // _BITS] & ~mask
    call.db.put(key, bytes(text), keep_expiry=True)
    return _bit(old, offset)


@family.command("bitcount", arity=-2, flags="readonly", keys=(1, 1, 1), since="2.6.0")
def bitcount(call: Call) -> Reply:
    key, *words = call.args
    text = call.db.get_typed(key, bytes)
    if text is None:
        return 0
    if not words:
        return _ones(text)
    if len(words) not in (2, 3) or (len(words) == 3 and words[2].upper() not in (b"BYTE", b"BIT")):
        raise syntax_error()
    by_bits = len(words) == 3 and words[2].upper() == b"BIT"
    unit = 1 if by_bits else _BITS
    first, last = _span(integer(words[0]), integer(words[1]), len(text) * _BITS // unit)
    digits = bin(int.from_bytes(b"\1" + text, "big"))[3:]  # the one in front keeps the zeros
    return digits[first * unit : (last + 1) * unit].count("1")


def _offset(text: bytes) -> int:
    offset = maybe_integer(text)
    if offset is None or not 0 <= offset < _TOO_FAR:
        raise CommandError("ERR bit offset is not an integer or out of range")
    return offset


def _bit(text: bytes, offset: int) -> int:
    return text[offset // _BITS] >> (7 - offset % _BITS) & 1 if offset // _BITS < len(text) else 0


def _ones(text: bytes) -> int:
    return bin(int.from_bytes(text, "big")).count("1")


def _span(first: int, last: int, length: int) -> tuple[int, int]:
    """Return two places counted from the start, where negative ones were counted from the end."""
    start, stop = (max(each + length, 0) if each < 0 else each for each in (first, last))
    return start, min(stop, length - 1)
