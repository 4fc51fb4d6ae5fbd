"""Commands on sets.

https://redis.io/docs/latest/commands/?group=set
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from respool_testing.replies import Reply, Set

from ..arguments import integer, maybe_integer
from ..call import Call
from ..errors import CommandError, syntax_error
from ..registry import Family
from ..scanning import cursor_of, page_of, read_scan_options
from ..values import Members
from .popping import keys_after_count

family = Family("set")

_UNORDERED: Final = "nondeterministic_output_order"
_VARIES: Final = "nondeterministic_output"


@family.command("sadd", arity=-3, flags="write denyoom fast", keys=(1, 1, 1))
def sadd(call: Call) -> Reply:
    key, *new = call.args
    members = call.db.get_or_new(key, Members)
    before = len(members)
    members.update(dict.fromkeys(new))
    if len(members) > before:
        call.db.put(key, members, keep_expiry=True)
    return len(members) - before


@family.command("srem", arity=-3, flags="write fast", keys=(1, 1, 1))
def srem(call: Call) -> Reply:
    key, *doomed = call.args
    members = call.db.get_or_new(key, Members)
    before = len(members)
    for member in doomed:
        members.pop(member, None)
    if len(members) < before:
        call.db.put(key, members, keep_expiry=True)
    return before - len(members)


@family.command("smembers", arity=2, flags="readonly", keys=(1, 1, 1), tips=_UNORDERED)
def smembers(call: Call) -> Reply:
    return Set(list(_members(call)))


@family.command("scard", arity=2, flags="readonly fast", keys=(1, 1, 1))
def scard(call: Call) -> Reply:
    return len(_members(call))


@family.command("sismember", arity=3, flags="readonly fast", keys=(1, 1, 1))
def sismember(call: Call) -> Reply:
    return int(call.args[1] in _members(call))


@family.command("smismember", arity=-3, flags="readonly fast", keys=(1, 1, 1), since="6.2.0")
def smismember(call: Call) -> Reply:
    members = _members(call)
    return [int(member in members) for member in call.args[1:]]


@family.command("smove", arity=4, flags="write fast", keys=(1, 2, 1))
def smove(call: Call) -> Reply:
    source, target, member = call.args
    members = call.db.get_typed(source, Members)
    if members is None:
        return 0
    others = call.db.get_or_new(target, Members)
    if member not in members:
        return 0
    if source != target:
        del members[member]
        call.db.put(source, members, keep_expiry=True)
        others[member] = None
        call.db.put(target, others, keep_expiry=True)
    return 1


@family.command("spop", arity=-2, flags="write fast", keys=(1, 1, 1), tips=_VARIES)
def spop(call: Call) -> Reply:
    if len(call.args) > 2:
        raise syntax_error()
    count = _positive(call.args[1]) if len(call.args) > 1 else 1
    members = _members(call)
    popped = call.server.random.sample(list(members), min(count, len(members)))
    for member in popped:
        del members[member]
    if popped:
        call.db.put(call.args[0], members, keep_expiry=True)
    if len(call.args) > 1:
        return Set(popped)
    return popped[0] if popped else None


@family.command("srandmember", arity=-2, flags="readonly", keys=(1, 1, 1), tips=_VARIES)
def srandmember(call: Call) -> Reply:
    if len(call.args) > 2:
        raise syntax_error()
    count = integer(call.args[1]) if len(call.args) > 1 else None
    members, random = list(_members(call)), call.server.random
    if count is None:
        return random.choice(members) if members else None
    if count < 0:
        return [random.choice(members) for _ in range(-count)] if members else []
    return random.sample(members, min(count, len(members)))


@family.command("sinter", arity=-2, flags="readonly", keys=(1, -1, 1), tips=_UNORDERED)
def sinter(call: Call) -> Reply:
    return Set(list(_combined(call, call.args, _intersection)))


@family.command("sunion", arity=-2, flags="readonly", keys=(1, -1, 1), tips=_UNORDERED)
def sunion(call: Call) -> Reply:
    return Set(list(_combined(call, call.args, _union)))


@family.command("sdiff", arity=-2, flags="readonly", keys=(1, -1, 1), tips=_UNORDERED)
def sdiff(call: Call) -> Reply:
    return Set(list(_combined(call, call.args, _difference)))


@family.command("sinterstore", arity=-3, flags="write denyoom", keys=(1, -1, 1))
def sinterstore(call: Call) -> Reply:
    return _store(call, _intersection)


@family.command("sunionstore", arity=-3, flags="write denyoom", keys=(1, -1, 1))
def sunionstore(call: Call) -> Reply:
    return _store(call, _union)


@family.command("sdiffstore", arity=-3, flags="write denyoom", keys=(1, -1, 1))
def sdiffstore(call: Call) -> Reply:
    return _store(call, _difference)


@family.command(
    "sintercard",
    arity=-3,
    flags="readonly movablekeys",
    since="7.0.0",
    key_finder=lambda request: keys_after_count(request, 1),
)
def sintercard(call: Call) -> Reply:
    keys, limit = read_card_options(call.args)
    common = len(_combined(call, keys, _intersection))
    return min(common, limit) if limit else common


@family.command("sscan", arity=-3, flags="readonly", keys=(1, 1, 1), since="2.8.0", tips=_VARIES)
def sscan(call: Call) -> Reply:
    cursor = cursor_of(call.args[1])
    members = _members(call)
    if not members:
        return [b"0", []]
    options = read_scan_options(call.args[2:])
    after, page = page_of(members, cursor, options.count)
    return [b"%d" % after, [member for member in page if options.accepts(member)]]


def read_card_options(words: tuple[bytes, ...]) -> tuple[tuple[bytes, ...], int]:
    """Read `numkeys key... [LIMIT n]` of SINTERCARD and ZINTERCARD; a limit of 0 is none."""
    count = maybe_integer(words[0])
    if count is None or count < 1:
        raise CommandError("ERR numkeys should be greater than 0")
    keys, rest = words[1 : 1 + count], words[1 + count :]
    if len(keys) < count:
        raise CommandError("ERR Number of keys can't be greater than number of args")
    if not rest:
        return keys, 0
    if len(rest) != 2 or rest[0].upper() != b"LIMIT":
        raise syntax_error()
    limit = maybe_integer(rest[1])
    if limit is None or limit < 0:
        raise CommandError("ERR LIMIT can't be negative")
    return keys, limit


def _members(call: Call) -> Members:
    return call.db.get_or_new(call.args[0], Members)


def _positive(text: bytes) -> int:
    count = maybe_integer(text)
    if count is None or count < 0:
        raise CommandError("ERR value is out of range, must be positive")
    return count


def _combined(call: Call, keys: tuple[bytes, ...], combine: Callable[[Members, Members], Members]) -> Members:
    first, *others = [call.db.get_or_new(key, Members) for key in keys]
    result = Members(first)
    for each in others:
        result = combine(result, each)
    return result


def _store(call: Call, combine: Callable[[Members, Members], Members]) -> int:
    target, *keys = call.args
    result = _combined(call, tuple(keys), combine)
    call.db.put(target, result)
    return len(result)


def _intersection(one: Members, other: Members) -> Members:
    return Members.of(member for member in one if member in other)


def _union(one: Members, other: Members) -> Members:
    return Members(one | other)


def _difference(one: Members, other: Members) -> Members:
    return Members.of(member for member in one if member not in other)
