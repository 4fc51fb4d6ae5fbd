"""Commands on the members of sorted sets. Ranges, ends and whole sets have files of their own.

https://redis.io/docs/latest/commands/?group=sorted-set
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from respool_testing.replies import NULL_ARRAY, Reply

from ..arguments import decimal, integer
from ..call import Call
from ..errors import CommandError, syntax_error
from ..numbers import spelled
from ..ranges import Pair
from ..registry import Family
from ..scanning import cursor_of, page_of, read_scan_options
from ..values import SortedSet

family = Family("sorted-set")

_VARIES: Final = "nondeterministic_output"


@dataclass(slots=True)
class _Adding:
    """The options of ZADD."""

    nx: bool = False
    xx: bool = False
    gt: bool = False
    lt: bool = False
    ch: bool = False
    incr: bool = False


@family.command("zadd", arity=-4, flags="write denyoom fast", keys=(1, 1, 1), since="1.2.0")
def zadd(call: Call) -> Reply:
    options, words = _read_adding(list(call.args[1:]))
    scores = [score_of(text) for text in words[::2]]
    added, changed, score = _add(call, options, list(zip(words[1::2], scores, strict=True)))
    if options.incr:
        return None if score is None else score_reply(call, score)
    return added + changed if options.ch else added


@family.command("zincrby", arity=4, flags="write denyoom fast", keys=(1, 1, 1), since="1.2.0")
def zincrby(call: Call) -> Reply:
    _, step, member = call.args
    _, _, score = _add(call, _Adding(incr=True), [(member, score_of(step))])
    return None if score is None else score_reply(call, score)


@family.command("zrem", arity=-3, flags="write fast", keys=(1, 1, 1), since="1.2.0")
def zrem(call: Call) -> Reply:
    scores = _scores(call)
    return take_out(call, [member for member in dict.fromkeys(call.args[1:]) if member in scores])


@family.command("zcard", arity=2, flags="readonly fast", keys=(1, 1, 1), since="1.2.0")
def zcard(call: Call) -> Reply:
    return len(_scores(call))


@family.command("zscore", arity=3, flags="readonly fast", keys=(1, 1, 1), since="1.2.0")
def zscore(call: Call) -> Reply:
    score = _scores(call).get(call.args[1])
    return None if score is None else score_reply(call, score)


@family.command("zmscore", arity=-3, flags="readonly fast", keys=(1, 1, 1), since="6.2.0")
def zmscore(call: Call) -> Reply:
    scores = [_scores(call).get(member) for member in call.args[1:]]
    return [None if score is None else score_reply(call, score) for score in scores]


@family.command("zrank", arity=3, longer_since="7.2.0", flags="readonly fast", keys=(1, 1, 1), since="2.0.0")
def zrank(call: Call) -> Reply:
    return _rank(call, backwards=False)


@family.command(
    "zrevrank", arity=3, longer_since="7.2.0", flags="readonly fast", keys=(1, 1, 1), since="2.0.0"
)
def zrevrank(call: Call) -> Reply:
    return _rank(call, backwards=True)


@family.command("zrandmember", arity=-2, flags="readonly", keys=(1, 1, 1), since="6.2.0", tips=_VARIES)
def zrandmember(call: Call) -> Reply:
    random, pairs = call.server.random, list(_scores(call).items())
    if len(call.args) == 1:
        return random.choice(pairs)[0] if pairs else None
    count = integer(call.args[1])
    if len(call.args) > 3 or (len(call.args) == 3 and call.args[2].upper() != b"WITHSCORES"):
        raise syntax_error()
    if count < 0:
        chosen = [random.choice(pairs) for _ in range(-count)] if pairs else []
    else:
        chosen = random.sample(pairs, min(count, len(pairs)))
    return pairs_reply(call, chosen, with_scores=len(call.args) == 3)


@family.command("zscan", arity=-3, flags="readonly", keys=(1, 1, 1), since="2.8.0", tips=_VARIES)
def zscan(call: Call) -> Reply:
    cursor = cursor_of(call.args[1])
    scores = _scores(call)
    if not scores:
        return [b"0", []]
    options = read_scan_options(call.args[2:])
    after, page = page_of(scores, cursor, options.count)
    version = call.server.settings.version_numbers
    found = [(member, spelled(scores[member], version)) for member in page if options.accepts(member)]
    return [b"%d" % after, [part for pair in found for part in pair]]


def score_of(text: bytes) -> float:
    """Read a score."""
    return float(decimal(text))


def score_reply(call: Call, score: float) -> Reply:
    """Return a score as the client's protocol has it."""
    return score if call.session.protocol >= 3 else spelled(score, call.server.settings.version_numbers)


def pairs_reply(call: Call, pairs: list[Pair], *, with_scores: bool) -> Reply:
    """Return members, with their scores if wanted: in pairs in RESP3, in a row in RESP2."""
    if not with_scores:
        return [member for member, _ in pairs]
    told = [[member, score_reply(call, score)] for member, score in pairs]
    return told if call.session.protocol >= 3 else [part for pair in told for part in pair]


def take_out(call: Call, members: list[bytes]) -> int:
    """Remove members of the set the command names first; return how many."""
    scores = _scores(call)
    for member in members:
        del scores[member]
    if members:
        call.db.put(call.args[0], scores, keep_expiry=True)
    return len(members)


def _scores(call: Call) -> SortedSet:
    return call.db.get_or_new(call.args[0], SortedSet)


def _read_adding(words: list[bytes]) -> tuple[_Adding, list[bytes]]:
    options = _Adding()
    while words and words[0].lower() in (b"nx", b"xx", b"gt", b"lt", b"ch", b"incr"):
        setattr(options, words.pop(0).lower().decode(), True)
    if not words or len(words) % 2:
        raise syntax_error()
    if options.nx and options.xx:
        raise CommandError("ERR XX and NX options at the same time are not compatible")
    if (options.gt and options.nx) or (options.lt and options.nx) or (options.gt and options.lt):
        raise CommandError("ERR GT, LT, and/or NX options at the same time are not compatible")
    if options.incr and len(words) > 2:
        raise CommandError("ERR INCR option supports a single increment-element pair")
    return options, words


def _add(call: Call, options: _Adding, pairs: list[Pair]) -> tuple[int, int, float | None]:
    """Set scores; return how many members are new, how many changed, and the last score if it was set."""
    scores = _scores(call)
    added, changed, last = 0, 0, None
    for member, score in pairs:
        old = scores.get(member)
        new = score if old is None or not options.incr else old + score
        if math.isnan(new):
            raise CommandError("ERR resulting score is not a number (NaN)")
        if not _may_set(options, old, new):
            last = None
            continue
        added += old is None
        changed += old is not None and old != new
        scores[member] = last = new
    if added or changed:
        call.db.put(call.args[0], scores, keep_expiry=True)
    return added, changed, last


def _may_set(options: _Adding, old: float | None, new: float) -> bool:
    if old is None:
        return not options.xx
    return not (options.nx or (options.gt and new <= old) or (options.lt and new >= old))


def _rank(call: Call, *, backwards: bool) -> Reply:
    with_score = len(call.args) > 2
    if with_score and (len(call.args) > 3 or call.args[2].upper() != b"WITHSCORE"):
        raise syntax_error()
    scores, member = _scores(call), call.args[1]
    if member not in scores:
        return NULL_ARRAY if with_score else None
    rank = [name for name, _ in scores.in_order(backwards=backwards)].index(member)
    return [rank, score_reply(call, scores[member])] if with_score else rank
