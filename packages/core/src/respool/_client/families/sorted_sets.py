"""Commands on sorted sets: members, scores, ranks. Ranges, pops and set algebra have modules of their own."""

from __future__ import annotations

from asyncio import Future
from collections.abc import Iterable, Mapping
from typing import Generic, Literal, TypeVar, overload

from respool._client.families.arguments import AnyValueT, clash, flag, flags, one_or_many, option
from respool._client.families.family import Family
from respool._client.replies.basic import (
    number,
    number_or_none,
    numbers_or_none,
    scanned_scores,
    scored,
)
from respool._client.replies.sorted_sets import rank_and_score
from respool._wire.values import KeyT, StringT, ValueT

T = TypeVar("T")


class SortedSetCommands(Family[T], Generic[T]):
    """Commands on members of sorted sets."""

    @overload
    def zadd(
        self,
        key: KeyT,
        mapping: Mapping[AnyValueT, float],
        *,
        nx: bool = ...,
        xx: bool = ...,
        ch: bool = ...,
        incr: Literal[False] = ...,
        gt: bool = ...,
        lt: bool = ...,
    ) -> Future[int]: ...

    @overload
    def zadd(
        self,
        key: KeyT,
        mapping: Mapping[AnyValueT, float],
        *,
        nx: bool = ...,
        xx: bool = ...,
        ch: bool = ...,
        incr: Literal[True],
        gt: bool = ...,
        lt: bool = ...,
    ) -> Future[float | None]: ...

    def zadd(
        self,
        key: KeyT,
        mapping: Mapping[AnyValueT, float],
        *,
        nx: bool = False,
        xx: bool = False,
        ch: bool = False,
        incr: bool = False,
        gt: bool = False,
        lt: bool = False,
    ) -> object:
        """Set the scores of members; return how many are new (with `ch`: new or changed).

        `nx`: new members only; `xx`: present ones only; `gt`, `lt`: present ones only where their score grows, shrinks.
        `incr` adds to the score of one member and returns the new one, None where a condition was not met.
        https://redis.io/docs/latest/commands/zadd/
        """
        args = (
            b"ZADD",
            key,
            *flags(nx=nx, xx=xx, gt=gt, lt=lt, ch=ch, incr=incr),
            *(word for member, score in mapping.items() for word in (score, member)),
        )
        why = clash(nx=nx, xx=xx) or clash(nx=nx, gt=gt, lt=lt)
        if incr and len(mapping) != 1:
            why = why or "incr takes one member"
        return self._run_unless(why, args, number_or_none if incr else None)

    def zcard(self, key: KeyT) -> Future[int]:
        """Return the number of members. https://redis.io/docs/latest/commands/zcard/"""
        return self._run((b"ZCARD", key))

    def zincrby(self, key: KeyT, amount: float, member: ValueT) -> Future[float]:
        """Add to the score of a member; return the new one. https://redis.io/docs/latest/commands/zincrby/"""
        return self._run((b"ZINCRBY", key, amount, member), number)

    def zmscore(self, key: KeyT, members: Iterable[ValueT]) -> Future[list[float | None]]:
        """Return the scores of members, None for each that there is not. https://redis.io/docs/latest/commands/zmscore/"""
        return self._run((b"ZMSCORE", key, *one_or_many(members)), numbers_or_none)

    @overload
    def zrandmember(self, key: KeyT) -> Future[T | None]: ...

    @overload
    def zrandmember(self, key: KeyT, count: int, *, withscores: Literal[False] = ...) -> Future[list[T]]: ...

    @overload
    def zrandmember(
        self, key: KeyT, count: int, *, withscores: Literal[True]
    ) -> Future[list[tuple[T, float]]]: ...

    def zrandmember(self, key: KeyT, count: int | None = None, *, withscores: bool = False) -> object:
        """Return a member by chance, None where there is none; with `count` a list of so many different ones.

        A negative `count` may name a member more than once. https://redis.io/docs/latest/commands/zrandmember/
        """
        if count is None:
            return self._run((b"ZRANDMEMBER", key))
        args = (b"ZRANDMEMBER", key, count, *flag(b"WITHSCORES", withscores))
        return self._run(args, scored if withscores else None)

    @overload
    def zrank(self, key: KeyT, member: ValueT, *, withscore: Literal[False] = ...) -> Future[int | None]: ...

    @overload
    def zrank(
        self, key: KeyT, member: ValueT, *, withscore: Literal[True]
    ) -> Future[tuple[int, float] | None]: ...

    def zrank(self, key: KeyT, member: ValueT, *, withscore: bool = False) -> object:
        """Return how many members have a lower score, None for no member; `withscore` needs Redis 7.2.

        https://redis.io/docs/latest/commands/zrank/
        """
        return self._rank(b"ZRANK", key, member, withscore)

    def zrem(self, key: KeyT, *members: ValueT) -> Future[int]:
        """Remove members; return how many there were. https://redis.io/docs/latest/commands/zrem/"""
        return self._run((b"ZREM", key, *members))

    @overload
    def zrevrank(
        self, key: KeyT, member: ValueT, *, withscore: Literal[False] = ...
    ) -> Future[int | None]: ...

    @overload
    def zrevrank(
        self, key: KeyT, member: ValueT, *, withscore: Literal[True]
    ) -> Future[tuple[int, float] | None]: ...

    def zrevrank(self, key: KeyT, member: ValueT, *, withscore: bool = False) -> object:
        """Return how many members have a higher score, None for no member; `withscore` needs Redis 7.2.

        https://redis.io/docs/latest/commands/zrevrank/
        """
        return self._rank(b"ZREVRANK", key, member, withscore)

    def zscan(
        self, key: KeyT, cursor: int = 0, *, match: StringT | None = None, count: int | None = None
    ) -> Future[tuple[int, list[tuple[T, float]]]]:
        """Return the next cursor, 0 at the end, and some members with scores.

        https://redis.io/docs/latest/commands/zscan/
        """
        args = (b"ZSCAN", key, cursor, *option(b"MATCH", match), *option(b"COUNT", count))
        return self._run(args, scanned_scores)

    def zscore(self, key: KeyT, member: ValueT) -> Future[float | None]:
        """Return the score of a member, None for no member. https://redis.io/docs/latest/commands/zscore/"""
        return self._run((b"ZSCORE", key, member), number_or_none)

    def _rank(self, name: bytes, key: KeyT, member: ValueT, withscore: bool) -> object:
        if withscore:
            return self._run((name, key, member, b"WITHSCORE"), rank_and_score)
        return self._run((name, key, member))
