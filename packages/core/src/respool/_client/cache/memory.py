"""What is kept and what is under way, together: every change is told to both. No I/O."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import inf

from respool._client.cache.flights import Flight, Flights
from respool._client.cache.policy import Policy
from respool._client.cache.source import Source
from respool._client.cache.stats import CacheStats
from respool._client.cache.store import Entry, Store
from respool._wire.values import ValueT


class Memory:
    """The decisions of one cache. `lasts` tells of which replies every change will be reported."""

    lasts: Callable[[Sequence[ValueT], object], bool]

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self.flights = Flights()
        self.hits = 0
        self.misses = 0
        self.joined = 0
        self.store = Store(policy.max_entries, policy.max_bytes)
        self._invalidations = 0
        self._losses = 0
        self.place: object = None
        """Where all this was read; to be compared before anything is answered."""

    def __len__(self) -> int:
        return len(self.store)

    def landed(self, flight: Flight, reply: object) -> None:
        """Keep a reply that just arrived, unless it may be out of date or nobody would say when it is."""
        if not flight.is_current:
            return
        self.flights.end(flight)
        source, max_age = flight.source, self.policy.max_age
        if source is not None and source.is_on and self.lasts(flight.args, reply):
            expires_at = inf if max_age is None else flight.future.get_loop().time() + max_age
            self.store.put(Entry(flight.command, flight.keys, reply, source, expires_at))
            source.keep_watch()

    def key_of(self, source: Source) -> bytes | None:
        """Return a key of which something is kept that was read on this source, the latest."""
        entry = self.store.latest_of(source)
        return None if entry is None else entry.keys[0]

    def diverted(self, flight: Flight) -> None:
        """Take note that a flight brings nothing that may be kept."""
        self.flights.end(flight)

    def changed(self, keys: list[bytes] | None) -> None:
        """Forget what was read of keys, and keep nothing that is under way; None: of any key."""
        if keys is None:
            self._invalidations += self.store.clear()
            self.flights.end_all()
            return
        for key in keys:
            self._invalidations += self.store.drop_key(key)
            self.flights.end_reading(key)

    def unreported(self, source: Source) -> None:
        """Forget what a source vouched for, and keep nothing that is under way on it."""
        self._losses += self.store.drop_source(source)
        self.flights.end_of(source)

    def lose(self, is_lost: Callable[[bytes], bool]) -> None:
        """Forget what was read of some keys, and keep nothing that is under way: nobody reports their changes now."""
        for key in filter(is_lost, self.store.keys()):
            self._losses += self.store.drop_key(key)
        for key in filter(is_lost, self.flights.keys()):
            self.flights.end_reading(key)

    def move_to(self, place: object) -> None:
        """Forget everything that was read elsewhere: in another event loop, or before a fork."""
        self.place = place
        self.clear()

    def clear(self) -> None:
        """Forget everything, and keep nothing that is under way."""
        self._losses += self.store.clear()
        self.flights.end_all()

    def stats(self) -> CacheStats:
        return CacheStats(
            hits=self.hits,
            misses=self.misses,
            joined=self.joined,
            invalidations=self._invalidations,
            evictions=self.store.evictions,
            losses=self._losses,
            entries=len(self.store),
            size=self.store.size,
        )
