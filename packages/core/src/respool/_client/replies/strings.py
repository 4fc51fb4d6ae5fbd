"""What LCS tells of two strings. Pure; the same for RESP2 and RESP3."""

from __future__ import annotations

from respool._client.replies.basic import fields, integer, items, parts
from respool._wire.tuples import NamedTuple


class LcsMatch(NamedTuple):
    """A stretch that two strings have in common: from which byte to which, both included."""

    first: tuple[int, int]
    second: tuple[int, int]
    length: int


class LcsMatches(NamedTuple):
    """Where the longest common subsequence is in two strings, from the end to the beginning."""

    matches: list[LcsMatch]
    length: int


def lcs_matches(reply: object) -> LcsMatches:
    told = fields(reply)
    return LcsMatches([_match(each) for each in items(told["matches"])], integer(told["len"]))


def _match(reply: object) -> LcsMatch:
    first, second, length = parts(reply, 3)
    return LcsMatch(_range(first), _range(second), integer(length))


def _range(reply: object) -> tuple[int, int]:
    start, end = parts(reply, 2)
    return integer(start), integer(end)
