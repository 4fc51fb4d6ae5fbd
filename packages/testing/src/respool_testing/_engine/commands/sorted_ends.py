"""Commands that take the first or last members off sorted sets, and those that wait for some to come.

https://redis.io/docs/latest/commands/zmpop/
"""

from __future__ import annotations

from dataclasses import dataclass

from respool_testing.replies import NULL_ARRAY, Reply

from ..arguments import maybe_integer, timeout
from ..call import Call
from ..errors import CommandError, syntax_error
from ..ranges import Pair
from ..registry import Family
from ..session import Block
from ..values import SortedSet
from .popping import keys_after_count
from .sorted_sets import pairs_reply, score_reply

family = Family("sorted-set")


@dataclass(frozen=True, slots=True)
class _Options:
    """What ZMPOP and BZMPOP ask for."""

    keys: tuple[bytes, ...]
    highest: bool
    count: int


@family.command("zpopmin", arity=-2, flags="write fast", keys=(1, 1, 1), since="5.0.0")
def zpopmin(call: Call) -> Reply:
    return _pop_some(call, highest=False)


@family.command("zpopmax", arity=-2, flags="write fast", keys=(1, 1, 1), since="5.0.0")
def zpopmax(call: Call) -> Reply:
    return _pop_some(call, highest=True)


@family.command(
    "zmpop",
    arity=-4,
    flags="write movablekeys",
    since="7.0.0",
    key_finder=lambda request: keys_after_count(request, 1),
)
def zmpop(call: Call) -> Reply:
    return _pop_first(call, _read(call.args)) or NULL_ARRAY


@family.command("bzpopmin", arity=-3, flags="write noscript blocking fast", keys=(1, -2, 1), since="5.0.0")
def bzpopmin(call: Call) -> Reply | Block:
    return _pop_one_or_wait(call, highest=False)


@family.command("bzpopmax", arity=-3, flags="write noscript blocking fast", keys=(1, -2, 1), since="5.0.0")
def bzpopmax(call: Call) -> Reply | Block:
    return _pop_one_or_wait(call, highest=True)


@family.command(
    "bzmpop",
    arity=-5,
    flags="write blocking movablekeys",
    since="7.0.0",
    key_finder=lambda request: keys_after_count(request, 2),
)
def bzmpop(call: Call) -> Reply | Block:
    until, options = timeout(call.args[0]), _read(call.args[1:])
    return _pop_first(call, options) or Block(options.keys, until, NULL_ARRAY)


def _pop(call: Call, key: bytes, count: int, *, highest: bool) -> list[Pair]:
    scores = call.db.get_or_new(key, SortedSet)
    popped = scores.in_order(backwards=highest)[:count]
    for member, _ in popped:
        del scores[member]
    if popped:
        call.db.put(key, scores, keep_expiry=True)
    return popped


def _pop_some(call: Call, *, highest: bool) -> Reply:
    if len(call.args) > 2:
        raise CommandError(f"ERR wrong number of arguments for '{call.command.name}' command")
    if len(call.args) == 1:
        popped = _pop(call, call.args[0], 1, highest=highest)
        return [part for member, score in popped for part in (member, score_reply(call, score))]
    count = maybe_integer(call.args[1])
    if count is None or count < 0:
        raise CommandError("ERR value is out of range, must be positive")
    return pairs_reply(call, _pop(call, call.args[0], count, highest=highest), with_scores=True)


def _pop_first(call: Call, options: _Options) -> list[Reply]:
    """Take members off the first set that has any; return its key and them, nothing if all are empty."""
    for key in options.keys:
        popped = _pop(call, key, options.count, highest=options.highest)
        if popped:
            return [key, [[member, score_reply(call, score)] for member, score in popped]]
    return []


def _pop_one_or_wait(call: Call, *, highest: bool) -> Reply | Block:
    *keys, text = call.args
    until = timeout(text)
    for key in keys:
        for member, score in _pop(call, key, 1, highest=highest):
            return [key, member, score_reply(call, score)]
    return Block(keys, until, NULL_ARRAY)


def _read(words: tuple[bytes, ...]) -> _Options:
    """Read `numkeys key... MIN|MAX [COUNT n]`."""
    number = maybe_integer(words[0])
    if number is None or number < 1:
        raise CommandError("ERR numkeys should be greater than 0")
    keys, rest = words[1 : 1 + number], words[1 + number :]
    if not rest or rest[0].upper() not in (b"MIN", b"MAX"):
        raise syntax_error()
    highest = rest[0].upper() == b"MAX"
    if len(rest) == 1:
        return _Options(keys, highest, 1)
    if len(rest) != 3 or rest[1].upper() != b"COUNT":
        raise syntax_error()
    count = maybe_integer(rest[2])
    if count is None or count < 1:
        raise CommandError("ERR count should be greater than 0")
    return _Options(keys, highest, count)
