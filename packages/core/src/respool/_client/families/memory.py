"""Commands on the server's memory."""

from __future__ import annotations

from asyncio import Future
from typing import Generic, TypeVar

from respool._client.families.arguments import option
from respool._client.families.family import Family
from respool._client.replies.basic import nested_numbers, succeeded, text
from respool._wire.values import KeyT

T = TypeVar("T")


class MemoryCommands(Family[T], Generic[T]):
    """Commands on memory."""

    def memory_doctor(self) -> Future[str]:
        """Return the server's opinion of its memory. https://redis.io/docs/latest/commands/memory-doctor/"""
        return self._run((b"MEMORY", b"DOCTOR"), text)

    def memory_malloc_stats(self) -> Future[str]:
        """Return what the allocator says. https://redis.io/docs/latest/commands/memory-malloc-stats/"""
        return self._run((b"MEMORY", b"MALLOC-STATS"), text)

    def memory_purge(self) -> Future[bool]:
        """Give free memory back to the system. https://redis.io/docs/latest/commands/memory-purge/"""
        return self._run((b"MEMORY", b"PURGE"), succeeded)

    def memory_stats(self) -> Future[dict[str, float]]:
        """Return figures by name; those of a database are named "db.0.overhead...".

        https://redis.io/docs/latest/commands/memory-stats/
        """
        return self._run((b"MEMORY", b"STATS"), nested_numbers)

    def memory_usage(self, key: KeyT, *, samples: int | None = None) -> Future[int | None]:
        """Return how many bytes a key takes, None for no key; looking at `samples` elements, 0 for all.

        https://redis.io/docs/latest/commands/memory-usage/
        """
        return self._run((b"MEMORY", b"USAGE", key, *option(b"SAMPLES", samples)))
