"""Who listens to which channel, and what they hear. Three kinds of channel that know nothing of each other.

https://redis.io/docs/latest/develop/interact/pubsub/
"""

from __future__ import annotations

from enum import Enum
from typing import TypeVar

from respool_testing.replies import Push

from .globs import matches
from .messages import Published
from .outbox import Outbox
from .session import Session

Key = TypeVar("Key")
Entry = TypeVar("Entry")


class Kind(Enum):
    """The kinds of subscription; the value stands before `subscribe` in commands and messages."""

    CHANNEL = b""
    PATTERN = b"p"
    SHARD = b"s"


class PubSub:
    """Every subscription of one server, by channel and by client, each in the order they came."""

    def __init__(self) -> None:
        self.channels: dict[Kind, dict[bytes, dict[Session, None]]] = {kind: {} for kind in Kind}
        self._listeners: dict[Session, dict[tuple[Kind, bytes], None]] = {}

    def subscribe(self, session: Session, kind: Kind, channel: bytes) -> None:
        """Let a client listen; listening twice is listening once."""
        self.channels[kind].setdefault(channel, {})[session] = None
        self._listeners.setdefault(session, {})[kind, channel] = None

    def unsubscribe(self, session: Session, kind: Kind, channel: bytes) -> None:
        """Let a client listen no more; nothing is left of a channel or a client that was the last."""
        _remove(self.channels[kind], channel, session)
        _remove(self._listeners, session, (kind, channel))

    def leave(self, session: Session) -> None:
        """Let a client listen to nothing any more."""
        for kind, channel in list(self._listeners.get(session, ())):
            self.unsubscribe(session, kind, channel)

    def channels_of(self, session: Session, kind: Kind) -> list[bytes]:
        """Return what a client listens to."""
        return [channel for each, channel in self._listeners.get(session, ()) if each is kind]

    def count(self, session: Session, kind: Kind) -> int:
        """Return the number a server tells with every subscription: shard channels are counted apart."""
        kinds = (Kind.SHARD,) if kind is Kind.SHARD else (Kind.CHANNEL, Kind.PATTERN)
        return sum(len(self.channels_of(session, each)) for each in kinds)

    def is_subscribed(self, session: Session) -> bool:
        """Tell whether a client listens to anything."""
        return session in self._listeners

    def listeners(self, kind: Kind, channel: bytes) -> int:
        """Return how many clients listen to exactly this."""
        return len(self.channels[kind].get(channel, ()))

    def publish(self, published: Published, outbox: Outbox) -> int:
        """Deliver a message; return how many deliveries that made."""
        direct = Kind.SHARD if published.sharded else Kind.CHANNEL
        word = b"smessage" if published.sharded else b"message"
        receivers = list(self.channels[direct].get(published.channel, ()))
        for session in receivers:
            outbox.push(session, Push([word, published.channel, published.message]))
        return len(receivers) + (0 if published.sharded else self._publish_to_patterns(published, outbox))

    def _publish_to_patterns(self, published: Published, outbox: Outbox) -> int:
        count = 0
        for pattern, listeners in self.channels[Kind.PATTERN].items():
            if matches(pattern, published.channel):
                for session in listeners:
                    outbox.push(session, Push([b"pmessage", pattern, published.channel, published.message]))
                count += len(listeners)
        return count


def confirmation(verb: bytes, kind: Kind, channel: bytes | None, count: int) -> Push:
    """Spell what a server says to a subscription, or to its end."""
    return Push([kind.value + verb, channel, count])


def _remove(table: dict[Key, dict[Entry, None]], key: Key, entry: Entry) -> None:
    """Take an entry out of one of a table's sets, and the set with the last of them."""
    entries = table.get(key, {})
    entries.pop(entry, None)
    if not entries:
        table.pop(key, None)
