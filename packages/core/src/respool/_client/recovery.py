"""Which subscriptions may have missed something, and what must wait for the gap that says so. Pure.

A gap is told once all that was lost together is heard again: what its reader then reads anew misses nothing that
comes after. Messages that arrive on the first of them meanwhile wait, so that they stand behind the gap. Where too
many wait a gap is told early, and another follows.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

from respool._client.mailbox import Gap
from respool._client.messages import Delivery, Subscription

Entry: TypeAlias = "Delivery | Gap"

MAX_HELD_BACK = 1000
"""Messages that wait for a gap."""


class Recovery:
    """Subscriptions of one place that were lost and are wanted still. Each step returns what is to be said."""

    def __init__(self) -> None:
        self._missed: set[Subscription] = set()
        self._unheard: set[Subscription] = set()
        self._held_back: list[Delivery] = []
        self._reason = ""

    def __contains__(self, subscription: Subscription) -> bool:
        return subscription in self._missed

    def lose(self, subscriptions: Iterable[Subscription], reason: str) -> list[Entry]:
        """Take note that these are heard no longer; a gap will follow."""
        said = self._say() if self._held_back else []  # they stand between two gaps, then
        lost = set(subscriptions)
        self._missed |= lost
        self._unheard |= lost
        self._reason = reason
        return said

    def hear(self, subscription: Subscription) -> list[Entry]:
        """Take note that one is heard again."""
        self._unheard.discard(subscription)
        return self._say_if_whole()

    def forget(self, subscription: Subscription) -> list[Entry]:
        """Take note that one is not wanted any more: nothing waits for it."""
        self._missed.discard(subscription)
        self._unheard.discard(subscription)
        self._held_back = [each for each in self._held_back if each.subscription != subscription]
        return self._say_if_whole()

    def sort(self, delivery: Delivery) -> list[Entry]:
        """Return a message, unless it has to wait for a gap."""
        if delivery.subscription not in self._missed:
            return [delivery]
        self._held_back.append(delivery)
        return self._say() if len(self._held_back) >= MAX_HELD_BACK else []

    def _say_if_whole(self) -> list[Entry]:
        if self._unheard or not self._missed:
            return []
        self._missed.clear()
        return self._say()

    def _say(self) -> list[Entry]:
        held_back, self._held_back = self._held_back, []
        return [Gap(self._reason), *held_back]
