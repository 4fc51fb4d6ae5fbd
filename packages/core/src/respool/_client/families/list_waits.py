"""Commands that wait for elements of lists. Each has a connection to itself, for as long as it waits."""

from __future__ import annotations

from asyncio import Future
from collections.abc import Iterable
from typing import Generic, TypeVar

from respool._client.families.arguments import Ordering, Side, counted, how_many, one_or_many, option
from respool._client.families.family import Family
from respool._client.replies.lists import popped_element, popped_elements
from respool._wire.values import KeyT

T = TypeVar("T")


class ListWaitCommands(Family[T], Generic[T]):
    """Commands that wait. A `timeout` is in seconds, 0 for ever; None means that it passed."""

    def blmove(
        self,
        first_list: KeyT,
        second_list: KeyT,
        timeout: float,
        src: Side = "LEFT",
        dest: Side = "RIGHT",
    ) -> Future[T | None]:
        """Wait for an element and move it; see `lmove`. https://redis.io/docs/latest/commands/blmove/"""
        return self._run_alone((b"BLMOVE", first_list, second_list, src, dest, timeout))

    def blmovem(
        self,
        first_list: KeyT,
        second_list: KeyT,
        timeout: float,
        src: Side = "LEFT",
        dest: Side = "RIGHT",
        *,
        count: int | None = None,
        exactly: bool = False,
        ordering: Ordering = "BULK",
    ) -> Future[list[T] | None]:
        """Wait for elements and move them; see `lmovem`. Redis 8.10. https://redis.io/docs/latest/commands/blmovem/"""
        how = how_many(count, exactly, ordering)
        return self._run_alone((b"BLMOVEM", first_list, second_list, src, dest, timeout, *how))

    def blmpop(
        self, timeout: float, keys: Iterable[KeyT], direction: Side = "LEFT", *, count: int | None = None
    ) -> Future[tuple[T, list[T]] | None]:
        """Wait for elements of the first key that has some; see `lmpop`. https://redis.io/docs/latest/commands/blmpop/"""
        args = (b"BLMPOP", timeout, *counted(one_or_many(keys)), direction, *option(b"COUNT", count))
        return self._run_alone(args, popped_elements)

    def blpop(self, keys: KeyT | Iterable[KeyT], timeout: float = 0) -> Future[tuple[T, T] | None]:
        """Wait for the first element of any key: the key, and it. https://redis.io/docs/latest/commands/blpop/"""
        return self._run_alone((b"BLPOP", *one_or_many(keys), timeout), popped_element)

    def brpop(self, keys: KeyT | Iterable[KeyT], timeout: float = 0) -> Future[tuple[T, T] | None]:
        """Wait for the last element of any key: the key, and it. https://redis.io/docs/latest/commands/brpop/"""
        return self._run_alone((b"BRPOP", *one_or_many(keys), timeout), popped_element)
