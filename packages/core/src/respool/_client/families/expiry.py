"""Commands on when keys expire.

Conditions: `nx` only where there is no expiry, `xx` where there is one, `gt` and `lt` where the new one is later,
earlier; never counts as latest.
"""

from __future__ import annotations

from asyncio import Future
from typing import Generic, TypeVar

from respool._client.families.arguments import (
    MomentT,
    PeriodT,
    clash,
    flags,
    milliseconds,
    seconds,
    unix_milliseconds,
    unix_seconds,
)
from respool._client.families.family import Family
from respool._wire.values import KeyT

T = TypeVar("T")


class ExpiryCommands(Family[T], Generic[T]):
    """Commands on when keys expire. What sets it returns False for no key, or where a condition forbade it."""

    def expire(
        self,
        key: KeyT,
        time: PeriodT,
        *,
        nx: bool = False,
        xx: bool = False,
        gt: bool = False,
        lt: bool = False,
    ) -> Future[bool]:
        """Let `key` expire in `time` seconds. https://redis.io/docs/latest/commands/expire/"""
        return self._expire_key(b"EXPIRE", key, seconds(time), nx, xx, gt, lt)

    def expireat(
        self,
        key: KeyT,
        when: MomentT,
        *,
        nx: bool = False,
        xx: bool = False,
        gt: bool = False,
        lt: bool = False,
    ) -> Future[bool]:
        """Let `key` expire at a Unix time in seconds. https://redis.io/docs/latest/commands/expireat/"""
        return self._expire_key(b"EXPIREAT", key, unix_seconds(when), nx, xx, gt, lt)

    def expiretime(self, key: KeyT) -> Future[int]:
        """Return when `key` expires, as Unix time in seconds: -1 never, -2 no key.

        https://redis.io/docs/latest/commands/expiretime/
        """
        return self._run((b"EXPIRETIME", key))

    def persist(self, key: KeyT) -> Future[bool]:
        """Let `key` never expire; False where it would not have. https://redis.io/docs/latest/commands/persist/"""
        return self._run((b"PERSIST", key), bool)

    def pexpire(
        self,
        key: KeyT,
        time: PeriodT,
        *,
        nx: bool = False,
        xx: bool = False,
        gt: bool = False,
        lt: bool = False,
    ) -> Future[bool]:
        """Let `key` expire in `time` milliseconds. https://redis.io/docs/latest/commands/pexpire/"""
        return self._expire_key(b"PEXPIRE", key, milliseconds(time), nx, xx, gt, lt)

    def pexpireat(
        self,
        key: KeyT,
        when: MomentT,
        *,
        nx: bool = False,
        xx: bool = False,
        gt: bool = False,
        lt: bool = False,
    ) -> Future[bool]:
        """Let `key` expire at a Unix time in milliseconds. https://redis.io/docs/latest/commands/pexpireat/"""
        return self._expire_key(b"PEXPIREAT", key, unix_milliseconds(when), nx, xx, gt, lt)

    def pexpiretime(self, key: KeyT) -> Future[int]:
        """Return when `key` expires, as Unix time in milliseconds: -1 never, -2 no key.

        https://redis.io/docs/latest/commands/pexpiretime/
        """
        return self._run((b"PEXPIRETIME", key))

    def pttl(self, key: KeyT) -> Future[int]:
        """Return in how many milliseconds `key` expires: -1 never, -2 no key.

        https://redis.io/docs/latest/commands/pttl/
        """
        return self._run((b"PTTL", key))

    def ttl(self, key: KeyT) -> Future[int]:
        """Return in how many seconds `key` expires: -1 never, -2 no key. https://redis.io/docs/latest/commands/ttl/"""
        return self._run((b"TTL", key))

    def _expire_key(
        self, name: bytes, key: KeyT, time: int, nx: bool, xx: bool, gt: bool, lt: bool
    ) -> Future[bool]:
        if not (nx or xx or gt or lt):
            return self._run((name, key, time), bool)
        why = clash(nx=nx, xx=xx) or clash(nx=nx, gt=gt, lt=lt)
        return self._run_unless(why, (name, key, time, *flags(nx=nx, xx=xx, gt=gt, lt=lt)), bool)
