"""Commands on lists that answer at once. Those that wait have a file of their own.

https://redis.io/docs/latest/commands/?group=list
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from respool_testing.replies import NULL_ARRAY, OK, Reply

from ..arguments import integer, maybe_integer
from ..call import Call
from ..errors import CommandError, syntax_error
from ..registry import Family
from ..values import List
from .popping import keys_after_count, move, pop, pop_first, read_pop_options, side_of

family = Family("list")

_RANK_ZERO: Final = (
    "ERR RANK can't be zero: use 1 to start from the first match, 2 from the second ... "
    "or use negative to start from the end of the list"
)


@family.command("lpush", arity=-3, flags="write denyoom fast", keys=(1, 1, 1))
def lpush(call: Call) -> Reply:
    return _push(call, left=True)


@family.command("rpush", arity=-3, flags="write denyoom fast", keys=(1, 1, 1))
def rpush(call: Call) -> Reply:
    return _push(call, left=False)


@family.command("lpushx", arity=-3, flags="write denyoom fast", keys=(1, 1, 1), since="2.2.0")
def lpushx(call: Call) -> Reply:
    return _push(call, left=True) if _items(call) else 0


@family.command("rpushx", arity=-3, flags="write denyoom fast", keys=(1, 1, 1), since="2.2.0")
def rpushx(call: Call) -> Reply:
    return _push(call, left=False) if _items(call) else 0


@family.command("lpop", arity=-2, flags="write fast", keys=(1, 1, 1))
def lpop(call: Call) -> Reply:
    return _pop(call, left=True)


@family.command("rpop", arity=-2, flags="write fast", keys=(1, 1, 1))
def rpop(call: Call) -> Reply:
    return _pop(call, left=False)


@family.command("llen", arity=2, flags="readonly fast", keys=(1, 1, 1))
def llen(call: Call) -> Reply:
    return len(_items(call))


@family.command("lrange", arity=4, flags="readonly", keys=(1, 1, 1))
def lrange(call: Call) -> Reply:
    first, last = integer(call.args[1]), integer(call.args[2])
    items = _items(call)
    return items[_span(first, last, len(items))]


@family.command("lindex", arity=3, flags="readonly", keys=(1, 1, 1))
def lindex(call: Call) -> Reply:
    items = _items(call)
    if not items:
        return None
    index = integer(call.args[1])
    return items[index] if -len(items) <= index < len(items) else None


@family.command("lset", arity=4, flags="write denyoom", keys=(1, 1, 1))
def lset(call: Call) -> Reply:
    key, text, item = call.args
    items = call.db.get_typed(key, List)
    if items is None:
        raise CommandError("ERR no such key")
    index = integer(text)
    if not -len(items) <= index < len(items):
        raise CommandError("ERR index out of range")
    items[index] = item
    call.db.put(key, items, keep_expiry=True)
    return OK


@family.command("linsert", arity=5, flags="write denyoom", keys=(1, 1, 1), since="2.2.0")
def linsert(call: Call) -> Reply:
    key, where, pivot, item = call.args
    if where.upper() not in (b"BEFORE", b"AFTER"):
        raise syntax_error()
    items = _items(call)
    if pivot not in items:
        return -1 if items else 0
    items.insert(items.index(pivot) + (where.upper() == b"AFTER"), item)
    call.db.put(key, items, keep_expiry=True)
    return len(items)


@family.command("lrem", arity=4, flags="write", keys=(1, 1, 1))
def lrem(call: Call) -> Reply:
    key, text, item = call.args
    count = integer(text)
    items = _items(call)
    places = [at for at, each in enumerate(items) if each == item]
    doomed = set(places[count:] if count < 0 else places[: count or None])
    if doomed:
        call.db.put(key, List(each for at, each in enumerate(items) if at not in doomed), keep_expiry=True)
    return len(doomed)


@family.command("ltrim", arity=4, flags="write", keys=(1, 1, 1))
def ltrim(call: Call) -> Reply:
    first, last = integer(call.args[1]), integer(call.args[2])
    items = _items(call)
    kept = List(items[_span(first, last, len(items))])
    if len(kept) < len(items):
        call.db.put(call.args[0], kept, keep_expiry=True)
    return OK


@family.command("lmove", arity=5, flags="write denyoom", keys=(1, 2, 1), since="6.2.0")
def lmove(call: Call) -> Reply:
    source, target, origin, end = call.args
    return move(call.db, source, target, from_left=side_of(origin), to_left=side_of(end))


@family.command("rpoplpush", arity=3, flags="write denyoom", keys=(1, 2, 1), since="1.2.0")
def rpoplpush(call: Call) -> Reply:
    return move(call.db, *call.args[:2], from_left=False, to_left=True)


@family.command(
    "lmpop",
    arity=-4,
    flags="write movablekeys",
    since="7.0.0",
    key_finder=lambda request: keys_after_count(request, 1),
)
def lmpop(call: Call) -> Reply:
    popped = pop_first(call.db, read_pop_options(call.args))
    return NULL_ARRAY if popped is None else popped


@family.command("lpos", arity=-3, flags="readonly", keys=(1, 1, 1), since="6.0.6")
def lpos(call: Call) -> Reply:
    item = call.args[1]
    rank, count, most = _lpos_options(call.args[2:])
    found = list(_places(_items(call), item, rank, most))
    if count is None:
        return found[0] if found else None
    return found[: count or None]


def _items(call: Call) -> List:
    return call.db.get_or_new(call.args[0], List)


def _push(call: Call, *, left: bool) -> int:
    key, *new = call.args
    items = call.db.get_or_new(key, List)
    if left:
        items[:0] = new[::-1]
    else:
        items += new
    call.db.put(key, items, keep_expiry=True)
    return len(items)


def _pop(call: Call, *, left: bool) -> Reply:
    key, *counts = call.args
    if len(counts) > 1:
        raise CommandError(f"ERR wrong number of arguments for '{call.command.name}' command")
    if not counts:
        popped = pop(call.db, key, 1, left=left)
        return popped[0] if popped else None
    count = maybe_integer(counts[0])
    if count is None or count < 0:
        raise CommandError("ERR value is out of range, must be positive")
    if key not in call.db:
        return NULL_ARRAY
    return pop(call.db, key, count, left=left)


def _span(first: int, last: int, length: int) -> slice:
    """Turn a server's range, whose end is included, into a slice."""
    start = max(first + length, 0) if first < 0 else first
    end = last + length if last < 0 else last
    return slice(start, max(end + 1, 0))


def _lpos_options(words: tuple[bytes, ...]) -> tuple[int, int | None, int]:
    rank, count, most = 1, None, 0
    if len(words) % 2:
        raise syntax_error()
    for option, text in zip(words[::2], words[1::2], strict=True):
        if option.upper() == b"RANK":
            rank = integer(text)
            if rank == 0:
                raise CommandError(_RANK_ZERO)
        elif option.upper() == b"COUNT":
            count = _not_negative(text, "COUNT")
        elif option.upper() == b"MAXLEN":
            most = _not_negative(text, "MAXLEN")
        else:
            raise syntax_error()
    return rank, count, most


def _not_negative(text: bytes, option: str) -> int:
    number = maybe_integer(text)
    if number is None or number < 0:
        raise CommandError(f"ERR {option} can't be negative")
    return number


def _places(items: List, item: bytes, rank: int, most: int) -> Iterator[int]:
    """Find an item, from the rank-th match on, looking at `most` items (0: all), from the tail for a negative rank."""
    order = range(len(items)) if rank > 0 else range(len(items) - 1, -1, -1)
    matches = [at for at in order[: most or None] if items[at] == item]
    yield from matches[abs(rank) - 1 :]
