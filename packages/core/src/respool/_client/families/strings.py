"""Commands on strings: values, counters, parts of values. Bits of strings are in `bitmaps`."""

from __future__ import annotations

from asyncio import Future
from collections.abc import Iterable, Mapping
from typing import Generic, Literal, TypeVar, overload

from respool._client.families.arguments import (
    AnyKeyT,
    MomentT,
    PeriodT,
    Words,
    clash,
    expiry,
    flag,
    flags,
    flattened,
    one_or_many,
    option,
)
from respool._client.families.family import Family
from respool._client.replies.basic import number, succeeded, text_or_none
from respool._client.replies.strings import LcsMatches, lcs_matches
from respool._wire.values import KeyT, StringT, ValueT

T = TypeVar("T")


class StringCommands(Family[T], Generic[T]):
    """Commands on strings."""

    def append(self, key: KeyT, value: ValueT) -> Future[int]:
        """Append to a value; return its new length in bytes. https://redis.io/docs/latest/commands/append/"""
        return self._run((b"APPEND", key, value))

    def decr(self, key: KeyT, amount: int = 1) -> Future[int]:
        """Take `amount` from the integer at `key`. https://redis.io/docs/latest/commands/decrby/"""
        return self._run((b"DECRBY", key, amount))

    def delex(
        self,
        key: KeyT,
        *,
        ifeq: ValueT | None = None,
        ifne: ValueT | None = None,
        ifdeq: StringT | None = None,
        ifdne: StringT | None = None,
    ) -> Future[bool]:
        """Delete `key` if its value is the one told, or is not: conditions as for `set`. Redis 8.4.

        https://redis.io/docs/latest/commands/delex/
        """
        why = clash(ifeq=ifeq, ifne=ifne, ifdeq=ifdeq, ifdne=ifdne)
        return self._run_unless(why, (b"DELEX", key, *_comparison(ifeq, ifne, ifdeq, ifdne)), bool)

    def delifeq(self, key: KeyT, value: ValueT) -> Future[bool]:
        """Delete `key` if it has this value. Valkey 9. https://valkey.io/commands/delifeq/"""
        return self._run((b"DELIFEQ", key, value), bool)

    def digest(self, key: KeyT) -> Future[str | None]:
        """Return the XXH3 digest of a value in hexadecimal, to compare with; None for none. Redis 8.4.

        https://redis.io/docs/latest/commands/digest/
        """
        return self._run((b"DIGEST", key), text_or_none)

    def get(self, key: KeyT) -> Future[T | None]:
        """Return the value of `key`, None where there is none. https://redis.io/docs/latest/commands/get/"""
        return self._run((b"GET", key))

    def getdel(self, key: KeyT) -> Future[T | None]:
        """Delete `key` and return the value it had. https://redis.io/docs/latest/commands/getdel/"""
        return self._run((b"GETDEL", key))

    def getex(
        self,
        key: KeyT,
        *,
        ex: PeriodT | None = None,
        px: PeriodT | None = None,
        exat: MomentT | None = None,
        pxat: MomentT | None = None,
        persist: bool = False,
    ) -> Future[T | None]:
        """Return a value and set when it expires: as for `set`; `persist` for never.

        https://redis.io/docs/latest/commands/getex/
        """
        return self._run_unless(
            clash(ex=ex, px=px, exat=exat, pxat=pxat, persist=persist),
            (b"GETEX", key, *expiry(ex, px, exat, pxat), *flag(b"PERSIST", persist)),
        )

    def getrange(self, key: KeyT, start: int, end: int) -> Future[T]:
        """Return the bytes from `start` to `end`, both included; negative ones count from the end.

        https://redis.io/docs/latest/commands/getrange/
        """
        return self._run((b"GETRANGE", key, start, end))

    def incr(self, key: KeyT, amount: int = 1) -> Future[int]:
        """Add `amount` to the integer at `key`. https://redis.io/docs/latest/commands/incrby/"""
        return self._run((b"INCRBY", key, amount))

    def incrbyfloat(self, key: KeyT, amount: float = 1.0) -> Future[float]:
        """Add `amount` to the number at `key`. https://redis.io/docs/latest/commands/incrbyfloat/"""
        return self._run((b"INCRBYFLOAT", key, amount), number)

    @overload
    def lcs(self, key1: KeyT, key2: KeyT) -> Future[T]: ...

    @overload
    def lcs(self, key1: KeyT, key2: KeyT, *, len: Literal[True]) -> Future[int]: ...

    @overload
    def lcs(
        self, key1: KeyT, key2: KeyT, *, idx: Literal[True], minmatchlen: int = ...
    ) -> Future[LcsMatches]: ...

    def lcs(
        self, key1: KeyT, key2: KeyT, *, len: bool = False, idx: bool = False, minmatchlen: int = 0
    ) -> object:
        """Return the longest common subsequence of two values; its length (`len`), or where it is in them (`idx`).

        https://redis.io/docs/latest/commands/lcs/
        """
        args = (b"LCS", key1, key2)
        if idx:
            where = (*args, b"IDX", b"MINMATCHLEN", minmatchlen, b"WITHMATCHLEN")
            return self._run_unless(clash(len=len, idx=idx), where, lcs_matches)
        return self._run((*args, *flag(b"LEN", len)))

    def mget(self, keys: KeyT | Iterable[KeyT], *more: KeyT) -> Future[list[T | None]]:
        """Return the values of keys, None for each without one. https://redis.io/docs/latest/commands/mget/"""
        return self._run((b"MGET", *one_or_many(keys, more)))

    def mset(self, mapping: Mapping[AnyKeyT, ValueT]) -> Future[bool]:
        """Set keys to values, all at once. https://redis.io/docs/latest/commands/mset/"""
        return self._run((b"MSET", *flattened(mapping)), succeeded)

    def msetex(
        self,
        mapping: Mapping[AnyKeyT, ValueT],
        *,
        ex: PeriodT | None = None,
        px: PeriodT | None = None,
        exat: MomentT | None = None,
        pxat: MomentT | None = None,
        keepttl: bool = False,
        nx: bool = False,
        xx: bool = False,
    ) -> Future[bool]:
        """Set keys to values and when all of them expire, as for `set`: all, or none and False. Redis 8.4, Valkey 9.1.

        `nx`: only if there is none of them; `xx`: only if all are there. https://redis.io/docs/latest/commands/msetex/
        """
        return self._run_unless(
            clash(nx=nx, xx=xx) or clash(ex=ex, px=px, exat=exat, pxat=pxat, keepttl=keepttl),
            (
                b"MSETEX",
                len(mapping),
                *flattened(mapping),
                *flags(nx=nx, xx=xx),
                *expiry(ex, px, exat, pxat),
                *flag(b"KEEPTTL", keepttl),
            ),
            bool,
        )

    def msetnx(self, mapping: Mapping[AnyKeyT, ValueT]) -> Future[bool]:
        """Set keys to values if none of them exists: all, or none and False.

        https://redis.io/docs/latest/commands/msetnx/
        """
        return self._run((b"MSETNX", *flattened(mapping)), bool)

    @overload
    def set(
        self,
        key: KeyT,
        value: ValueT,
        *,
        ex: PeriodT | None = ...,
        px: PeriodT | None = ...,
        nx: bool = ...,
        xx: bool = ...,
        keepttl: bool = ...,
        get: Literal[False] = ...,
        exat: MomentT | None = ...,
        pxat: MomentT | None = ...,
        ifeq: ValueT | None = ...,
        ifne: ValueT | None = ...,
        ifdeq: StringT | None = ...,
        ifdne: StringT | None = ...,
    ) -> Future[bool]: ...

    @overload
    def set(
        self,
        key: KeyT,
        value: ValueT,
        *,
        ex: PeriodT | None = ...,
        px: PeriodT | None = ...,
        nx: bool = ...,
        xx: bool = ...,
        keepttl: bool = ...,
        get: Literal[True],
        exat: MomentT | None = ...,
        pxat: MomentT | None = ...,
        ifeq: ValueT | None = ...,
        ifne: ValueT | None = ...,
        ifdeq: StringT | None = ...,
        ifdne: StringT | None = ...,
    ) -> Future[T | None]: ...

    def set(
        self,
        key: KeyT,
        value: ValueT,
        *,
        ex: PeriodT | None = None,
        px: PeriodT | None = None,
        nx: bool = False,
        xx: bool = False,
        keepttl: bool = False,
        get: bool = False,
        exat: MomentT | None = None,
        pxat: MomentT | None = None,
        ifeq: ValueT | None = None,
        ifne: ValueT | None = None,
        ifdeq: StringT | None = None,
        ifdne: StringT | None = None,
    ) -> object:
        """Set `key`. False when a condition forbade it; with `get` the value it had, or None.

        It expires in `ex` seconds or `px` milliseconds, or at `exat` or `pxat` (Unix time in seconds, in milliseconds);
        `keepttl` leaves when it expires as it is. `nx`: only if there is none; `xx`: only if there is one; `ifeq`: only
        if it has this value (Valkey 8.1, Redis 8.4); `ifne`: only if it has another one, or none; `ifdeq`, `ifdne`: the
        same by what `digest` says of its value (Redis 8.4). https://redis.io/docs/latest/commands/set/
        """
        args = (b"SET", key, value)
        if (
            not (nx or xx or keepttl or get)
            and ex is px is exat is pxat is ifeq is ifne is ifdeq is ifdne is None
        ):
            return self._run(args, succeeded)
        return self._run_unless(
            clash(nx=nx, xx=xx, ifeq=ifeq, ifne=ifne, ifdeq=ifdeq, ifdne=ifdne)
            or clash(ex=ex, px=px, exat=exat, pxat=pxat, keepttl=keepttl),
            (
                *args,
                *flags(nx=nx, xx=xx),
                *_comparison(ifeq, ifne, ifdeq, ifdne),
                *flag(b"GET", get),
                *expiry(ex, px, exat, pxat),
                *flag(b"KEEPTTL", keepttl),
            ),
            None if get else succeeded,
        )

    def setrange(self, key: KeyT, offset: int, value: ValueT) -> Future[int]:
        """Overwrite a value from byte `offset` on; return its new length. https://redis.io/docs/latest/commands/setrange/"""
        return self._run((b"SETRANGE", key, offset, value))

    def strlen(self, key: KeyT) -> Future[int]:
        """Return the length of a value in bytes, 0 for none. https://redis.io/docs/latest/commands/strlen/"""
        return self._run((b"STRLEN", key))


def _comparison(
    ifeq: ValueT | None, ifne: ValueT | None, ifdeq: StringT | None, ifdne: StringT | None
) -> Words:
    return (
        *option(b"IFEQ", ifeq),
        *option(b"IFNE", ifne),
        *option(b"IFDEQ", ifdeq),
        *option(b"IFDNE", ifdne),
    )
