"""Which message ends which subscribing command, and which channels one session listens to. Pure.

A subscribing command is answered by one message for each channel, or by one error; it holds its place among the
requests in flight until the last of them came, so that an error finds it there and not the request behind it
(https://redis.io/docs/latest/develop/pubsub/#wire-protocol-example).
"""

from __future__ import annotations

from respool._connection.request import GroupedRequest, Request

_LISTENING = {b"subscribe": b"channel", b"psubscribe": b"pattern", b"ssubscribe": b"shard channel"}
_LEAVING = {b"unsubscribe": b"channel", b"punsubscribe": b"pattern", b"sunsubscribe": b"shard channel"}

_CONFIRMING = frozenset({*_LISTENING, *_LEAVING})

MESSAGES = frozenset({b"message", b"pmessage", b"smessage", *_CONFIRMING})
"""How RESP2 marks what RESP3 would send as a push."""

SUBSCRIBING = frozenset(kind.upper() for kind in _CONFIRMING)
"""Commands that are answered by messages, not by a reply."""


class SubscribingRequest(GroupedRequest[object]):
    """A subscribing command under way; it completes with None."""

    __slots__ = ("confirmation", "missing")

    confirmation: bytes
    """What marks the messages that answer it."""

    missing: int
    """How many of them are still to come; 0 where nobody knows: the command leaves whatever there is."""

    def is_last(self, left: int) -> bool:
        """Take one of its messages; tell whether it was the last. `left` is what is listened to after it."""
        if not self.missing:
            return not left
        self.missing -= 1
        return not self.missing


class Subscriptions:
    """What one session listens to, as far as the server has confirmed it."""

    __slots__ = ("_names",)

    def __init__(self) -> None:
        self._names: dict[bytes, set[object]] = {}

    def confirms(self, message: list[object], head: Request[object] | None) -> bool:
        """Take note of a message; tell whether it is the last one that the request at the head waits for."""
        kind = message[0] if len(message) > 1 else None
        if not isinstance(kind, bytes) or kind not in _CONFIRMING:
            return False
        is_awaited = isinstance(head, SubscribingRequest) and head.confirmation == kind
        names = self._names.setdefault(_LISTENING.get(kind) or _LEAVING[kind], set())
        if kind in _LEAVING:
            names.discard(message[1])
        elif is_awaited:  # what nobody asked for is not kept, or a server could fill our memory
            names.add(message[1])
        return isinstance(head, SubscribingRequest) and is_awaited and head.is_last(len(names))
