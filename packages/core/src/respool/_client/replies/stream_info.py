"""What XINFO tells of streams, groups and consumers. Pure; the same for RESP2 and RESP3.

What an older server does not tell is None.
"""

from __future__ import annotations

from typing import Generic, TypeVar

from respool._client.replies.basic import Told, fields, integer, integer_or_none, items, parts, put_in
from respool._client.replies.streams import Entry, entries, entry
from respool._wire.tuples import NamedTuple

K = TypeVar("K")


class StreamInfo(NamedTuple, Generic[K]):
    """A stream. The last ids are those that it gave out and that were deleted."""

    length: int
    radix_tree_keys: int
    radix_tree_nodes: int
    last_generated_id: K
    max_deleted_entry_id: K | None
    entries_added: int | None
    recorded_first_entry_id: K | None
    groups: int
    first_entry: Entry[K] | None
    last_entry: Entry[K] | None


class GroupInfo(NamedTuple, Generic[K]):
    """A consumer group; `lag` is how many entries it has not read yet, None where that is unknown."""

    name: K
    consumers: int
    pending: int
    last_delivered_id: K
    entries_read: int | None
    lag: int | None


class ConsumerInfo(NamedTuple, Generic[K]):
    """A consumer: milliseconds since it last tried to read (`idle`), and since it got something (`inactive`)."""

    name: K
    pending: int
    idle: int
    inactive: int | None


class Delivery(NamedTuple, Generic[K]):
    """A pending entry: when it was delivered last, as Unix time in milliseconds, and how often."""

    id: K
    delivered_at: int
    deliveries: int


class ConsumerDetails(NamedTuple, Generic[K]):
    """A consumer of a stream told in full. Times are Unix time in milliseconds."""

    name: K
    seen_time: int
    active_time: int | None
    pel_count: int
    pending: list[Delivery[K]]


class GroupDetails(NamedTuple, Generic[K]):
    """A group of a stream told in full."""

    name: K
    last_delivered_id: K
    entries_read: int | None
    lag: int | None
    pel_count: int
    consumers: list[ConsumerDetails[K]]


class StreamDetails(NamedTuple, Generic[K]):
    """A stream told in full, with its first entries."""

    length: int
    last_generated_id: K
    max_deleted_entry_id: K | None
    entries_added: int | None
    entries: list[Entry[K]]
    groups: list[GroupDetails[K]]


def stream_info(reply: object) -> StreamInfo[K]:
    told = fields(reply)
    return StreamInfo(
        length=integer(told["length"]),
        radix_tree_keys=integer(told["radix-tree-keys"]),
        radix_tree_nodes=integer(told["radix-tree-nodes"]),
        last_generated_id=put_in(told["last-generated-id"]),
        max_deleted_entry_id=put_in(told.get("max-deleted-entry-id")),
        entries_added=integer_or_none(told.get("entries-added")),
        recorded_first_entry_id=put_in(told.get("recorded-first-entry-id")),
        groups=integer(told["groups"]),
        first_entry=_entry_or_none(told["first-entry"]),
        last_entry=_entry_or_none(told["last-entry"]),
    )


def group_infos(reply: object) -> list[GroupInfo[K]]:
    return [_group_info(fields(each)) for each in items(reply)]


def consumer_infos(reply: object) -> list[ConsumerInfo[K]]:
    return [_consumer_info(fields(each)) for each in items(reply)]


def stream_details(reply: object) -> StreamDetails[K]:
    told = fields(reply)
    return StreamDetails(
        length=integer(told["length"]),
        last_generated_id=put_in(told["last-generated-id"]),
        max_deleted_entry_id=put_in(told.get("max-deleted-entry-id")),
        entries_added=integer_or_none(told.get("entries-added")),
        entries=entries(told["entries"]),
        groups=[_group_details(fields(each)) for each in items(told["groups"])],
    )


def _entry_or_none(reply: object) -> Entry[K] | None:
    return None if reply is None else entry(reply)


def _group_info(told: Told) -> GroupInfo[K]:
    return GroupInfo(
        name=put_in(told["name"]),
        consumers=integer(told["consumers"]),
        pending=integer(told["pending"]),
        last_delivered_id=put_in(told["last-delivered-id"]),
        entries_read=integer_or_none(told.get("entries-read")),
        lag=integer_or_none(told.get("lag")),
    )


def _consumer_info(told: Told) -> ConsumerInfo[K]:
    return ConsumerInfo(
        name=put_in(told["name"]),
        pending=integer(told["pending"]),
        idle=integer(told["idle"]),
        inactive=integer_or_none(told.get("inactive")),
    )


def _group_details(told: Told) -> GroupDetails[K]:
    return GroupDetails(
        name=put_in(told["name"]),
        last_delivered_id=put_in(told["last-delivered-id"]),
        entries_read=integer_or_none(told.get("entries-read")),
        lag=integer_or_none(told.get("lag")),
        pel_count=integer(told["pel-count"]),
        consumers=[_consumer_details(fields(each)) for each in items(told["consumers"])],
    )


def _consumer_details(told: Told) -> ConsumerDetails[K]:
    return ConsumerDetails(
        name=put_in(told["name"]),
        seen_time=integer(told["seen-time"]),
        active_time=integer_or_none(told.get("active-time")),
        pel_count=integer(told["pel-count"]),
        pending=[_delivery(each) for each in items(told["pending"])],
    )


def _delivery(reply: object) -> Delivery[K]:
    id, delivered_at, deliveries = parts(reply, 3)
    return Delivery(put_in(id), integer(delivered_at), integer(deliveries))
