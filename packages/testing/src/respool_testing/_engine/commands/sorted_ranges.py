"""Commands on ranges of sorted sets: by rank, by score, by name.

https://redis.io/docs/latest/commands/zrange/
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from respool_testing.replies import Reply

from ..arguments import integer
from ..call import Call
from ..errors import CommandError, syntax_error
from ..ranges import Limit, Pair, Wanted, between_names, between_ranks, between_scores
from ..registry import Family
from ..values import SortedSet
from .sorted_sets import pairs_reply, take_out

family = Family("sorted-set")


@dataclass(slots=True)
class _Options:
    """What follows the two ends of a range."""

    by: str = "rank"
    backwards: bool = False
    with_scores: bool = False
    limit: Limit | None = None


@family.command("zrange", arity=-4, flags="readonly", keys=(1, 1, 1), since="1.2.0")
def zrange(call: Call) -> Reply:
    options = _read(call.args[3:], _Options(), choosing=True, scores=True)
    return _answer(call, options)


@family.command("zrevrange", arity=-4, flags="readonly", keys=(1, 1, 1), since="1.2.0")
def zrevrange(call: Call) -> Reply:
    return _answer(call, _read(call.args[3:], _Options(backwards=True), scores=True))


@family.command("zrangebyscore", arity=-4, flags="readonly", keys=(1, 1, 1), since="1.0.5")
def zrangebyscore(call: Call) -> Reply:
    return _answer(call, _read(call.args[3:], _Options("score"), scores=True))


@family.command("zrevrangebyscore", arity=-4, flags="readonly", keys=(1, 1, 1), since="2.2.0")
def zrevrangebyscore(call: Call) -> Reply:
    return _answer(call, _read(call.args[3:], _Options("score", backwards=True), scores=True))


@family.command("zrangebylex", arity=-4, flags="readonly", keys=(1, 1, 1), since="2.8.9")
def zrangebylex(call: Call) -> Reply:
    return _answer(call, _read(call.args[3:], _Options("name")))


@family.command("zrevrangebylex", arity=-4, flags="readonly", keys=(1, 1, 1), since="2.8.9")
def zrevrangebylex(call: Call) -> Reply:
    return _answer(call, _read(call.args[3:], _Options("name", backwards=True)))


@family.command("zrangestore", arity=-5, flags="write denyoom", keys=(1, 2, 1), since="6.2.0")
def zrangestore(call: Call) -> Reply:
    target, source, first, last, *words = call.args
    options = _read(tuple(words), _Options(), choosing=True)
    found = _found(call, source, first, last, options)
    call.db.put(target, SortedSet(found))
    return len(found)


@family.command("zcount", arity=4, flags="readonly fast", keys=(1, 1, 1), since="2.0.0")
def zcount(call: Call) -> Reply:
    return len(_within(call, between_scores))


@family.command("zlexcount", arity=4, flags="readonly fast", keys=(1, 1, 1), since="2.8.9")
def zlexcount(call: Call) -> Reply:
    return len(_within(call, between_names))


@family.command("zremrangebyrank", arity=4, flags="write", keys=(1, 1, 1), since="2.0.0")
def zremrangebyrank(call: Call) -> Reply:
    first, last = integer(call.args[1]), integer(call.args[2])
    pairs = call.db.get_or_new(call.args[0], SortedSet).in_order()
    return take_out(call, [member for member, _ in between_ranks(pairs, first, last)])


@family.command("zremrangebyscore", arity=4, flags="write", keys=(1, 1, 1), since="1.2.0")
def zremrangebyscore(call: Call) -> Reply:
    return take_out(call, [member for member, _ in _within(call, between_scores)])


@family.command("zremrangebylex", arity=4, flags="write", keys=(1, 1, 1), since="2.8.9")
def zremrangebylex(call: Call) -> Reply:
    return take_out(call, [member for member, _ in _within(call, between_names)])


def _within(call: Call, reader: Callable[[bytes, bytes], Wanted]) -> list[Pair]:
    key, low, high = call.args
    wanted = reader(low, high)
    return [pair for pair in call.db.get_or_new(key, SortedSet).in_order() if wanted(pair)]


def _answer(call: Call, options: _Options) -> Reply:
    key, first, last = call.args[:3]
    found = _found(call, key, first, last, options)
    return pairs_reply(call, list(found), with_scores=options.with_scores)


def _found(call: Call, key: bytes, first: bytes, last: bytes, options: _Options) -> Sequence[Pair]:
    if options.by == "rank":
        start, stop = integer(first), integer(last)
        return between_ranks(_pairs(call, key, options), start, stop)
    low, high = (last, first) if options.backwards else (first, last)
    wanted = (between_scores if options.by == "score" else between_names)(low, high)
    found = [pair for pair in _pairs(call, key, options) if wanted(pair)]
    return (options.limit or Limit()).of(found)


def _pairs(call: Call, key: bytes, options: _Options) -> list[Pair]:
    return call.db.get_or_new(key, SortedSet).in_order(backwards=options.backwards)


def _read(
    words: tuple[bytes, ...], options: _Options, *, choosing: bool = False, scores: bool = False
) -> _Options:
    """Read what follows the ends; ZRANGE and ZRANGESTORE choose by what they go, others always knew."""
    rest = list(words)
    while rest:
        word = rest.pop(0).upper()
        if word == b"WITHSCORES" and scores:
            options.with_scores = True
        elif word == b"LIMIT" and len(rest) >= 2:
            options.limit = Limit(integer(rest.pop(0)), integer(rest.pop(0)))
        elif word == b"REV" and choosing:
            options.backwards = True
        elif word in (b"BYSCORE", b"BYLEX") and choosing:
            options.by = "score" if word == b"BYSCORE" else "name"
        else:
            raise syntax_error()
    if options.limit is not None and options.by == "rank":
        raise CommandError(
            "ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX"
        )
    if options.with_scores and options.by == "name":
        raise CommandError("ERR syntax error, WITHSCORES not supported in combination with BYLEX")
    return options
