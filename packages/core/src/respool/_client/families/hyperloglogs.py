"""Commands that count different elements roughly (0.81 % standard error) in 12 KiB."""

from __future__ import annotations

from asyncio import Future
from typing import Generic, TypeVar

from respool._client.families.family import Family
from respool._client.replies.basic import succeeded
from respool._wire.values import KeyT, ValueT

T = TypeVar("T")


class HyperLogLogCommands(Family[T], Generic[T]):
    """Commands on HyperLogLogs."""

    def pfadd(self, key: KeyT, *elements: ValueT) -> Future[bool]:
        """Add elements; tell whether the estimate changed. https://redis.io/docs/latest/commands/pfadd/"""
        return self._run((b"PFADD", key, *elements), bool)

    def pfcount(self, *keys: KeyT) -> Future[int]:
        """Return about how many different elements keys hold. https://redis.io/docs/latest/commands/pfcount/"""
        return self._run((b"PFCOUNT", *keys))

    def pfmerge(self, dest: KeyT, *sources: KeyT) -> Future[bool]:
        """Add what `sources` hold to `dest`. https://redis.io/docs/latest/commands/pfmerge/"""
        return self._run((b"PFMERGE", dest, *sources), succeeded)
