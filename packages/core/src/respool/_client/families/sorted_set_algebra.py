"""Differences, intersections and unions of sorted sets. With weights, scores are multiplied before they are joined."""

from __future__ import annotations

from asyncio import Future
from collections.abc import Iterable, Mapping
from typing import Generic, Literal, TypeAlias, TypeVar, overload

from respool._client.families.arguments import AnyKeyT, Words, counted, flag, one_or_many, option
from respool._client.families.family import Family
from respool._client.replies.basic import scored
from respool._wire.values import KeyT

T = TypeVar("T")

Aggregate: TypeAlias = Literal["SUM", "MIN", "MAX"]


class SortedSetAlgebraCommands(Family[T], Generic[T]):
    """Set algebra on sorted sets. `keys` are a list, or a mapping of keys to weights."""

    @overload
    def zdiff(self, keys: Iterable[KeyT], *, withscores: Literal[False] = ...) -> Future[list[T]]: ...

    @overload
    def zdiff(self, keys: Iterable[KeyT], *, withscores: Literal[True]) -> Future[list[tuple[T, float]]]: ...

    def zdiff(self, keys: Iterable[KeyT], *, withscores: bool = False) -> object:
        """Return members of the first key that no other has. https://redis.io/docs/latest/commands/zdiff/"""
        args = (b"ZDIFF", *counted(one_or_many(keys)), *flag(b"WITHSCORES", withscores))
        return self._run(args, scored if withscores else None)

    def zdiffstore(self, dest: KeyT, keys: Iterable[KeyT]) -> Future[int]:
        """Store what `zdiff` returns; return how many members. https://redis.io/docs/latest/commands/zdiffstore/"""
        return self._run((b"ZDIFFSTORE", dest, *counted(one_or_many(keys))))

    @overload
    def zinter(
        self,
        keys: Iterable[KeyT] | Mapping[AnyKeyT, float],
        *,
        aggregate: Aggregate | None = ...,
        withscores: Literal[False] = ...,
    ) -> Future[list[T]]: ...

    @overload
    def zinter(
        self,
        keys: Iterable[KeyT] | Mapping[AnyKeyT, float],
        *,
        aggregate: Aggregate | None = ...,
        withscores: Literal[True],
    ) -> Future[list[tuple[T, float]]]: ...

    def zinter(
        self,
        keys: Iterable[KeyT] | Mapping[AnyKeyT, float],
        *,
        aggregate: Aggregate | None = None,
        withscores: bool = False,
    ) -> object:
        """Return members that all keys have; their scores are added up, unless `aggregate` says otherwise.

        https://redis.io/docs/latest/commands/zinter/
        """
        args = (
            b"ZINTER",
            *_weighted(keys),
            *option(b"AGGREGATE", aggregate),
            *flag(b"WITHSCORES", withscores),
        )
        return self._run(args, scored if withscores else None)

    def zintercard(self, keys: Iterable[KeyT], *, limit: int = 0) -> Future[int]:
        """Return how many members all keys have, counting up to `limit`.

        https://redis.io/docs/latest/commands/zintercard/
        """
        return self._run((b"ZINTERCARD", *counted(one_or_many(keys)), b"LIMIT", limit))

    def zinterstore(
        self,
        dest: KeyT,
        keys: Iterable[KeyT] | Mapping[AnyKeyT, float],
        *,
        aggregate: Aggregate | None = None,
    ) -> Future[int]:
        """Store what `zinter` returns; return how many members. https://redis.io/docs/latest/commands/zinterstore/"""
        return self._run((b"ZINTERSTORE", dest, *_weighted(keys), *option(b"AGGREGATE", aggregate)))

    @overload
    def zunion(
        self,
        keys: Iterable[KeyT] | Mapping[AnyKeyT, float],
        *,
        aggregate: Aggregate | None = ...,
        withscores: Literal[False] = ...,
    ) -> Future[list[T]]: ...

    @overload
    def zunion(
        self,
        keys: Iterable[KeyT] | Mapping[AnyKeyT, float],
        *,
        aggregate: Aggregate | None = ...,
        withscores: Literal[True],
    ) -> Future[list[tuple[T, float]]]: ...

    def zunion(
        self,
        keys: Iterable[KeyT] | Mapping[AnyKeyT, float],
        *,
        aggregate: Aggregate | None = None,
        withscores: bool = False,
    ) -> object:
        """Return members that any key has; scores as for `zinter`. https://redis.io/docs/latest/commands/zunion/"""
        args = (
            b"ZUNION",
            *_weighted(keys),
            *option(b"AGGREGATE", aggregate),
            *flag(b"WITHSCORES", withscores),
        )
        return self._run(args, scored if withscores else None)

    def zunionstore(
        self,
        dest: KeyT,
        keys: Iterable[KeyT] | Mapping[AnyKeyT, float],
        *,
        aggregate: Aggregate | None = None,
    ) -> Future[int]:
        """Store what `zunion` returns; return how many members. https://redis.io/docs/latest/commands/zunionstore/"""
        return self._run((b"ZUNIONSTORE", dest, *_weighted(keys), *option(b"AGGREGATE", aggregate)))


def _weighted(keys: Iterable[KeyT] | Mapping[AnyKeyT, float]) -> Words:
    if isinstance(keys, Mapping):
        return (*counted(keys), b"WEIGHTS", *keys.values())
    return counted(one_or_many(keys))
