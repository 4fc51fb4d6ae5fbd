"""Commands on hashes. When fields expire is in `hash_expiry`."""

from __future__ import annotations

from asyncio import Future
from collections.abc import Iterable, Mapping
from typing import Generic, Literal, TypeVar, overload

from respool._client.families.arguments import (
    AnyValueT,
    flag,
    flattened,
    one_or_many,
    option,
)
from respool._client.families.family import Args, Family
from respool._client.replies.basic import mapping as as_mapping
from respool._client.replies.basic import number, paired, scanned, scanned_mapping
from respool._wire.values import KeyT, StringT, ValueT

T = TypeVar("T")


class HashCommands(Family[T], Generic[T]):
    """Commands on hashes."""

    def hdel(self, key: KeyT, *fields: ValueT) -> Future[int]:
        """Delete fields; return how many there were. https://redis.io/docs/latest/commands/hdel/"""
        return self._run((b"HDEL", key, *fields))

    def hexists(self, key: KeyT, field: ValueT) -> Future[bool]:
        """Tell whether there is such a field. https://redis.io/docs/latest/commands/hexists/"""
        return self._run((b"HEXISTS", key, field), bool)

    def hget(self, key: KeyT, field: ValueT) -> Future[T | None]:
        """Return the value of a field, None where there is none. https://redis.io/docs/latest/commands/hget/"""
        return self._run((b"HGET", key, field))

    def hgetall(self, key: KeyT) -> Future[dict[T, T]]:
        """Return all fields with their values. https://redis.io/docs/latest/commands/hgetall/"""
        return self._run((b"HGETALL", key), as_mapping)

    def hgetdel(self, key: KeyT, *fields: ValueT) -> Future[list[T | None]]:
        """Delete fields and return the values they had. Redis 8. https://redis.io/docs/latest/commands/hgetdel/"""
        return self._run((b"HGETDEL", key, b"FIELDS", len(fields), *fields))

    def hincrby(self, key: KeyT, field: ValueT, amount: int = 1) -> Future[int]:
        """Add `amount` to the integer in a field. https://redis.io/docs/latest/commands/hincrby/"""
        return self._run((b"HINCRBY", key, field, amount))

    def hincrbyfloat(self, key: KeyT, field: ValueT, amount: float = 1.0) -> Future[float]:
        """Add `amount` to the number in a field. https://redis.io/docs/latest/commands/hincrbyfloat/"""
        return self._run((b"HINCRBYFLOAT", key, field, amount), number)

    def hkeys(self, key: KeyT) -> Future[list[T]]:
        """Return the names of all fields. https://redis.io/docs/latest/commands/hkeys/"""
        return self._run((b"HKEYS", key))

    def hlen(self, key: KeyT) -> Future[int]:
        """Return the number of fields. https://redis.io/docs/latest/commands/hlen/"""
        return self._run((b"HLEN", key))

    def hmget(self, key: KeyT, fields: ValueT | Iterable[ValueT], *more: ValueT) -> Future[list[T | None]]:
        """Return the values of fields, None for each that there is not. https://redis.io/docs/latest/commands/hmget/"""
        return self._run((b"HMGET", key, *one_or_many(fields, more)))

    @overload
    def hrandfield(self, key: KeyT) -> Future[T | None]: ...

    @overload
    def hrandfield(self, key: KeyT, count: int, *, withvalues: Literal[False] = ...) -> Future[list[T]]: ...

    @overload
    def hrandfield(
        self, key: KeyT, count: int, *, withvalues: Literal[True]
    ) -> Future[list[tuple[T, T]]]: ...

    def hrandfield(self, key: KeyT, count: int | None = None, *, withvalues: bool = False) -> object:
        """Return a field by chance, None where there is no hash; with `count` a list of so many different ones.

        A negative `count` may name a field more than once. https://redis.io/docs/latest/commands/hrandfield/
        """
        if count is None:
            return self._run((b"HRANDFIELD", key))
        args = (b"HRANDFIELD", key, count, *flag(b"WITHVALUES", withvalues))
        return self._run(args, paired if withvalues else None)

    @overload
    def hscan(
        self,
        key: KeyT,
        cursor: int = ...,
        *,
        match: StringT | None = ...,
        count: int | None = ...,
        no_values: Literal[False] = ...,
    ) -> Future[tuple[int, dict[T, T]]]: ...

    @overload
    def hscan(
        self,
        key: KeyT,
        cursor: int = ...,
        *,
        match: StringT | None = ...,
        count: int | None = ...,
        no_values: Literal[True],
    ) -> Future[tuple[int, list[T]]]: ...

    def hscan(
        self,
        key: KeyT,
        cursor: int = 0,
        *,
        match: StringT | None = None,
        count: int | None = None,
        no_values: bool = False,
    ) -> object:
        """Return the next cursor, 0 at the end, and some of the fields; their names only with `no_values`.

        https://redis.io/docs/latest/commands/hscan/
        """
        args = (b"HSCAN", key, cursor, *option(b"MATCH", match), *option(b"COUNT", count))
        if no_values:
            return self._run((*args, b"NOVALUES"), scanned)
        return self._run(args, scanned_mapping)

    @overload
    def hset(self, key: KeyT, field: ValueT, value: ValueT) -> Future[int]: ...

    @overload
    def hset(self, key: KeyT, *, mapping: Mapping[AnyValueT, ValueT]) -> Future[int]: ...

    def hset(
        self,
        key: KeyT,
        field: ValueT | None = None,
        value: ValueT | None = None,
        mapping: Mapping[AnyValueT, ValueT] | None = None,
    ) -> Future[int]:
        """Set a field, or those of `mapping`; return how many are new. https://redis.io/docs/latest/commands/hset/"""
        if field is not None and value is not None and mapping is None:
            return self._run((b"HSET", key, field, value))
        args: Args = (b"HSET", key)
        if mapping and field is None and value is None:
            return self._run((*args, *flattened(mapping)))
        return self._refuse(args, "give either a field and its value, or a mapping of at least one field")

    def hsetnx(self, key: KeyT, field: ValueT, value: ValueT) -> Future[bool]:
        """Set a field that there is not; False where there is. https://redis.io/docs/latest/commands/hsetnx/"""
        return self._run((b"HSETNX", key, field, value), bool)

    def hstrlen(self, key: KeyT, field: ValueT) -> Future[int]:
        """Return the length of a field's value in bytes, 0 for none. https://redis.io/docs/latest/commands/hstrlen/"""
        return self._run((b"HSTRLEN", key, field))

    def hvals(self, key: KeyT) -> Future[list[T]]:
        """Return the values of all fields. https://redis.io/docs/latest/commands/hvals/"""
        return self._run((b"HVALS", key))
