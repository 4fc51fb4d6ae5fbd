"""Who listens to which channel, and what they hear. Three kinds of channel that know nothing of each other.

https://redis.io/docs/latest/develop/interact/pubsub/
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from respool_testing.replies import Push

from .globs import matches
from .messages import Published
from .outbox import Outbox
from .session import Session


class Kind(Enum):
    """The kinds of subscription; the value stands before `subscribe` in commands and messages."""

    CHANNEL = b""
    PATTERN = b"p"
    SHARD = b"s"


@dataclass(slots=True)
class PubSub:
    """Every subscription of one server: kind -> channel -> the clients that listen, in the order they came."""

    subscriptions: dict[Kind, dict[bytes, dict[Session, None]]] = field(
        default_factory=lambda: {kind: {} for kind in Kind}
    )

    def subscribe(self, session: Session, kind: Kind, channel: bytes) -> None:
        """Let a client listen; listening twice is listening once."""
        self.subscriptions[kind].setdefault(channel, {})[session] = None

    def unsubscribe(self, session: Session, kind: Kind, channel: bytes) -> None:
        """Let a client listen no more."""
        listeners = self.subscriptions[kind].get(channel, {})
        listeners.pop(session, None)
        if not listeners:
            self.subscriptions[kind].pop(channel, None)

    def leave(self, session: Session) -> None:
        """Let a client listen to nothing any more."""
        for kind in Kind:
            for channel in self.channels_of(session, kind):
                self.unsubscribe(session, kind, channel)

    def channels_of(self, session: Session, kind: Kind) -> list[bytes]:
        """Return what a client listens to."""
        return [channel for channel, listeners in self.subscriptions[kind].items() if session in listeners]

    def count(self, session: Session, kind: Kind) -> int:
        """Return the number a server tells with every subscription: shard channels are counted apart."""
        kinds = (Kind.SHARD,) if kind is Kind.SHARD else (Kind.CHANNEL, Kind.PATTERN)
        return sum(len(self.channels_of(session, each)) for each in kinds)

    def is_subscribed(self, session: Session) -> bool:
        """Tell whether a client listens to anything."""
        return any(self.count(session, kind) for kind in (Kind.CHANNEL, Kind.SHARD))

    def listeners(self, kind: Kind, channel: bytes) -> int:
        """Return how many clients listen to exactly this."""
        return len(self.subscriptions[kind].get(channel, ()))

    def publish(self, published: Published, outbox: Outbox) -> int:
        """Deliver a message; return how many deliveries that made."""
        direct = Kind.SHARD if published.sharded else Kind.CHANNEL
        word = b"smessage" if published.sharded else b"message"
        receivers = list(self.subscriptions[direct].get(published.channel, ()))
        for session in receivers:
            outbox.push(session, Push([word, published.channel, published.message]))
        return len(receivers) + (0 if published.sharded else self._publish_to_patterns(published, outbox))

    def _publish_to_patterns(self, published: Published, outbox: Outbox) -> int:
        count = 0
        for pattern, listeners in self.subscriptions[Kind.PATTERN].items():
            if matches(pattern, published.channel):
                for session in listeners:
                    outbox.push(session, Push([b"pmessage", pattern, published.channel, published.message]))
                count += len(listeners)
        return count


def confirmation(verb: bytes, kind: Kind, channel: bytes | None, count: int) -> Push:
    """Spell what a server says to a subscription, or to its end."""
    return Push([kind.value + verb, channel, count])
