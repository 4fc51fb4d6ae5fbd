"""Commands on lists. What waits for elements is in `list_waits`."""

from __future__ import annotations

from asyncio import Future
from collections.abc import Iterable
from typing import Generic, Literal, TypeVar, overload

from respool._client.families.arguments import Ordering, Side, counted, how_many, one_or_many, option
from respool._client.families.family import Family
from respool._client.replies.basic import succeeded
from respool._client.replies.lists import popped_elements
from respool._wire.values import KeyT, ValueT

T = TypeVar("T")


class ListCommands(Family[T], Generic[T]):
    """Commands on lists. Positions count from 0; negative ones from the end."""

    def lindex(self, key: KeyT, index: int) -> Future[T | None]:
        """Return the element at a position, None for none. https://redis.io/docs/latest/commands/lindex/"""
        return self._run((b"LINDEX", key, index))

    def linsert(
        self, key: KeyT, where: Literal["BEFORE", "AFTER"], refvalue: ValueT, value: ValueT
    ) -> Future[int]:
        """Insert beside the first `refvalue`; return the new length, -1 for no `refvalue`, 0 for no list.

        https://redis.io/docs/latest/commands/linsert/
        """
        return self._run((b"LINSERT", key, where, refvalue, value))

    def llen(self, key: KeyT) -> Future[int]:
        """Return the number of elements. https://redis.io/docs/latest/commands/llen/"""
        return self._run((b"LLEN", key))

    def lmove(
        self, first_list: KeyT, second_list: KeyT, src: Side = "LEFT", dest: Side = "RIGHT"
    ) -> Future[T | None]:
        """Move an element from the `src` end of a list to the `dest` end of another; None for none.

        https://redis.io/docs/latest/commands/lmove/
        """
        return self._run((b"LMOVE", first_list, second_list, src, dest))

    def lmovem(
        self,
        first_list: KeyT,
        second_list: KeyT,
        src: Side = "LEFT",
        dest: Side = "RIGHT",
        *,
        count: int | None = None,
        exactly: bool = False,
        ordering: Ordering = "BULK",
    ) -> Future[list[T] | None]:
        """Move `count` elements (one), as many as there are or `exactly` so many; return them, None for none.

        Redis 8.10. https://redis.io/docs/latest/commands/lmovem/
        """
        how = how_many(count, exactly, ordering)
        return self._run((b"LMOVEM", first_list, second_list, src, dest, *how))

    def lmpop(
        self, keys: Iterable[KeyT], direction: Side = "LEFT", *, count: int | None = None
    ) -> Future[tuple[T, list[T]] | None]:
        """Pop `count` elements (one) of the first key that has some: that key, and they. None for none.

        https://redis.io/docs/latest/commands/lmpop/
        """
        args = (b"LMPOP", *counted(one_or_many(keys)), direction, *option(b"COUNT", count))
        return self._run(args, popped_elements)

    @overload
    def lpop(self, key: KeyT) -> Future[T | None]: ...

    @overload
    def lpop(self, key: KeyT, count: int) -> Future[list[T] | None]: ...

    def lpop(self, key: KeyT, count: int | None = None) -> object:
        """Pop the first element; with `count` a list of so many. None for no list.

        https://redis.io/docs/latest/commands/lpop/
        """
        return self._run((b"LPOP", key) if count is None else (b"LPOP", key, count))

    @overload
    def lpos(
        self, key: KeyT, value: ValueT, *, rank: int | None = ..., count: None = ..., maxlen: int | None = ...
    ) -> Future[int | None]: ...

    @overload
    def lpos(
        self, key: KeyT, value: ValueT, *, rank: int | None = ..., count: int, maxlen: int | None = ...
    ) -> Future[list[int]]: ...

    def lpos(
        self,
        key: KeyT,
        value: ValueT,
        *,
        rank: int | None = None,
        count: int | None = None,
        maxlen: int | None = None,
    ) -> object:
        """Return the position of an element, None for none; with `count` so many positions, 0 for all.

        `rank` 2 begins with the second one, -1 with the last; `maxlen` elements are looked at.
        https://redis.io/docs/latest/commands/lpos/
        """
        options = (*option(b"RANK", rank), *option(b"COUNT", count), *option(b"MAXLEN", maxlen))
        return self._run((b"LPOS", key, value, *options))

    def lpush(self, key: KeyT, *values: ValueT) -> Future[int]:
        """Put elements in front, the last one first; return the new length.

        https://redis.io/docs/latest/commands/lpush/
        """
        return self._run((b"LPUSH", key, *values))

    def lpushx(self, key: KeyT, *values: ValueT) -> Future[int]:
        """As `lpush`, but only if there is a list. https://redis.io/docs/latest/commands/lpushx/"""
        return self._run((b"LPUSHX", key, *values))

    def lrange(self, key: KeyT, start: int, end: int) -> Future[list[T]]:
        """Return elements from `start` to `end`, both included. https://redis.io/docs/latest/commands/lrange/"""
        return self._run((b"LRANGE", key, start, end))

    def lrem(self, key: KeyT, count: int, value: ValueT) -> Future[int]:
        """Remove `count` such elements, from the end if negative, 0 for all; return how many.

        https://redis.io/docs/latest/commands/lrem/
        """
        return self._run((b"LREM", key, count, value))

    def lset(self, key: KeyT, index: int, value: ValueT) -> Future[bool]:
        """Replace the element at a position. https://redis.io/docs/latest/commands/lset/"""
        return self._run((b"LSET", key, index, value), succeeded)

    def ltrim(self, key: KeyT, start: int, end: int) -> Future[bool]:
        """Keep elements from `start` to `end`, both included. https://redis.io/docs/latest/commands/ltrim/"""
        return self._run((b"LTRIM", key, start, end), succeeded)

    @overload
    def rpop(self, key: KeyT) -> Future[T | None]: ...

    @overload
    def rpop(self, key: KeyT, count: int) -> Future[list[T] | None]: ...

    def rpop(self, key: KeyT, count: int | None = None) -> object:
        """Pop the last element; with `count` a list of so many. None for no list.

        https://redis.io/docs/latest/commands/rpop/
        """
        return self._run((b"RPOP", key) if count is None else (b"RPOP", key, count))

    def rpush(self, key: KeyT, *values: ValueT) -> Future[int]:
        """Put elements at the end; return the new length. https://redis.io/docs/latest/commands/rpush/"""
        return self._run((b"RPUSH", key, *values))

    def rpushx(self, key: KeyT, *values: ValueT) -> Future[int]:
        """As `rpush`, but only if there is a list. https://redis.io/docs/latest/commands/rpushx/"""
        return self._run((b"RPUSHX", key, *values))
