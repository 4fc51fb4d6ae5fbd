"""What a server tells of its clients. Pure; the same for RESP2 and RESP3."""

from __future__ import annotations

from typing import Generic, TypeVar

from respool._client.replies.basic import fields, integer, listed, text, text_set
from respool._wire.tuples import NamedTuple

K = TypeVar("K")


class TrackingInfo(NamedTuple, Generic[K]):
    """Server-assisted caching of a connection: flags such as "on", who is told of changes, prefixes of keys."""

    flags: frozenset[str]
    redirect: int
    prefixes: list[K]


def client(reply: object) -> dict[str, str]:
    """Take one line of `name=value` words."""
    words = (word.partition("=") for word in text(reply).split())
    return {name: value for name, _, value in words}


def clients(reply: object) -> list[dict[str, str]]:
    return [client(line) for line in text(reply).splitlines()]


def tracking_info(reply: object) -> TrackingInfo[K]:
    told = fields(reply)
    return TrackingInfo(
        frozenset(text_set(told["flags"])), integer(told["redirect"]), listed(told["prefixes"])
    )
