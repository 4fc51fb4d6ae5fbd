"""Unions, intersections and differences of sorted sets; plain sets may take part, with scores of 1.

https://redis.io/docs/latest/commands/zunionstore/
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from respool_testing.replies import Reply

from ..arguments import decimal, integer
from ..call import Call
from ..errors import CommandError, syntax_error, wrong_type
from ..parser import Request
from ..registry import Family
from ..values import Members, SortedSet
from .popping import keys_after_count
from .sets import read_card_options
from .sorted_sets import pairs_reply

family = Family("sorted-set")

Aggregate: TypeAlias = "Callable[[float, float], float]"


def _sum(one: float, other: float) -> float:
    total = one + other
    return 0.0 if math.isnan(total) else total  # of two infinities


_AGGREGATES: Final[dict[bytes, Aggregate]] = {b"SUM": _sum, b"MIN": min, b"MAX": max}


@dataclass(slots=True)
class _Options:
    """How sets are combined."""

    weights: list[float] = field(default_factory=list)
    aggregate: Aggregate = _sum
    with_scores: bool = False


Combine: TypeAlias = "Callable[[list[SortedSet], Aggregate], SortedSet]"


def _counted(request: Request) -> Request:
    return keys_after_count(request, 1)


def _stored(request: Request) -> Request:
    return (request[1], *keys_after_count(request, 2))


@family.command("zunion", arity=-3, flags="readonly movablekeys", since="6.2.0", key_finder=_counted)
def zunion(call: Call) -> Reply:
    return _answer(call, _union)


@family.command("zinter", arity=-3, flags="readonly movablekeys", since="6.2.0", key_finder=_counted)
def zinter(call: Call) -> Reply:
    return _answer(call, _intersection)


@family.command("zdiff", arity=-3, flags="readonly movablekeys", since="6.2.0", key_finder=_counted)
def zdiff(call: Call) -> Reply:
    return _answer(call, _difference, weighing=False)


@family.command(
    "zunionstore",
    arity=-4,
    flags="write denyoom movablekeys",
    keys=(1, 1, 1),
    since="2.0.0",
    key_finder=_stored,
)
def zunionstore(call: Call) -> Reply:
    return _store(call, _union)


@family.command(
    "zinterstore",
    arity=-4,
    flags="write denyoom movablekeys",
    keys=(1, 1, 1),
    since="2.0.0",
    key_finder=_stored,
)
def zinterstore(call: Call) -> Reply:
    return _store(call, _intersection)


@family.command(
    "zdiffstore",
    arity=-4,
    flags="write denyoom movablekeys",
    keys=(1, 1, 1),
    since="6.2.0",
    key_finder=_stored,
)
def zdiffstore(call: Call) -> Reply:
    return _store(call, _difference, weighing=False)


@family.command("zintercard", arity=-3, flags="readonly movablekeys", since="7.0.0", key_finder=_counted)
def zintercard(call: Call) -> Reply:
    sources, _ = _sources(call, call.args)
    _, limit = read_card_options(call.args)
    common = len(_intersection(sources, _sum))
    return min(common, limit) if limit else common


def _answer(call: Call, combine: Combine, *, weighing: bool = True) -> Reply:
    sources, words = _sources(call, call.args)
    options = _read(words, len(sources), weighing=weighing, scores=True)
    found = combine(_weighed(sources, options), options.aggregate)
    return pairs_reply(call, found.in_order(), with_scores=options.with_scores)


def _store(call: Call, combine: Combine, *, weighing: bool = True) -> int:
    sources, words = _sources(call, call.args[1:])
    options = _read(words, len(sources), weighing=weighing)
    found = combine(_weighed(sources, options), options.aggregate)
    call.db.put(call.args[0], found)
    return len(found)


def _union(sources: list[SortedSet], aggregate: Aggregate) -> SortedSet:
    result = SortedSet()
    for source in sources:
        for member, score in source.items():
            result[member] = aggregate(result[member], score) if member in result else score
    return result


def _intersection(sources: list[SortedSet], aggregate: Aggregate) -> SortedSet:
    first, *others = sorted(sources, key=len)
    common = (member for member in first if all(member in other for other in others))
    united = _union(sources, aggregate)
    return SortedSet((member, united[member]) for member in common)


def _difference(sources: list[SortedSet], aggregate: Aggregate) -> SortedSet:
    first, *others = sources
    return SortedSet(
        (member, score) for member, score in first.items() if not any(member in other for other in others)
    )


def _sources(call: Call, words: Request) -> tuple[list[SortedSet], list[bytes]]:
    """Read `numkeys key...`; return what is combined, and the words that follow."""
    count = integer(words[0])
    if count < 1:
        raise CommandError(f"ERR at least 1 input key is needed for '{call.command.name}' command")
    if count > len(words) - 1:
        raise syntax_error()
    return [_found(call, key) for key in words[1 : 1 + count]], list(words[1 + count :])


def _found(call: Call, key: bytes) -> SortedSet:
    value = call.db.get(key)
    if isinstance(value, Members):
        return SortedSet((member, 1.0) for member in value)
    if value is not None and not isinstance(value, SortedSet):
        raise wrong_type()
    return value or SortedSet()


def _weighed(sources: list[SortedSet], options: _Options) -> list[SortedSet]:
    """Return copies with each score times its weight."""
    weights = options.weights or [1.0] * len(sources)
    return [
        SortedSet((member, _product(score, weight)) for member, score in source.items())
        for source, weight in zip(sources, weights, strict=True)
    ]


def _product(score: float, weight: float) -> float:
    product = score * weight
    return 0.0 if math.isnan(product) else product  # of nothing and infinity


def _read(rest: list[bytes], count: int, *, weighing: bool, scores: bool = False) -> _Options:
    """Read what follows the keys, of which there are so many."""
    options = _Options()
    while rest:
        word = rest.pop(0).upper()
        if word == b"WEIGHTS" and weighing and len(rest) >= count:
            options.weights = [_weight(rest.pop(0)) for _ in range(count)]
        elif word == b"AGGREGATE" and weighing and rest and rest[0].upper() in _AGGREGATES:
            options.aggregate = _AGGREGATES[rest.pop(0).upper()]
        elif word == b"WITHSCORES" and scores:
            options.with_scores = True
        else:
            raise syntax_error()
    return options


def _weight(text: bytes) -> float:
    try:
        return float(decimal(text))
    except CommandError:
        raise CommandError("ERR weight value is not a float") from None
