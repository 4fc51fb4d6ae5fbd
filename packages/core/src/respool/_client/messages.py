"""What a server sends to subscribers, as data. Pure; the same for RESP2 and RESP3.

https://redis.io/docs/latest/develop/pubsub/#format-of-pushed-messages
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Generic, TypeVar

from respool._wire.tuples import NamedTuple

T = TypeVar("T")


class Kind(Enum):
    """What may be subscribed to; the value is the prefix of its commands."""

    CHANNEL = b""
    PATTERN = b"P"
    SHARD = b"S"

    @property
    def joining(self) -> bytes:
        """The command that subscribes."""
        return self.value + b"SUBSCRIBE"

    @property
    def leaving(self) -> bytes:
        """The command that unsubscribes."""
        return self.value + b"UNSUBSCRIBE"


class Subscription(NamedTuple):
    """One thing that somebody listens to, named as it is on the wire."""

    kind: Kind
    name: bytes


@dataclass(frozen=True)
class Message(Generic[T]):  # no tuple: of those a type checker forgets T where it narrows
    """One message: where it was published, what it says, and the pattern that it came by, if it did."""

    channel: T
    data: T
    pattern: T | None = None


class Delivery(NamedTuple):
    """A message as it came, and the subscription by which it did."""

    subscription: Subscription
    channel: bytes
    data: bytes


class Confirmation(NamedTuple):
    """The server's word that a subscription begins or ends."""

    subscription: Subscription
    begins: bool


_CONFIRMING = {kind.joining.lower(): (kind, True) for kind in Kind} | {
    kind.leaving.lower(): (kind, False) for kind in Kind
}


def read(push: object) -> Delivery | Confirmation | None:
    """Tell what a push says; None where it is about something else."""
    match push:
        case [b"message", bytes(channel), bytes(data)]:
            return Delivery(Subscription(Kind.CHANNEL, channel), channel, data)
        case [b"pmessage", bytes(pattern), bytes(channel), bytes(data)]:
            return Delivery(Subscription(Kind.PATTERN, pattern), channel, data)
        case [b"smessage", bytes(channel), bytes(data)]:
            return Delivery(Subscription(Kind.SHARD, channel), channel, data)
        case [bytes(word), bytes(name), int()] if word in _CONFIRMING:
            kind, begins = _CONFIRMING[word]
            return Confirmation(Subscription(kind, name), begins)
    return None
