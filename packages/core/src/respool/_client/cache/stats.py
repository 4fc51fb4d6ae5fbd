"""A cache in figures, at one moment."""

from __future__ import annotations

from respool._wire.tuples import NamedTuple


class CacheStats(NamedTuple):
    """What a cache did since it was made, and what it holds now. Commands that it never keeps are not counted."""

    hits: int
    """Reads that were answered from here."""

    misses: int
    """Reads that were not."""

    joined: int
    """Those of the misses that waited for the same read of another, and sent nothing."""

    invalidations: int
    """Entries dropped because their key changed, by others or by this client."""

    evictions: int
    """Entries dropped for want of room."""

    losses: int
    """Entries dropped because nobody would have said any more that they changed: a lost or silent connection."""

    entries: int
    size: int
    """Bytes of memory that the entries take, about."""

    @property
    def hit_rate(self) -> float:
        """Part of the reads that were answered from here; 0 before the first."""
        reads = self.hits + self.misses
        return self.hits / reads if reads else 0.0
