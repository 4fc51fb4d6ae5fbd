"""What is kept and what is under way, together: every change is told to both. No I/O; the loop's clock is handed in."""

from __future__ import annotations

from math import inf

from respool._client.cache.flights import Flight, Flights
from respool._client.cache.policy import Policy
from respool._client.cache.source import Source
from respool._client.cache.stats import CacheStats
from respool._client.cache.store import Entry, Store


class Memory:
    """The decisions of one cache."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self.flights = Flights()
        self.hits = 0
        self.misses = 0
        self.joined = 0
        self._store = Store(policy.max_entries, policy.max_bytes)
        self._invalidations = 0
        self._losses = 0
        self._place: object = None

    def __len__(self) -> int:
        return len(self._store)

    def find(self, command: bytes, now: float) -> Entry | None:
        """Return what is kept for a command, by `now`, which matters only where the policy has a `max_age`."""
        return self._store.find(command, now)

    def keep(self, flight: Flight, reply: object, now: float) -> None:
        """Keep a reply that just arrived, unless it may be out of date or nobody would say when it is."""
        source = flight.source
        if flight.is_current and source is not None and source.is_on:
            age = self.policy.max_age
            self._store.put(
                Entry(flight.command, flight.keys, reply, source, inf if age is None else now + age)
            )
            source.keep_watch()

    def changed(self, keys: list[bytes] | None) -> None:
        """Forget what was read of keys, and keep nothing that is under way; None: of any key."""
        if keys is None:
            self._invalidations += self._store.clear()
            self.flights.end_all()
            return
        for key in keys:
            self._invalidations += self._store.drop_key(key)
            self.flights.end_reading(key)

    def unreported(self, source: Source) -> None:
        """Forget what a source vouched for, and keep nothing that is under way on it."""
        self._losses += self._store.drop_source(source)
        self.flights.end_of(source)

    def belong_to(self, place: object) -> None:
        """Forget everything that was read elsewhere: in another event loop, or before a fork."""
        if place is not self._place:
            self._place = place
            self.clear()

    def clear(self) -> None:
        """Forget everything, and keep nothing that is under way."""
        self._losses += self._store.clear()
        self.flights.end_all()

    def stats(self) -> CacheStats:
        return CacheStats(
            hits=self.hits,
            misses=self.misses,
            joined=self.joined,
            invalidations=self._invalidations,
            evictions=self._store.evictions,
            losses=self._losses,
            entries=len(self._store),
            size=self._store.size,
        )
