"""Commands on sets."""

from __future__ import annotations

from asyncio import Future
from collections.abc import Iterable
from typing import Generic, TypeVar, overload

from respool._client.families.arguments import counted, flag, one_or_many, option
from respool._client.families.family import Family
from respool._client.replies.basic import as_set, booleans, scanned
from respool._wire.values import KeyT, StringT, ValueT

T = TypeVar("T")


class SetCommands(Family[T], Generic[T]):
    """Commands on sets."""

    def sadd(self, key: KeyT, *members: ValueT) -> Future[int]:
        """Add members; return how many are new. https://redis.io/docs/latest/commands/sadd/"""
        return self._run((b"SADD", key, *members))

    def scard(self, key: KeyT) -> Future[int]:
        """Return the number of members. https://redis.io/docs/latest/commands/scard/"""
        return self._run((b"SCARD", key))

    def sdiff(self, keys: KeyT | Iterable[KeyT], *more: KeyT) -> Future[set[T]]:
        """Return members of the first key that no other has. https://redis.io/docs/latest/commands/sdiff/"""
        return self._run((b"SDIFF", *one_or_many(keys, more)), as_set)

    def sdiffstore(self, dest: KeyT, keys: KeyT | Iterable[KeyT], *more: KeyT) -> Future[int]:
        """Store what `sdiff` returns; return how many. https://redis.io/docs/latest/commands/sdiffstore/"""
        return self._run((b"SDIFFSTORE", dest, *one_or_many(keys, more)))

    def sdiffcard(self, keys: Iterable[KeyT], *, limit: int = 0) -> Future[int]:
        """Return how many members of the first key no other has, counting up to `limit`. Redis 8.10.

        https://redis.io/docs/latest/commands/sdiffcard/
        """
        return self._run((b"SDIFFCARD", *counted(one_or_many(keys)), b"LIMIT", limit))

    def sinter(self, keys: KeyT | Iterable[KeyT], *more: KeyT) -> Future[set[T]]:
        """Return members that all keys have. https://redis.io/docs/latest/commands/sinter/"""
        return self._run((b"SINTER", *one_or_many(keys, more)), as_set)

    def sintercard(self, keys: Iterable[KeyT], *, limit: int = 0) -> Future[int]:
        """Return how many members all keys have, counting up to `limit`.

        https://redis.io/docs/latest/commands/sintercard/
        """
        return self._run((b"SINTERCARD", *counted(one_or_many(keys)), b"LIMIT", limit))

    def sinterstore(self, dest: KeyT, keys: KeyT | Iterable[KeyT], *more: KeyT) -> Future[int]:
        """Store what `sinter` returns; return how many. https://redis.io/docs/latest/commands/sinterstore/"""
        return self._run((b"SINTERSTORE", dest, *one_or_many(keys, more)))

    def sismember(self, key: KeyT, member: ValueT) -> Future[bool]:
        """Tell whether it is a member. https://redis.io/docs/latest/commands/sismember/"""
        return self._run((b"SISMEMBER", key, member), bool)

    def smembers(self, key: KeyT) -> Future[set[T]]:
        """Return all members. https://redis.io/docs/latest/commands/smembers/"""
        return self._run((b"SMEMBERS", key), as_set)

    def smismember(self, key: KeyT, members: ValueT | Iterable[ValueT], *more: ValueT) -> Future[list[bool]]:
        """Tell of each whether it is a member. https://redis.io/docs/latest/commands/smismember/"""
        return self._run((b"SMISMEMBER", key, *one_or_many(members, more)), booleans)

    def smove(self, source: KeyT, dest: KeyT, member: ValueT) -> Future[bool]:
        """Move a member to another set; False where it is none. https://redis.io/docs/latest/commands/smove/"""
        return self._run((b"SMOVE", source, dest, member), bool)

    @overload
    def spop(self, key: KeyT) -> Future[T | None]: ...

    @overload
    def spop(self, key: KeyT, count: int) -> Future[set[T]]: ...

    def spop(self, key: KeyT, count: int | None = None) -> object:
        """Pop a member by chance, None for none; with `count` a set of so many.

        https://redis.io/docs/latest/commands/spop/
        """
        if count is None:
            return self._run((b"SPOP", key))
        return self._run((b"SPOP", key, count), as_set)

    @overload
    def srandmember(self, key: KeyT) -> Future[T | None]: ...

    @overload
    def srandmember(self, key: KeyT, number: int) -> Future[list[T]]: ...

    def srandmember(self, key: KeyT, number: int | None = None) -> object:
        """Return a member by chance, None for none; with `number` a list of so many different ones.

        A negative `number` may name a member more than once. https://redis.io/docs/latest/commands/srandmember/
        """
        return self._run((b"SRANDMEMBER", key) if number is None else (b"SRANDMEMBER", key, number))

    def srem(self, key: KeyT, *members: ValueT) -> Future[int]:
        """Remove members; return how many there were. https://redis.io/docs/latest/commands/srem/"""
        return self._run((b"SREM", key, *members))

    def sscan(
        self, key: KeyT, cursor: int = 0, *, match: StringT | None = None, count: int | None = None
    ) -> Future[tuple[int, list[T]]]:
        """Return the next cursor, 0 at the end, and some members. https://redis.io/docs/latest/commands/sscan/"""
        return self._run((b"SSCAN", key, cursor, *option(b"MATCH", match), *option(b"COUNT", count)), scanned)

    def sunion(self, keys: KeyT | Iterable[KeyT], *more: KeyT) -> Future[set[T]]:
        """Return members that any key has. https://redis.io/docs/latest/commands/sunion/"""
        return self._run((b"SUNION", *one_or_many(keys, more)), as_set)

    def sunioncard(self, keys: Iterable[KeyT], *, limit: int = 0, approx: bool = False) -> Future[int]:
        """Return how many members the keys have together, counting up to `limit`; `approx` is quicker. Redis 8.10.

        https://redis.io/docs/latest/commands/sunioncard/
        """
        args = (b"SUNIONCARD", *counted(one_or_many(keys)), *flag(b"APPROX", approx), b"LIMIT", limit)
        return self._run(args)

    def sunionstore(self, dest: KeyT, keys: KeyT | Iterable[KeyT], *more: KeyT) -> Future[int]:
        """Store what `sunion` returns; return how many. https://redis.io/docs/latest/commands/sunionstore/"""
        return self._run((b"SUNIONSTORE", dest, *one_or_many(keys, more)))
