"""Entries of streams, and what is pending of them. Pure; the same for RESP2 and RESP3."""

from __future__ import annotations

from typing import Generic, TypeAlias, TypeVar

from respool._client.replies.basic import integer, items, listed, mapping, pairs, parts, put_in, rows
from respool._wire.tuples import NamedTuple

K = TypeVar("K")

Entry: TypeAlias = tuple[K, dict[K, K]]
"""The id of an entry and its fields; no fields where it was deleted."""


class ClaimedEntry(NamedTuple, Generic[K]):
    """An entry read with those that lay idle: for how many milliseconds it did, delivered how often; both 0 if new."""

    id: K
    fields: dict[K, K]
    idle: int
    deliveries: int


class PendingSummary(NamedTuple, Generic[K]):
    """How many entries are pending, the least and the greatest id of them, and how many of each consumer."""

    total: int
    min: K | None
    max: K | None
    consumers: dict[K, int]


class PendingEntry(NamedTuple, Generic[K]):
    """An entry that is pending: with whom, since how many milliseconds, delivered how often."""

    id: K
    consumer: K
    idle: int
    deliveries: int


def entry(reply: object) -> Entry[K]:
    id, fields = parts(reply, 2)
    return put_in(id), mapping(fields)


def entries(reply: object) -> list[Entry[K]]:
    return [entry(each) for each in items(reply) if each is not None]


def entries_by_stream(reply: object) -> dict[K, list[Entry[K]]]:
    return {put_in(stream): entries(found) for stream, found in pairs(reply)}


def claimed_entries_by_stream(reply: object) -> dict[K, list[ClaimedEntry[K]]]:
    return {put_in(stream): [_claimed_entry(each) for each in items(found)] for stream, found in pairs(reply)}


def _claimed_entry(reply: object) -> ClaimedEntry[K]:
    id, fields, idle, deliveries = parts(reply, 4)
    return ClaimedEntry(put_in(id), mapping(fields), integer(idle), integer(deliveries))


def claimed(reply: object) -> tuple[K, list[Entry[K]], list[K]]:
    """Take where to go on, entries, and the ids of deleted ones."""
    start, found, deleted = parts(reply, 3)
    return put_in(start), entries(found), listed(deleted)


def claimed_ids(reply: object) -> tuple[K, list[K], list[K]]:
    start, found, deleted = parts(reply, 3)
    return put_in(start), listed(found), listed(deleted)


def pending_summary(reply: object) -> PendingSummary[K]:
    count, least, greatest, consumers = parts(reply, 4)
    numbers: dict[K, int] = {put_in(name): integer(number) for name, number in rows(consumers, 2)}
    return PendingSummary(integer(count), put_in(least), put_in(greatest), numbers)


def pending_entries(reply: object) -> list[PendingEntry[K]]:
    return [
        PendingEntry(put_in(id), put_in(consumer), integer(idle), integer(deliveries))
        for id, consumer, idle, deliveries in rows(reply, 4)
    ]
