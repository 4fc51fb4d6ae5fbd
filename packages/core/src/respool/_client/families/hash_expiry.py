"""Commands on when the fields of a hash expire: each answers with a list, one number for each field asked for.

Setting: 1 done, 0 a condition was not met, 2 deleted at once for lying in the past, -2 no such field.
Asking: -1 never expires, -2 no such field. Redis 7.4 and later, Valkey 9.
"""

from __future__ import annotations

from asyncio import Future
from collections.abc import Mapping
from typing import Generic, TypeVar

from respool._client.families.arguments import (
    AnyValueT,
    MomentT,
    PeriodT,
    clash,
    expiry,
    flag,
    flags,
    flattened,
    milliseconds,
    seconds,
    unix_milliseconds,
    unix_seconds,
)
from respool._client.families.family import Family
from respool._client.replies.basic import listed
from respool._wire.values import KeyT, ValueT

T = TypeVar("T")


class HashExpiryCommands(Family[T], Generic[T]):
    """Commands on when fields expire."""

    def hexpire(
        self,
        key: KeyT,
        time: PeriodT,
        *fields: ValueT,
        nx: bool = False,
        xx: bool = False,
        gt: bool = False,
        lt: bool = False,
    ) -> Future[list[int]]:
        """Let fields expire in `time` seconds; conditions as for `expire`.

        https://redis.io/docs/latest/commands/hexpire/
        """
        return self._expire_fields(b"HEXPIRE", key, seconds(time), fields, nx, xx, gt, lt)

    def hexpireat(
        self,
        key: KeyT,
        when: MomentT,
        *fields: ValueT,
        nx: bool = False,
        xx: bool = False,
        gt: bool = False,
        lt: bool = False,
    ) -> Future[list[int]]:
        """Let fields expire at a Unix time in seconds. https://redis.io/docs/latest/commands/hexpireat/"""
        return self._expire_fields(b"HEXPIREAT", key, unix_seconds(when), fields, nx, xx, gt, lt)

    def hexpiretime(self, key: KeyT, *fields: ValueT) -> Future[list[int]]:
        """Return when fields expire, as Unix time in seconds. https://redis.io/docs/latest/commands/hexpiretime/"""
        return self._on_fields(b"HEXPIRETIME", key, fields)

    def hgetex(
        self,
        key: KeyT,
        *fields: ValueT,
        ex: PeriodT | None = None,
        px: PeriodT | None = None,
        exat: MomentT | None = None,
        pxat: MomentT | None = None,
        persist: bool = False,
    ) -> Future[list[T | None]]:
        """Return values of fields and set when they expire: as for `getex`. Redis 8, Valkey 9.

        https://redis.io/docs/latest/commands/hgetex/
        """
        return self._run_unless(
            clash(ex=ex, px=px, exat=exat, pxat=pxat, persist=persist),
            (
                b"HGETEX",
                key,
                *expiry(ex, px, exat, pxat),
                *flag(b"PERSIST", persist),
                b"FIELDS",
                len(fields),
                *fields,
            ),
        )

    def hpersist(self, key: KeyT, *fields: ValueT) -> Future[list[int]]:
        """Let fields never expire. https://redis.io/docs/latest/commands/hpersist/"""
        return self._on_fields(b"HPERSIST", key, fields)

    def hpexpire(
        self,
        key: KeyT,
        time: PeriodT,
        *fields: ValueT,
        nx: bool = False,
        xx: bool = False,
        gt: bool = False,
        lt: bool = False,
    ) -> Future[list[int]]:
        """Let fields expire in `time` milliseconds. https://redis.io/docs/latest/commands/hpexpire/"""
        return self._expire_fields(b"HPEXPIRE", key, milliseconds(time), fields, nx, xx, gt, lt)

    def hpexpireat(
        self,
        key: KeyT,
        when: MomentT,
        *fields: ValueT,
        nx: bool = False,
        xx: bool = False,
        gt: bool = False,
        lt: bool = False,
    ) -> Future[list[int]]:
        """Let fields expire at a Unix time in milliseconds. https://redis.io/docs/latest/commands/hpexpireat/"""
        return self._expire_fields(b"HPEXPIREAT", key, unix_milliseconds(when), fields, nx, xx, gt, lt)

    def hpexpiretime(self, key: KeyT, *fields: ValueT) -> Future[list[int]]:
        """Return when fields expire, as Unix time in milliseconds. https://redis.io/docs/latest/commands/hpexpiretime/"""
        return self._on_fields(b"HPEXPIRETIME", key, fields)

    def hpttl(self, key: KeyT, *fields: ValueT) -> Future[list[int]]:
        """Return in how many milliseconds fields expire. https://redis.io/docs/latest/commands/hpttl/"""
        return self._on_fields(b"HPTTL", key, fields)

    def hsetex(
        self,
        key: KeyT,
        mapping: Mapping[AnyValueT, ValueT],
        *,
        ex: PeriodT | None = None,
        px: PeriodT | None = None,
        exat: MomentT | None = None,
        pxat: MomentT | None = None,
        keepttl: bool = False,
        fnx: bool = False,
        fxx: bool = False,
        nx: bool = False,
        xx: bool = False,
    ) -> Future[bool]:
        """Set fields and when they expire, as for `set`: all, or none and False. Redis 8, Valkey 9.

        `fnx`: only if there is none of them; `fxx`: only if all are there; `nx` and `xx` ask the same of the
        hash itself (Valkey 9.1). https://redis.io/docs/latest/commands/hsetex/
        """
        return self._run_unless(
            clash(fnx=fnx, fxx=fxx)
            or clash(nx=nx, xx=xx)
            or clash(ex=ex, px=px, exat=exat, pxat=pxat, keepttl=keepttl),
            (
                b"HSETEX",
                key,
                *flags(nx=nx, xx=xx, fnx=fnx, fxx=fxx),
                *expiry(ex, px, exat, pxat),
                *flag(b"KEEPTTL", keepttl),
                b"FIELDS",
                len(mapping),
                *flattened(mapping),
            ),
            bool,
        )

    def httl(self, key: KeyT, *fields: ValueT) -> Future[list[int]]:
        """Return in how many seconds fields expire. https://redis.io/docs/latest/commands/httl/"""
        return self._on_fields(b"HTTL", key, fields)

    def _on_fields(self, name: bytes, key: KeyT, fields: tuple[ValueT, ...]) -> Future[list[int]]:
        # Redis 7.4 answers null where there is no hash.
        return self._run((name, key, b"FIELDS", len(fields), *fields), listed)

    def _expire_fields(
        self,
        name: bytes,
        key: KeyT,
        time: int,
        fields: tuple[ValueT, ...],
        nx: bool,
        xx: bool,
        gt: bool,
        lt: bool,
    ) -> Future[list[int]]:
        return self._run_unless(
            clash(nx=nx, xx=xx, gt=gt, lt=lt),
            (name, key, time, *flags(nx=nx, xx=xx, gt=gt, lt=lt), b"FIELDS", len(fields), *fields),
            listed,
        )
