"""Keys on their way from one server to another: what MIGRATE takes along, and how it arrives."""

from __future__ import annotations

from dataclasses import dataclass

from .errors import CommandError
from .keyspace import Database
from .values import Value, copy_of


@dataclass(frozen=True, slots=True)
class Parcel:
    """A key with everything that belongs to it; the expiry is in milliseconds since the epoch."""

    key: bytes
    value: Value
    expires_at: int | None


def packed(database: Database, key: bytes) -> Parcel | None:
    """Return a key ready to travel, sharing nothing with the database; None if there is no such key."""
    value = database.get(key)
    return None if value is None else Parcel(key, copy_of(value), database.expiry(key))


def unpack(database: Database, parcel: Parcel, *, replace: bool) -> None:
    """Store what arrived; refuse, unless told to replace it, if there is such a key already."""
    if parcel.key in database and not replace:
        raise CommandError("BUSYKEY Target key name already exists.")
    database.put(parcel.key, copy_of(parcel.value), expires_at=parcel.expires_at)
