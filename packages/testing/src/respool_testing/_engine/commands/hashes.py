"""Commands on hashes.

https://redis.io/docs/latest/commands/?group=hash
"""

from __future__ import annotations

from typing import Final

from respool_testing.replies import OK, Map, Reply

from ..arguments import decimal, integer, maybe_integer
from ..call import Call
from ..errors import CommandError, syntax_error
from ..registry import Family
from ..scanning import cursor_of, page_of, read_scan_options
from ..values import Hash
from .counters import sum_of, sum_of_decimals

family = Family("hash")

_UNORDERED: Final = "nondeterministic_output_order"
_VARIES: Final = "nondeterministic_output"


@family.command("hset", arity=-4, flags="write denyoom fast", keys=(1, 1, 1), since="2.0.0")
def hset(call: Call) -> Reply:
    return _set_fields(call)


@family.command("hmset", arity=-4, flags="write denyoom fast", keys=(1, 1, 1), since="2.0.0")
def hmset(call: Call) -> Reply:
    _set_fields(call)
    return OK


@family.command("hsetnx", arity=4, flags="write denyoom fast", keys=(1, 1, 1), since="2.0.0")
def hsetnx(call: Call) -> Reply:
    key, field, value = call.args
    fields = call.db.get_or_new(key, Hash)
    if field in fields:
        return 0
    fields[field] = value
    call.db.put(key, fields, keep_expiry=True)
    return 1


@family.command("hget", arity=3, flags="readonly fast", keys=(1, 1, 1), since="2.0.0")
def hget(call: Call) -> Reply:
    return _fields(call).get(call.args[1])


@family.command("hmget", arity=-3, flags="readonly fast", keys=(1, 1, 1), since="2.0.0")
def hmget(call: Call) -> Reply:
    fields = _fields(call)
    return [fields.get(field) for field in call.args[1:]]


@family.command("hgetall", arity=2, flags="readonly", keys=(1, 1, 1), since="2.0.0", tips=_UNORDERED)
def hgetall(call: Call) -> Reply:
    return Map(list(_fields(call).items()))


@family.command("hkeys", arity=2, flags="readonly", keys=(1, 1, 1), since="2.0.0", tips=_UNORDERED)
def hkeys(call: Call) -> Reply:
    return list(_fields(call))


@family.command("hvals", arity=2, flags="readonly", keys=(1, 1, 1), since="2.0.0", tips=_UNORDERED)
def hvals(call: Call) -> Reply:
    return list(_fields(call).values())


@family.command("hlen", arity=2, flags="readonly fast", keys=(1, 1, 1), since="2.0.0")
def hlen(call: Call) -> Reply:
    return len(_fields(call))


@family.command("hexists", arity=3, flags="readonly fast", keys=(1, 1, 1), since="2.0.0")
def hexists(call: Call) -> Reply:
    return int(call.args[1] in _fields(call))


@family.command("hstrlen", arity=3, flags="readonly fast", keys=(1, 1, 1), since="3.2.0")
def hstrlen(call: Call) -> Reply:
    return len(_fields(call).get(call.args[1], b""))


@family.command("hdel", arity=-3, flags="write fast", keys=(1, 1, 1), since="2.0.0")
def hdel(call: Call) -> Reply:
    key, *doomed = call.args
    fields = call.db.get_or_new(key, Hash)
    removed = sum(fields.pop(field, None) is not None for field in doomed)
    if removed:
        call.db.put(key, fields, keep_expiry=True)
    return removed


@family.command("hgetdel", arity=-5, flags="write fast", keys=(1, 1, 1), since="8.0.0")
def hgetdel(call: Call) -> Reply:
    key, word, number, *doomed = call.args
    fields = call.db.get_or_new(key, Hash)
    if word.upper() != b"FIELDS":
        raise CommandError("ERR Mandatory argument FIELDS is missing or not at the right position")
    if (maybe_integer(number) or 0) < 1:
        raise CommandError("ERR Number of fields must be a positive integer")
    if maybe_integer(number) != len(doomed):
        raise CommandError("ERR The `numfields` parameter must match the number of arguments")
    values = [fields.pop(field, None) for field in doomed]
    if any(value is not None for value in values):
        call.db.put(key, fields, keep_expiry=True)
    return values


@family.command("hincrby", arity=4, flags="write denyoom fast", keys=(1, 1, 1), since="2.0.0")
def hincrby(call: Call) -> Reply:
    key, field, text = call.args
    step = integer(text)
    fields = call.db.get_or_new(key, Hash)
    old = maybe_integer(fields.get(field, b"0"))
    if old is None:
        raise CommandError("ERR hash value is not an integer")
    fields[field] = b"%d" % sum_of(old, step)
    call.db.put(key, fields, keep_expiry=True)
    return old + step


@family.command("hincrbyfloat", arity=4, flags="write denyoom fast", keys=(1, 1, 1), since="2.6.0")
def hincrbyfloat(call: Call) -> Reply:
    key, field, text = call.args
    step = decimal(text)
    if not step.is_finite():
        raise CommandError("ERR value is NaN or Infinity")
    fields = call.db.get_or_new(key, Hash)
    try:
        old = decimal(fields.get(field, b"0"))
    except CommandError:
        raise CommandError("ERR hash value is not a float") from None
    fields[field] = sum_of_decimals(old, step)
    call.db.put(key, fields, keep_expiry=True)
    return fields[field]


@family.command("hrandfield", arity=-2, flags="readonly", keys=(1, 1, 1), since="6.2.0", tips=_VARIES)
def hrandfield(call: Call) -> Reply:
    count, with_values = _random_options(call.args[1:])
    fields = _fields(call)
    if count is None:
        return call.server.random.choice(list(fields)) if fields else None
    chosen = _choose(call, list(fields), count)
    if not with_values:
        return chosen
    pairs = [[field, fields[field]] for field in chosen]
    return pairs if call.session.protocol >= 3 else [part for pair in pairs for part in pair]


@family.command("hscan", arity=-3, flags="readonly", keys=(1, 1, 1), since="2.8.0", tips=_VARIES)
def hscan(call: Call) -> Reply:
    cursor = cursor_of(call.args[1])
    fields = _fields(call)
    if not fields:
        return [b"0", []]
    options = read_scan_options(call.args[2:])
    after, page = page_of(fields, cursor, options.count)
    found = [(field, fields[field]) for field in page if options.accepts(field)]
    return [b"%d" % after, [part for pair in found for part in pair]]


def _fields(call: Call) -> Hash:
    return call.db.get_or_new(call.args[0], Hash)


def _set_fields(call: Call) -> int:
    key, *words = call.args
    if len(words) % 2:
        raise CommandError(f"ERR wrong number of arguments for '{call.command.name}' command")
    fields = call.db.get_or_new(key, Hash)
    before = len(fields)
    fields.update(zip(words[::2], words[1::2], strict=True))
    call.db.put(key, fields, keep_expiry=True)
    return len(fields) - before


def _random_options(words: tuple[bytes, ...]) -> tuple[int | None, bool]:
    if not words:
        return None, False
    count = integer(words[0])
    if len(words) > 2 or (len(words) == 2 and words[1].upper() != b"WITHVALUES"):
        raise syntax_error()
    return count, len(words) == 2


def _choose(call: Call, fields: list[bytes], count: int) -> list[bytes]:
    """Choose some fields: each at most once, or for a negative count exactly so many, repeated if need be."""
    if count < 0:
        return [call.server.random.choice(fields) for _ in range(-count)] if fields else []
    return call.server.random.sample(fields, min(count, len(fields)))
