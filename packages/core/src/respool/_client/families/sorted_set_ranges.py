"""Commands on ranges of sorted sets, told by rank, by score or by name (`bylex`).

A score is a number, `"-inf"` or `"+inf"`, and `"(5"` where 5 itself is left out; a name is `"[a"`, `"(a"`, `"-"` or
`"+"`.
"""

from __future__ import annotations

from asyncio import Future
from typing import Generic, Literal, TypeAlias, TypeVar, overload

from respool._client.families.arguments import Words, clash, flag, flags, incomplete
from respool._client.families.family import Family
from respool._client.replies.basic import scored
from respool._wire.values import KeyT, StringT

T = TypeVar("T")

BoundT: TypeAlias = float | StringT
"""An end of a range: a rank, a score or a name, as the range is told."""


class SortedSetRangeCommands(Family[T], Generic[T]):
    """Commands on ranges of sorted sets."""

    def zcount(self, key: KeyT, min: BoundT, max: BoundT) -> Future[int]:
        """Return how many scores are in a range. https://redis.io/docs/latest/commands/zcount/"""
        return self._run((b"ZCOUNT", key, min, max))

    def zlexcount(self, key: KeyT, min: StringT, max: StringT) -> Future[int]:
        """Return how many names are in a range. https://redis.io/docs/latest/commands/zlexcount/"""
        return self._run((b"ZLEXCOUNT", key, min, max))

    @overload
    def zrange(
        self,
        key: KeyT,
        start: BoundT,
        end: BoundT,
        *,
        desc: bool = ...,
        withscores: Literal[False] = ...,
        byscore: bool = ...,
        bylex: bool = ...,
        offset: int | None = ...,
        num: int | None = ...,
    ) -> Future[list[T]]: ...

    @overload
    def zrange(
        self,
        key: KeyT,
        start: BoundT,
        end: BoundT,
        *,
        desc: bool = ...,
        withscores: Literal[True],
        byscore: bool = ...,
        bylex: bool = ...,
        offset: int | None = ...,
        num: int | None = ...,
    ) -> Future[list[tuple[T, float]]]: ...

    def zrange(
        self,
        key: KeyT,
        start: BoundT,
        end: BoundT,
        *,
        desc: bool = False,
        withscores: bool = False,
        byscore: bool = False,
        bylex: bool = False,
        offset: int | None = None,
        num: int | None = None,
    ) -> object:
        """Return members from `start` to `end`: ranks, or with `byscore` scores, with `bylex` names.

        `desc` turns the order round, and `start` is then the greater one for scores and names. `num` members from
        `offset` on, of a range by score or name. https://redis.io/docs/latest/commands/zrange/
        """
        return self._run_unless(
            _refusal(byscore, bylex, offset, num) or (clash(bylex=bylex, withscores=withscores)),
            (
                b"ZRANGE",
                key,
                start,
                end,
                *_how(desc, byscore, bylex, offset, num),
                *flag(b"WITHSCORES", withscores),
            ),
            scored if withscores else None,
        )

    def zrangestore(
        self,
        dest: KeyT,
        key: KeyT,
        start: BoundT,
        end: BoundT,
        *,
        desc: bool = False,
        byscore: bool = False,
        bylex: bool = False,
        offset: int | None = None,
        num: int | None = None,
    ) -> Future[int]:
        """Store a range as for `zrange` in `dest`; return how many members it has.

        https://redis.io/docs/latest/commands/zrangestore/
        """
        return self._run_unless(
            _refusal(byscore, bylex, offset, num),
            (b"ZRANGESTORE", dest, key, start, end, *_how(desc, byscore, bylex, offset, num)),
        )

    def zremrangebylex(self, key: KeyT, min: StringT, max: StringT) -> Future[int]:
        """Remove a range of names; return how many. https://redis.io/docs/latest/commands/zremrangebylex/"""
        return self._run((b"ZREMRANGEBYLEX", key, min, max))

    def zremrangebyrank(self, key: KeyT, min: int, max: int) -> Future[int]:
        """Remove a range of ranks; return how many. https://redis.io/docs/latest/commands/zremrangebyrank/"""
        return self._run((b"ZREMRANGEBYRANK", key, min, max))

    def zremrangebyscore(self, key: KeyT, min: BoundT, max: BoundT) -> Future[int]:
        """Remove a range of scores; return how many. https://redis.io/docs/latest/commands/zremrangebyscore/"""
        return self._run((b"ZREMRANGEBYSCORE", key, min, max))


def _how(desc: bool, byscore: bool, bylex: bool, offset: int | None, num: int | None) -> Words:
    limit: Words = () if offset is None or num is None else (b"LIMIT", offset, num)
    return (*flags(byscore=byscore, bylex=bylex, rev=desc), *limit)


def _refusal(byscore: bool, bylex: bool, offset: int | None, num: int | None) -> str | None:
    if offset is not None and not (byscore or bylex):
        return "offset and num are for a range by score or by name: give byscore or bylex"
    return clash(byscore=byscore, bylex=bylex) or incomplete(offset=offset, num=num)
