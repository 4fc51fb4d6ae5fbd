"""Keys, values and when they expire.

Remembers which keys changed; what follows from a change is decided elsewhere.

Time is passed in: `expire_due` removes what is past, and until it is called nothing vanishes. So within one
command time stands still, as in a real server.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeAlias, TypeVar

from .errors import wrong_type
from .values import Value

DatabaseKey: TypeAlias = "tuple[int, bytes]"
ValueType = TypeVar("ValueType", bound="Value")


@dataclass(slots=True)
class Journal:
    """What happened to the keyspace since it was last asked; the order is the order of first change.

    A key's value tells whether those who track keys hear of it: of a swap of databases servers do not tell them.
    """

    revision: int = 0
    touched: dict[DatabaseKey, bool] = field(default_factory=dict)
    flushed: list[int] = field(default_factory=list)
    quiet: bool = False

    def record(self, database: int, key: bytes) -> int:
        self.revision += 1
        self.touched[database, key] = self.touched.get((database, key), False) or not self.quiet
        return self.revision

    def take(self) -> tuple[dict[DatabaseKey, bool], list[int]]:
        """Return the changed keys and the flushed databases, and forget them."""
        taken = self.touched, self.flushed
        self.touched, self.flushed = {}, []
        return taken


class Keyspace:
    """The numbered databases of one server."""

    def __init__(self, databases: int) -> None:
        self.journal = Journal()
        self._due: list[tuple[int, int, bytes]] = []
        self.databases = [Database(index, self.journal, self._due) for index in range(databases)]

    def __getitem__(self, index: int) -> Database:
        return self.databases[index]

    def next_expiry(self) -> int | None:
        """Return when the next key expires, in milliseconds since the epoch."""
        while self._due:
            at, index, key = self._due[0]
            if self.databases[index].expiry(key) == at:
                return at
            heapq.heappop(self._due)
        return None

    def expire_due(self, now_ms: int) -> int:
        """Remove every key whose time has come; return how many."""
        expired = 0
        while (at := self.next_expiry()) is not None and at <= now_ms:
            _, index, key = heapq.heappop(self._due)
            self.databases[index].delete(key)
            expired += 1
        return expired

    def swap(self, first: int, second: int) -> None:
        """Exchange the contents of two databases."""
        one, other = self.databases[first].contents(), self.databases[second].contents()
        self.journal.quiet = True
        self.databases[first].restore(other)
        self.databases[second].restore(one)
        self.journal.quiet = False


class Database:
    """One numbered database. Whoever changes a value in place says so with `changed`."""

    def __init__(self, index: int, journal: Journal, due: list[tuple[int, int, bytes]]) -> None:
        self.index = index
        self._journal = journal
        self._due = due
        self._values: dict[bytes, Value] = {}
        self._expiries: dict[bytes, int] = {}
        self._versions: dict[bytes, int] = {}

    def __len__(self) -> int:
        return len(self._values)

    def __contains__(self, key: bytes) -> bool:
        return key in self._values

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._values)

    def get(self, key: bytes) -> Value | None:
        """Return a key's value whatever its type."""
        return self._values.get(key)

    def get_typed(self, key: bytes, kind: type[ValueType]) -> ValueType | None:
        """Return a key's value; raise WRONGTYPE if it is of another type."""
        value = self._values.get(key)
        if value is not None and not isinstance(value, kind):
            raise wrong_type()
        return value

    def get_or_new(self, key: bytes, kind: type[ValueType]) -> ValueType:
        """Return a key's value, or an empty one that is stored once `put` or `changed` is called with it."""
        value = self.get_typed(key, kind)
        return kind() if value is None else value

    def put(
        self, key: bytes, value: Value, *, expires_at: int | None = None, keep_expiry: bool = False
    ) -> None:
        """Store a value; an empty collection removes the key. Times are milliseconds since the epoch."""
        if not value and not isinstance(value, bytes):
            self.delete(key)
            return
        self._values[key] = value
        if not keep_expiry:
            self._expiries.pop(key, None)
        if expires_at is not None:
            self._set_expiry(key, expires_at)
        self._touch(key)

    def delete(self, key: bytes) -> bool:
        """Remove a key; return whether it was there."""
        if self._values.pop(key, None) is None:
            return False
        self._expiries.pop(key, None)
        self._touch(key)
        return True

    def expiry(self, key: bytes) -> int | None:
        """Return when a key expires, in milliseconds since the epoch; None for never."""
        return self._expiries.get(key)

    def set_expiry(self, key: bytes, at_ms: int | None) -> None:
        """Set or clear when a key expires."""
        if at_ms is None:
            self._expiries.pop(key, None)
        else:
            self._set_expiry(key, at_ms)
        self._touch(key)

    def version(self, key: bytes) -> int:
        """Return a number that grows each time the key changes."""
        return self._versions.get(key, 0)

    def expiring(self) -> int:
        """Return how many keys have an expiry."""
        return len(self._expiries)

    def flush(self) -> None:
        """Remove every key."""
        for key in list(self._values):
            self.delete(key)
        self._journal.flushed.append(self.index)

    def contents(self) -> list[tuple[bytes, Value, int | None]]:
        """Return every key with its value and expiry."""
        return [(key, value, self._expiries.get(key)) for key, value in self._values.items()]

    def restore(self, contents: list[tuple[bytes, Value, int | None]]) -> None:
        """Replace everything by what `contents` returned."""
        for key in list(self._values):
            self.delete(key)
        for key, value, expires_at in contents:
            self.put(key, value, expires_at=expires_at)

    def _set_expiry(self, key: bytes, at_ms: int) -> None:
        self._expiries[key] = at_ms
        heapq.heappush(self._due, (at_ms, self.index, key))

    def _touch(self, key: bytes) -> None:
        self._versions[key] = self._journal.record(self.index, key)
