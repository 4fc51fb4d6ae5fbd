"""What a server sends to subscribers, as data. Pure; the same for RESP2 and RESP3.

https://redis.io/docs/latest/develop/pubsub/#format-of-pushed-messages
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Generic, TypeVar

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


@dataclass(frozen=True)
class Message(Generic[T]):
    """One message: where it was published, what it says, and the pattern that it came by, if it did."""

    channel: T
    data: T
    pattern: T | None = None


@dataclass(frozen=True)
class Delivery:
    """A message as it came: `name` is what was subscribed to."""

    kind: Kind
    name: bytes
    channel: bytes
    data: bytes


@dataclass(frozen=True)
class Confirmation:
    """The server's word that a subscription begins or ends."""

    command: bytes
    name: bytes | None


_COMMANDS = frozenset(command for kind in Kind for command in (kind.joining, kind.leaving))


def read(push: object) -> Delivery | Confirmation | None:
    """Tell what a push says; None where it is about something else."""
    match push:
        case [b"message", bytes(channel), bytes(data)]:
            return Delivery(Kind.CHANNEL, channel, channel, data)
        case [b"pmessage", bytes(pattern), bytes(channel), bytes(data)]:
            return Delivery(Kind.PATTERN, pattern, channel, data)
        case [b"smessage", bytes(channel), bytes(data)]:
            return Delivery(Kind.SHARD, channel, channel, data)
        case [bytes(command), name, int()] if command.upper() in _COMMANDS:
            return Confirmation(command.upper(), name if isinstance(name, bytes) else None)
    return None
