"""Commands that take members off sorted sets: at once, or as soon as there are some."""

from __future__ import annotations

from asyncio import Future
from collections.abc import Iterable
from typing import Generic, Literal, TypeVar

from respool._client.families.arguments import counted, one_or_many, option
from respool._client.families.family import Family
from respool._client.replies.basic import scored
from respool._client.replies.sorted_sets import popped_member, popped_members
from respool._wire.values import KeyT

T = TypeVar("T")


class SortedSetPopCommands(Family[T], Generic[T]):
    """Commands that pop members. A `timeout` is in seconds, 0 for ever; None means that it passed."""

    def bzmpop(
        self,
        timeout: float,
        keys: Iterable[KeyT],
        which: Literal["MIN", "MAX"] = "MIN",
        *,
        count: int | None = None,
    ) -> Future[tuple[T, list[tuple[T, float]]] | None]:
        """Wait for members in the first key that has some; see `zmpop`. https://redis.io/docs/latest/commands/bzmpop/"""
        args = (b"BZMPOP", timeout, *counted(one_or_many(keys)), which, *option(b"COUNT", count))
        return self._run_alone(args, popped_members)

    def bzpopmax(self, keys: KeyT | Iterable[KeyT], timeout: float = 0) -> Future[tuple[T, T, float] | None]:
        """Wait for the member of the highest score: key, member and score.

        https://redis.io/docs/latest/commands/bzpopmax/
        """
        return self._run_alone((b"BZPOPMAX", *one_or_many(keys), timeout), popped_member)

    def bzpopmin(self, keys: KeyT | Iterable[KeyT], timeout: float = 0) -> Future[tuple[T, T, float] | None]:
        """Wait for the member of the lowest score: key, member and score.

        https://redis.io/docs/latest/commands/bzpopmin/
        """
        return self._run_alone((b"BZPOPMIN", *one_or_many(keys), timeout), popped_member)

    def zmpop(
        self, keys: Iterable[KeyT], which: Literal["MIN", "MAX"] = "MIN", *, count: int | None = None
    ) -> Future[tuple[T, list[tuple[T, float]]] | None]:
        """Pop `count` members (one) of the first key that has some: that key, and members with scores.

        None where no key has any. https://redis.io/docs/latest/commands/zmpop/
        """
        args = (b"ZMPOP", *counted(one_or_many(keys)), which, *option(b"COUNT", count))
        return self._run(args, popped_members)

    def zpopmax(self, key: KeyT, count: int = 1) -> Future[list[tuple[T, float]]]:
        """Pop the members of the highest scores. https://redis.io/docs/latest/commands/zpopmax/"""
        return self._run((b"ZPOPMAX", key, count), scored)

    def zpopmin(self, key: KeyT, count: int = 1) -> Future[list[tuple[T, float]]]:
        """Pop the members of the lowest scores. https://redis.io/docs/latest/commands/zpopmin/"""
        return self._run((b"ZPOPMIN", key, count), scored)
