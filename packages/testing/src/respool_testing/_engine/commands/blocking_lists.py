"""Commands on lists that wait for an item to come.

https://redis.io/docs/latest/commands/?group=list
"""

from __future__ import annotations

from respool_testing.replies import NULL_ARRAY, Reply

from ..arguments import timeout
from ..call import Call
from ..registry import Family
from ..session import Block
from .popping import PopOptions, keys_after_count, move, pop_first, read_pop_options, side_of

family = Family("list")


@family.command("blpop", arity=-3, flags="write noscript blocking", keys=(1, -2, 1), since="2.0.0")
def blpop(call: Call) -> Reply | Block:
    return _pop_or_wait(call, left=True)


@family.command("brpop", arity=-3, flags="write noscript blocking", keys=(1, -2, 1), since="2.0.0")
def brpop(call: Call) -> Reply | Block:
    return _pop_or_wait(call, left=False)


@family.command("blmove", arity=6, flags="write denyoom noscript blocking", keys=(1, 2, 1), since="6.2.0")
def blmove(call: Call) -> Reply | Block:
    origin, end = call.args[2:4]
    return _move_or_wait(call, from_left=side_of(origin), to_left=side_of(end))


@family.command("brpoplpush", arity=4, flags="write denyoom noscript blocking", keys=(1, 2, 1), since="2.2.0")
def brpoplpush(call: Call) -> Reply | Block:
    return _move_or_wait(call, from_left=False, to_left=True)


@family.command(
    "blmpop",
    arity=-5,
    flags="write blocking movablekeys",
    since="7.0.0",
    key_finder=lambda request: keys_after_count(request, 2),
)
def blmpop(call: Call) -> Reply | Block:
    options = read_pop_options(call.args[1:])
    until = timeout(call.args[0])
    popped = pop_first(call.db, options)
    return Block(options.keys, until, NULL_ARRAY) if popped is None else popped


def _pop_or_wait(call: Call, *, left: bool) -> Reply | Block:
    *keys, text = call.args
    until = timeout(text)
    popped = pop_first(call.db, PopOptions(tuple(keys), left, 1))
    if popped is None:
        return Block(keys, until, NULL_ARRAY)
    key, items = popped
    return [key, *items]


def _move_or_wait(call: Call, *, from_left: bool, to_left: bool) -> Reply | Block:
    source, target = call.args[:2]
    until = timeout(call.args[-1])
    item = move(call.db, source, target, from_left=from_left, to_left=to_left)
    # Real servers say one null when time is up and another where they may not wait at all.
    return Block([source], until, None if call.queued else NULL_ARRAY) if item is None else item
