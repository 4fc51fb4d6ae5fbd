"""All keys of a server at one moment, to come back to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from ._engine.keyspace import Keyspace
from ._engine.values import Value, copy_of

Contents: TypeAlias = "list[tuple[bytes, Value, int | None]]"


@dataclass(frozen=True, repr=False)
class Snapshot:
    """What every database of a server held; good for as many restores as one likes."""

    databases: tuple[Contents, ...]

    def __repr__(self) -> str:
        return f"<Snapshot of {sum(map(len, self.databases))} keys>"


def take_snapshot(keyspace: Keyspace) -> Snapshot:
    """Copy every key, with its expiry."""
    return Snapshot(tuple(_copied(database.contents()) for database in keyspace.databases))


def restore_snapshot(keyspace: Keyspace, snapshot: Snapshot) -> None:
    """Replace every key by what was there; raises ValueError if that was a server of another size."""
    if len(snapshot.databases) != len(keyspace.databases):
        raise ValueError(
            f"a snapshot of {len(snapshot.databases)} databases does not fit into {len(keyspace.databases)}"
        )
    for database, contents in zip(keyspace.databases, snapshot.databases, strict=True):
        database.restore(_copied(contents))


def _copied(contents: Contents) -> Contents:
    return [(key, copy_of(value), expires_at) for key, value, expires_at in contents]
