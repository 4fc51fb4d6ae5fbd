"""Which commands a cache may answer, and which keys a command changes. Decides from the words of the command alone.

What may be answered reads nothing but the keys it names, says the same as long as those do not change, and is
reported by the server when they do. So no TTL (time goes on), no SRANDMEMBER (chance), no OBJECT or MEMORY (what
reading changes), no SCAN of any kind, no SORT_RO (BY and GET read keys it does not name), no scripts.
"""

from __future__ import annotations

from collections.abc import Sequence

from respool._wire.commands import CommandFlag, is_read_only, keys, lookup
from respool._wire.values import ValueT

_NAMES = """
    EXISTS EXPIRETIME PEXPIRETIME TYPE
    BITCOUNT BITFIELD_RO BITPOS GET GETBIT GETRANGE LCS MGET STRLEN SUBSTR
    HEXISTS HEXPIRETIME HGET HGETALL HKEYS HLEN HMGET HPEXPIRETIME HSTRLEN HVALS
    LINDEX LLEN LPOS LRANGE
    SCARD SDIFF SINTER SINTERCARD SISMEMBER SMEMBERS SMISMEMBER SUNION
    ZCARD ZCOUNT ZDIFF ZINTER ZINTERCARD ZLEXCOUNT ZMSCORE ZRANGE ZRANGEBYLEX ZRANGEBYSCORE ZRANK
    ZREVRANGE ZREVRANGEBYLEX ZREVRANGEBYSCORE ZREVRANK ZSCORE ZUNION
    GEODIST GEOHASH GEOPOS GEORADIUSBYMEMBER_RO GEORADIUS_RO GEOSEARCH
    PFCOUNT XLEN XRANGE XREVRANGE
"""
CACHEABLE = frozenset(_NAMES.encode().split())

EVERYTHING = None
"""What FLUSHALL and its like change."""


def is_cacheable(args: Sequence[ValueT]) -> bool:
    """Tell whether a cache may answer this command."""
    name = args[0] if args else b""
    if name.__class__ is bytes and name in CACHEABLE:  # as our own methods spell them
        return True
    command = lookup(name) if isinstance(name, (str, bytes)) else None
    return command is not None and command.name.encode() in CACHEABLE


def read_keys(args: Sequence[ValueT], encoding: str) -> list[bytes]:
    """Return the keys that a command names, as they go over the wire."""
    return [wire_word(args[at], encoding) for at in keys(args)]


def changed_keys(args: Sequence[ValueT], encoding: str) -> list[bytes] | None:
    """Return the keys that a command may change, `EVERYTHING` where it may change any.

    Of a script those it was given. Of a command that nobody knows (a module's) every word may be one.
    """
    if is_read_only(args):
        return []
    command = lookup(*args[:2])  # type: ignore[arg-type]  # whatever it is: names are text
    if command is None:
        return [wire_word(word, encoding) for word in args[1:]]
    found = read_keys(args, encoding)
    return EVERYTHING if CommandFlag.WRITE in command.flags and not found else found


def wire_word(word: ValueT, encoding: str) -> bytes:
    """Return an argument, which can be sent, as the server will read it."""
    if isinstance(word, bytes):
        return word
    if isinstance(word, str):
        return word.encode(encoding)
    if isinstance(word, (bytearray, memoryview)):
        return bytes(word)
    return float.__repr__(word).encode() if isinstance(word, float) else b"%d" % word
