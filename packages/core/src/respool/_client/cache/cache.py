"""The cache as its user sees it: what to keep, and how it does."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from respool._client.cache.stats import CacheStats
from respool._wire.values import KeyT
from respool.errors import DataError

if TYPE_CHECKING:
    from respool._client.cache.origin import Origin
    from respool._client.cache.reading import Reading
    from respool._pool.pool import ConnectionPool

MAX_ENTRIES = 10_000
MAX_BYTES = 64 * 1024 * 1024


class Cache:
    """Keeps what a client read until the server reports a change: `Redis(..., cache=Cache())`. Needs RESP3.

    At most `max_entries` replies of together `max_bytes` bytes are kept; what was read longest ago makes room. With
    `max_age` (seconds) none is kept for longer. By default the server remembers which keys this client read; with
    `prefixes` it remembers nothing, and reports every change of a key with one of them: only such keys are kept.
    `cacheable` is asked, with a key as bytes, whether what is read of it may be kept.

    One cache serves the clients of one connection pool, or one client of a cluster.
    """

    def __init__(
        self,
        *,
        max_entries: int = MAX_ENTRIES,
        max_bytes: int = MAX_BYTES,
        max_age: float | None = None,
        prefixes: Iterable[KeyT] = (),
        cacheable: Callable[[bytes], bool] | None = None,
    ) -> None:
        from respool._client.cache.memory import Memory  # late: most programs have no cache
        from respool._client.cache.policy import Policy, encoded

        self._memory = Memory(Policy(max_entries, max_bytes, max_age, encoded(prefixes), cacheable))
        self._owner: object = None

    def __len__(self) -> int:
        return len(self._memory)

    def __repr__(self) -> str:
        stats = self.stats()
        return f"<{type(self).__name__} {stats.entries} entries, {stats.size} bytes, {stats.hit_rate:.0%} of reads>"

    def stats(self) -> CacheStats:
        """Return how often it answered and what it holds, now."""
        return self._memory.stats()

    def clear(self) -> None:
        """Forget everything, and keep nothing of what is being read now."""
        self._memory.clear()

    def open(self, origin: Origin, pool: ConnectionPool, encoding: str, decode: bool) -> Reading:
        """Begin to answer the reads of one client, of which `pool` is a pool. For clients alone.

        Raises `DataError` where the pool's connections cannot report changes, or this cache serves somebody else.
        """
        if pool.noreply:
            raise DataError("a cache needs replies: use a client without noreply")
        if pool.connection_kwargs.get("protocol_version", 3) != 3:
            raise DataError(
                "a cache needs RESP3, for the server reports changes by pushes: use protocol_version=3"
            )
        if self._owner is not None and self._owner is not origin.owner:
            raise DataError(f"this cache serves {self._owner!r}: make another one for {origin.owner!r}")
        from respool._client.cache.reading import Reading

        self._owner = origin.owner
        self._memory.lasts = origin.lasts
        return Reading(origin, self._memory, encoding, decode)
