"""Iterators over what SCAN and its kin return page by page. They hold nothing on any node; leave them when you like.

What is there from beginning to end is returned at least once; what comes, goes or moves meanwhile may be returned,
twice too, or not (https://redis.io/docs/latest/commands/scan/#scan-guarantees).
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from typing import Generic, Literal, TypeAlias, TypeVar, overload

from respool.lowlevel import Commands, KeyT, StringT
from respool_cluster._scanning import Scanner

T = TypeVar("T")
V = TypeVar("V")

KeyType: TypeAlias = Literal["string", "list", "set", "zset", "hash", "stream", "vectorset"]


class ClusterIterators(Commands[T], Generic[T]):
    """Iterators for `async for`. `count` is how many keys or members a node should look at for one page."""

    @abstractmethod
    def _scanner(self) -> Scanner[T]: ...

    def scan_iter(
        self, *, match: StringT | None = None, count: int | None = None, type: KeyType | None = None
    ) -> AsyncIterator[T]:
        """Iterate over the keys of all nodes. Slots may move and nodes may fail meanwhile: no key is missed for that.

        A node that was replaced is begun anew, so its keys may come twice.
        """
        return self._scanner().keys(lambda node: node.scan_iter(match=match, count=count, type=type))

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
