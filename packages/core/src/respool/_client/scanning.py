"""Iterators over what SCAN and its kin return page by page. They hold nothing on the server; leave them when you like.

What is there from beginning to end is returned at least once; what comes, goes or moves meanwhile may be returned,
twice too, or not (https://redis.io/docs/latest/commands/scan/#scan-guarantees).
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from typing import Generic, Literal, TypeVar, overload

from respool._client.commands import Commands
from respool._client.families.keys import KeyType
from respool._wire.values import KeyT, StringT

T = TypeVar("T")
V = TypeVar("V")


class ScanningCommands(Commands[T], Generic[T]):
    """Iterators for `async for`. `count` is how many the server should look at for one page."""

    def scan_iter(
        self, *, match: StringT | None = None, count: int | None = None, type: KeyType | None = None
    ) -> AsyncIterator[T]:
        """Iterate over keys."""
        return _each(lambda cursor: self.scan(cursor, match=match, count=count, type=type))

    @overload
    def hscan_iter(
        self,
        key: KeyT,
        *,
        match: StringT | None = ...,
        count: int | None = ...,
        no_values: Literal[False] = ...,
    ) -> AsyncIterator[tuple[T, T]]: ...

    @overload
    def hscan_iter(
        self, key: KeyT, *, match: StringT | None = ..., count: int | None = ..., no_values: Literal[True]
    ) -> AsyncIterator[T]: ...

    def hscan_iter(
        self,
        key: KeyT,
        *,
        match: StringT | None = None,
        count: int | None = None,
        no_values: bool = False,
    ) -> AsyncIterator[tuple[T, T]] | AsyncIterator[T]:
        """Iterate over the fields of a hash and their values; only over their names with `no_values` (Redis 7.4)."""
        if no_values:
            return _each(lambda cursor: self.hscan(key, cursor, match=match, count=count, no_values=True))

        async def fields(cursor: int) -> tuple[int, Iterable[tuple[T, T]]]:
            following, page = await self.hscan(key, cursor, match=match, count=count)
            return following, page.items()

        return _each(fields)

    def sscan_iter(
        self, key: KeyT, *, match: StringT | None = None, count: int | None = None
    ) -> AsyncIterator[T]:
        """Iterate over the members of a set."""
        return _each(lambda cursor: self.sscan(key, cursor, match=match, count=count))

    def zscan_iter(
        self, key: KeyT, *, match: StringT | None = None, count: int | None = None
    ) -> AsyncIterator[tuple[T, float]]:
        """Iterate over the members of a sorted set and their scores."""
        return _each(lambda cursor: self.zscan(key, cursor, match=match, count=count))


async def _each(ask: Callable[[int], Awaitable[tuple[int, Iterable[V]]]]) -> AsyncIterator[V]:
    """Ask for one page after another until there is none."""
    cursor, page = await ask(0)
    while True:
        for each in page:
            yield each
        if not cursor:
            return
        cursor, page = await ask(cursor)
