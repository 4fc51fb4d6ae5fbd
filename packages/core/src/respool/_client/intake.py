"""What comes in for one subscriber, from wherever it is carried: messages for who reads, answers for who waits.

Knows no connection and no server.
"""

from __future__ import annotations

from collections.abc import Iterable

from respool._client.answers import Answers
from respool._client.mailbox import Mailbox
from respool._client.messages import Delivery, Subscription
from respool._client.recovery import Entry
from respool.errors import PubSubError, RedisError


class Intake:
    """Where those who carry subscriptions hand in what they heard.

    `owner` lives as long as somebody carries for it: whoever closes all subscribers must find it.
    """

    def __init__(self, max_messages: int, owner: object) -> None:
        self.mailbox: Mailbox[Delivery] = Mailbox(max_messages)
        self.joining = Answers()
        self.leaving = Answers()
        self.is_over = False
        self._owner = owner

    def take(self, entries: Iterable[Entry]) -> None:
        """Keep messages and gaps for who reads."""
        for entry in entries:
            self.mailbox.put(entry)

    def confirm(self, subscription: Subscription, *, begins: bool) -> None:
        """Tell who waits that a subscription has begun, or ended."""
        (self.joining if begins else self.leaving).confirm(subscription)

    def end(self, error: BaseException) -> None:
        """Take nothing more, for this reason: it is for who reads, after all that came before."""
        if not isinstance(error, RedisError):
            cause, error = error, PubSubError(f"listening failed: {error!r}")
            error.__cause__ = cause
        self._close(error, error)

    def close(self) -> None:
        """Take nothing more, for it is not wanted. What is there can still be read."""
        self._close(None, PubSubError("this subscriber was closed"))

    def _close(self, last_word: RedisError | None, answer: RedisError) -> None:
        self.is_over = True
        self.mailbox.close(last_word)
        self.joining.fail_all(answer)
        self.leaving.fail_all(answer)
