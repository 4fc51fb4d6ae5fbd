"""Which families of commands a server of each kind has."""

from __future__ import annotations

from typing import Final

from .commands import (
    bitmaps,
    blocking_lists,
    client,
    cluster,
    connection,
    counters,
    dumping,
    expiry,
    functions,
    hashes,
    info,
    introspection,
    keys,
    lists,
    pubsub,
    scripting,
    sentinel,
    server,
    sets,
    sorted_algebra,
    sorted_ends,
    sorted_ranges,
    sorted_sets,
    strings,
    tracking,
    transactions,
)
from .registry import Family

DATA_SERVER: Final[tuple[Family, ...]] = (
    connection.family,
    client.family,
    tracking.family,
    keys.family,
    dumping.family,
    expiry.family,
    strings.family,
    counters.family,
    bitmaps.family,
    hashes.family,
    lists.family,
    blocking_lists.family,
    sets.family,
    sorted_sets.family,
    sorted_ranges.family,
    sorted_ends.family,
    sorted_algebra.family,
    transactions.family,
    pubsub.family,
    scripting.family,
    functions.family,
    server.family,
    info.family,
    cluster.family,
    introspection.family,
)

SENTINEL: Final[tuple[Family, ...]] = (
    connection.family.only("ping", "auth", "hello", "quit"),
    client.family,
    tracking.family,
    pubsub.family.only("subscribe", "unsubscribe", "psubscribe", "punsubscribe", "publish"),
    info.family,
    introspection.family,
    sentinel.family,
)
