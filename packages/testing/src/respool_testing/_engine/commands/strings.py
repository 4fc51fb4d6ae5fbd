"""Commands on strings: SET and GET in all their forms. Counting has a file of its own.

https://redis.io/docs/latest/commands/?group=string
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from respool_testing.replies import OK, Reply

from ..arguments import INTEGER_MAX, integer
from ..call import Call
from ..errors import CommandError, syntax_error
from ..registry import Family

family = Family("string")

_MAX_LENGTH: Final = 512 * 1024 * 1024
# Option -> (unit in milliseconds, whether it says a moment rather than a span).
_EXPIRIES: Final = {b"EX": (1000, False), b"PX": (1, False), b"EXAT": (1000, True), b"PXAT": (1, True)}


@dataclass(slots=True)
class _Options:
    """What the words after SET's value or GETEX's key ask for."""

    words: frozenset[bytes]
    expiry: tuple[bytes, bytes] | None = None


def expiry_moment(call: Call, text: bytes, unit: int, *, absolute: bool) -> int:
    """Turn an expiry argument into milliseconds since the epoch; refuse zero, less, and overflow."""
    number = integer(text)
    moment = number * unit + (0 if absolute else call.now_ms)
    if number <= 0 or moment > INTEGER_MAX:
        raise CommandError(f"ERR invalid expire time in '{call.command.name}' command")
    return moment


def store(call: Call, key: bytes, value: bytes, expires_at: int | None = None) -> None:
    """Put a string, unless it would already have expired: then the key is gone at once."""
    if expires_at is not None and expires_at <= call.now_ms:
        call.db.delete(key)
    else:
        call.db.put(key, value, expires_at=expires_at)


@family.command("get", arity=2, flags="readonly fast", keys=(1, 1, 1))
def get(call: Call) -> Reply:
    return call.db.get_typed(call.args[0], bytes)


@family.command("set", arity=-3, flags="write denyoom", keys=(1, 1, 1))
def set_(call: Call) -> Reply:
    key, value, *rest = call.args
    options = _parse(
        rest, {b"NX", b"XX", b"GET", b"KEEPTTL"}, exclusive=({b"NX", b"XX"}, {b"KEEPTTL", b"expiry"})
    )
    expires_at = _expiry(call, options)
    old = call.db.get_typed(key, bytes) if b"GET" in options.words else None
    answer = old if b"GET" in options.words else OK
    if (b"NX" in options.words and key in call.db) or (b"XX" in options.words and key not in call.db):
        return old
    if b"KEEPTTL" in options.words:
        call.db.put(key, value, keep_expiry=True)
    else:
        store(call, key, value, expires_at)
    return answer


@family.command("getex", arity=-2, flags="write fast", keys=(1, 1, 1), since="6.2.0")
def getex(call: Call) -> Reply:
    key, *rest = call.args
    options = _parse(rest, {b"PERSIST"}, exclusive=({b"PERSIST", b"expiry"},))
    value = call.db.get_typed(key, bytes)
    if value is None:
        return None
    expires_at = _expiry(call, options)
    if expires_at is not None and expires_at <= call.now_ms:
        call.db.delete(key)
    elif expires_at is not None or (b"PERSIST" in options.words and call.db.expiry(key) is not None):
        call.db.set_expiry(key, expires_at)
    return value


@family.command("getdel", arity=2, flags="write fast", keys=(1, 1, 1), since="6.2.0")
def getdel(call: Call) -> Reply:
    value = call.db.get_typed(call.args[0], bytes)
    call.db.delete(call.args[0])
    return value


@family.command("getset", arity=3, flags="write denyoom fast", keys=(1, 1, 1))
def getset(call: Call) -> Reply:
    old = call.db.get_typed(call.args[0], bytes)
    call.db.put(*call.args)
    return old


@family.command("setnx", arity=3, flags="write denyoom fast", keys=(1, 1, 1))
def setnx(call: Call) -> Reply:
    key, value = call.args
    if key in call.db:
        return 0
    call.db.put(key, value)
    return 1


@family.command("setex", arity=4, flags="write denyoom", keys=(1, 1, 1), since="2.0.0")
def setex(call: Call) -> Reply:
    key, seconds, value = call.args
    store(call, key, value, expiry_moment(call, seconds, 1000, absolute=False))
    return OK


@family.command("psetex", arity=4, flags="write denyoom", keys=(1, 1, 1), since="2.6.0")
def psetex(call: Call) -> Reply:
    key, milliseconds, value = call.args
    store(call, key, value, expiry_moment(call, milliseconds, 1, absolute=False))
    return OK


@family.command("mget", arity=-2, flags="readonly fast", keys=(1, -1, 1), tips="request_policy:multi_shard")
def mget(call: Call) -> Reply:
    values = [call.db.get(key) for key in call.args]
    return [value if isinstance(value, bytes) else None for value in values]


@family.command(
    "mset",
    arity=-3,
    flags="write denyoom",
    keys=(1, -1, 2),
    since="1.0.1",
    tips="request_policy:multi_shard response_policy:all_succeeded",
)
def mset(call: Call) -> Reply:
    for key, value in _pairs(call):
        call.db.put(key, value)
    return OK


@family.command("msetnx", arity=-3, flags="write denyoom", keys=(1, -1, 2), since="1.0.1")
def msetnx(call: Call) -> Reply:
    pairs = _pairs(call)
    if any(key in call.db for key, _ in pairs):
        return 0
    for key, value in pairs:
        call.db.put(key, value)
    return 1


@family.command("append", arity=3, flags="write denyoom fast", keys=(1, 1, 1), since="2.0.0")
def append(call: Call) -> Reply:
    key, more = call.args
    value = call.db.get_or_new(key, bytes) + more
    _check_length(len(value))
    call.db.put(key, value, keep_expiry=True)
    return len(value)


@family.command("strlen", arity=2, flags="readonly fast", keys=(1, 1, 1), since="2.2.0")
def strlen(call: Call) -> Reply:
    return len(call.db.get_or_new(call.args[0], bytes))


@family.command("getrange", arity=4, flags="readonly", keys=(1, 1, 1), since="2.4.0")
def getrange(call: Call) -> Reply:
    return _range(call)


@family.command("substr", arity=4, flags="readonly", keys=(1, 1, 1))
def substr(call: Call) -> Reply:
    return _range(call)


def _range(call: Call) -> bytes:
    key, first, last = call.args
    start, end = integer(first), integer(last)
    value = call.db.get_or_new(key, bytes)
    if start < 0 and end < 0 and start > end:
        return b""
    start, end = (max(at + len(value), 0) if at < 0 else at for at in (start, end))
    return value[start : end + 1]


@family.command("setrange", arity=4, flags="write denyoom", keys=(1, 1, 1), since="2.2.0")
def setrange(call: Call) -> Reply:
    key, offset, piece = call.args
    at = integer(offset)
    if at < 0:
        raise CommandError("ERR offset is out of range")
    value = call.db.get_or_new(key, bytes)
    if not piece:
        return len(value)
    _check_length(at + len(piece))
    padded = value.ljust(at, b"\0")
    call.db.put(key, padded[:at] + piece + padded[at + len(piece) :], keep_expiry=True)
    return max(len(value), at + len(piece))


def _parse(words: list[bytes], known: set[bytes], *, exclusive: tuple[set[bytes], ...]) -> _Options:
    options = _Options(frozenset())
    seen: set[bytes] = set()
    at = 0
    while at < len(words):
        word = words[at].upper()
        if word in _EXPIRIES and options.expiry is None and at + 1 < len(words):
            options.expiry = (word, words[at + 1])
            seen.add(b"expiry")
            at += 1
        elif word in known:
            seen.add(word)
        else:
            raise syntax_error()
        at += 1
    if any(group <= seen for group in exclusive):
        raise syntax_error()
    options.words = frozenset(seen)
    return options


def _expiry(call: Call, options: _Options) -> int | None:
    if options.expiry is None:
        return None
    word, text = options.expiry
    unit, absolute = _EXPIRIES[word]
    return expiry_moment(call, text, unit, absolute=absolute)


def _pairs(call: Call) -> list[tuple[bytes, bytes]]:
    if len(call.args) % 2:
        raise CommandError(f"ERR wrong number of arguments for '{call.command.name}' command")
    return list(zip(call.args[::2], call.args[1::2], strict=True))


def _check_length(length: int) -> None:
    if length > _MAX_LENGTH:
        raise CommandError("ERR string exceeds maximum allowed size (proto-max-bulk-len)")
