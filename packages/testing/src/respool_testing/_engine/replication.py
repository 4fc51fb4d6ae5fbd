"""Who follows whom, and what travels from a primary to its replicas: the state of each key that changed.

Not commands but outcomes are replicated, so a replica is exact however a value came about. Nothing here sends
anything.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

from .keyspace import DatabaseKey, Keyspace
from .scripting.library import Shelf
from .values import Value, copy_of

Address: TypeAlias = "tuple[str, int]"


@dataclass(frozen=True, slots=True)
class KeyChange:
    """What a key is now; no value means that it is gone. Times are milliseconds since the epoch."""

    database: int
    key: bytes
    value: Value | None
    expires_at: int | None


@dataclass(frozen=True, slots=True)
class LibrariesChange:
    """All libraries of functions that there are now, by their texts."""

    texts: tuple[bytes, ...]


Change: TypeAlias = "KeyChange | LibrariesChange"


@dataclass(slots=True, eq=False)
class ReplicaRecord:
    """A replica as its primary sees it."""

    address: Address
    offset: int = 0


@dataclass(slots=True)
class Replication:
    """One server's place in replication: a replica if it has a primary.

    `obey` carries out an order to follow another server, or with None nobody.
    """

    id: str
    offset: int = 0
    primary: Address | None = None
    link_up: bool = True
    replicas: list[ReplicaRecord] = field(default_factory=list)
    obey: Callable[[Address | None], None] | None = None

    def lead(self) -> None:
        """Become a primary."""
        self.primary = None
        self.link_up = True

    def follow(self, primary: Replication, address: Address) -> None:
        """Become a replica that has everything its primary has."""
        self.id, self.offset = primary.id, primary.offset
        self.primary = address
        self.link_up = True

    def seek(self, address: Address) -> None:
        """Become a replica of a server that cannot be reached, or not yet."""
        self.primary = address
        self.link_up = False

    def order(self, address: Address | None) -> None:
        """Be told by a client whom to follow."""
        if self.obey is not None:
            self.obey(address)
        elif address is None:
            self.lead()
        else:
            self.seek(address)

    def acknowledged(self) -> int:
        """Return how many replicas have everything that was written so far."""
        return sum(replica.offset >= self.offset for replica in self.replicas)


def copy_keyspace(source: Keyspace, target: Keyspace) -> None:
    """Make one keyspace equal to another, sharing nothing with it."""
    for origin, copy in zip(source.databases, target.databases, strict=True):
        copy.restore([(key, copy_of(value), expires_at) for key, value, expires_at in origin.contents()])


def changes_of(keyspace: Keyspace, touched: list[DatabaseKey]) -> list[Change]:
    """Return the present state of some keys, sharing nothing with the keyspace."""
    return [_change(keyspace, index, key) for index, key in touched]


def apply_changes(keyspace: Keyspace, shelf: Shelf, changes: list[Change]) -> None:
    """Make keys and libraries what they are on the primary."""
    for change in changes:
        if isinstance(change, LibrariesChange):
            shelf.announced = change.texts
            continue
        database = keyspace[change.database]
        if change.value is None:
            database.delete(change.key)
        else:
            database.put(change.key, copy_of(change.value), expires_at=change.expires_at)


def _change(keyspace: Keyspace, index: int, key: bytes) -> KeyChange:
    value = keyspace[index].get(key)
    return KeyChange(index, key, None if value is None else copy_of(value), keyspace[index].expiry(key))
