"""What a server tells of itself: INFO, ROLE, times. Pure; the same for RESP2 and RESP3."""

from __future__ import annotations

from typing import TYPE_CHECKING

from respool._client.replies.basic import integer, items, lines_of_fields, parts, text, texts
from respool._wire.tuples import NamedTuple

if TYPE_CHECKING:
    from datetime import datetime


class ReplicaAddress(NamedTuple):
    """A replica that is connected, and how far it got."""

    host: str
    port: int
    offset: int


class PrimaryRole(NamedTuple):
    """A primary: how much it has written to its replicas, and who these are."""

    offset: int
    replicas: list[ReplicaAddress]


class ReplicaRole(NamedTuple):
    """A replica: of whom, in which state ("connected", ...), and how far it got."""

    host: str
    port: int
    state: str
    offset: int


class SentinelRole(NamedTuple):
    """A sentinel, and the names of the primaries it watches."""

    primaries: list[str]


def role(reply: object) -> PrimaryRole | ReplicaRole | SentinelRole:
    name = text(parts(reply, 1)[0])
    told = items(reply)[1:]
    if name == "sentinel":
        return SentinelRole(texts(parts(told, 1)[0]))
    if name == "master":
        offset, replicas = parts(told, 2)
        return PrimaryRole(integer(offset), [_replica(each) for each in items(replicas)])
    host, port, state, received = parts(told, 4)
    return ReplicaRole(text(host), integer(port), text(state), integer(received))


def info(reply: object) -> dict[str, str]:
    return lines_of_fields(reply)


def moment(reply: object) -> datetime:
    from datetime import datetime, timezone  # late: few ask for a moment

    return datetime.fromtimestamp(integer(reply), timezone.utc)


def time_of_day(reply: object) -> tuple[int, int]:
    seconds, microseconds = parts(reply, 2)
    return integer(seconds), integer(microseconds)


def _replica(reply: object) -> ReplicaAddress:
    host, port, offset = parts(reply, 3)
    return ReplicaAddress(text(host), integer(port), integer(offset))
