"""SORT: the elements of a list, set or sorted set in order."""

from __future__ import annotations

from asyncio import Future
from collections.abc import Iterable
from typing import Generic, TypeVar, overload

from respool._client.families.arguments import Words, flag, incomplete, option
from respool._client.families.family import Family
from respool._wire.values import KeyT, StringT

T = TypeVar("T")


class SortingCommands(Family[T], Generic[T]):
    """SORT, its read-only form, and the one that stores.

    `by` is a pattern of keys to sort by; `get` are patterns of keys to return instead of the elements ("#" for the
    element itself), None where there is no such key; `num` elements from `start` on.
    """

    @overload
    def sort(
        self,
        key: KeyT,
        *,
        start: int | None = ...,
        num: int | None = ...,
        by: StringT | None = ...,
        get: None = ...,
        desc: bool = ...,
        alpha: bool = ...,
    ) -> Future[list[T]]: ...

    @overload
    def sort(
        self,
        key: KeyT,
        *,
        start: int | None = ...,
        num: int | None = ...,
        by: StringT | None = ...,
        get: Iterable[StringT],
        desc: bool = ...,
        alpha: bool = ...,
    ) -> Future[list[T | None]]: ...

    def sort(
        self,
        key: KeyT,
        *,
        start: int | None = None,
        num: int | None = None,
        by: StringT | None = None,
        get: Iterable[StringT] | None = None,
        desc: bool = False,
        alpha: bool = False,
    ) -> object:
        """Return elements in order: of numbers, or of text with `alpha`. https://redis.io/docs/latest/commands/sort/"""
        args = (b"SORT", key, *_how(by, start, num, get, desc, alpha))
        return self._run_unless(incomplete(start=start, num=num), args)

    @overload
    def sort_ro(
        self,
        key: KeyT,
        *,
        start: int | None = ...,
        num: int | None = ...,
        by: StringT | None = ...,
        get: None = ...,
        desc: bool = ...,
        alpha: bool = ...,
    ) -> Future[list[T]]: ...

    @overload
    def sort_ro(
        self,
        key: KeyT,
        *,
        start: int | None = ...,
        num: int | None = ...,
        by: StringT | None = ...,
        get: Iterable[StringT],
        desc: bool = ...,
        alpha: bool = ...,
    ) -> Future[list[T | None]]: ...

    def sort_ro(
        self,
        key: KeyT,
        *,
        start: int | None = None,
        num: int | None = None,
        by: StringT | None = None,
        get: Iterable[StringT] | None = None,
        desc: bool = False,
        alpha: bool = False,
    ) -> object:
        """Return elements in order, as a command that replicas take. https://redis.io/docs/latest/commands/sort_ro/"""
        args = (b"SORT_RO", key, *_how(by, start, num, get, desc, alpha))
        return self._run_unless(incomplete(start=start, num=num), args)

    def sort_store(
        self,
        key: KeyT,
        dest: KeyT,
        *,
        start: int | None = None,
        num: int | None = None,
        by: StringT | None = None,
        get: Iterable[StringT] | None = None,
        desc: bool = False,
        alpha: bool = False,
    ) -> Future[int]:
        """Store elements in order as a list at `dest`; return how many. https://redis.io/docs/latest/commands/sort/"""
        args = (b"SORT", key, *_how(by, start, num, get, desc, alpha), b"STORE", dest)
        return self._run_unless(incomplete(start=start, num=num), args)


def _how(
    by: StringT | None,
    start: int | None,
    num: int | None,
    get: Iterable[StringT] | None,
    desc: bool,
    alpha: bool,
) -> Words:
    patterns = (get,) if isinstance(get, (str, bytes)) else (get or ())
    return (
        *option(b"BY", by),
        *(() if start is None or num is None else (b"LIMIT", start, num)),
        *(word for pattern in patterns for word in (b"GET", pattern)),
        *flag(b"DESC", desc),
        *flag(b"ALPHA", alpha),
    )
