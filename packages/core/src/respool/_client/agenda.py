"""What is wanted of one server, what it has confirmed, and what is to be asked of it to make these the same.

It hands results to an intake. Nothing here connects, sends or waits.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable, Iterable
from typing import TypeAlias

from respool._client.intake import Intake
from respool._client.messages import Confirmation, Delivery, Subscription
from respool._client.recovery import Recovery
from respool.errors import AuthorizationError, ResponseError

Batch: TypeAlias = Callable[[Subscription], Hashable]


class _Asked:
    """One command that the server has not answered, and what it has not confirmed of it."""

    __slots__ = ("begins", "missing", "names")

    def __init__(self, begins: bool, names: Iterable[Subscription]) -> None:
        self.begins = begins
        self.names = dict.fromkeys(names)
        self.missing = set(self.names)


class Agenda:
    """The state of one server's subscriptions. Commands are answered in the order in which they were sent.

    `batch` tells what may go into one command: subscriptions for which it returns the same.
    """

    def __init__(self, intake: Intake, batch: Batch) -> None:
        self.wanted: dict[Subscription, None] = {}
        self.confirmed: set[Subscription] = set()
        self.has_listened = False
        self._intake = intake
        self._batch = batch
        self._due: dict[Subscription, None] = {}
        self._under_way: set[Subscription] = set()
        self._asked: deque[_Asked] = deque()
        self._alone: set[Subscription] = set()
        self._recovery = Recovery()

    @property
    def awaits_answers(self) -> bool:
        """Whether the server has not answered something."""
        return bool(self._asked)

    @property
    def oldest_unanswered(self) -> object:
        """What the server has not answered for longest, to be compared only; None for nothing."""
        return self._asked[0] if self._asked else None

    def was_heard(self, subscription: Subscription) -> bool:
        """Tell whether somebody relies on this: it was confirmed, even if it has been lost since."""
        return subscription in self.confirmed or subscription in self._recovery

    # ---- what is wanted

    def want(self, subscriptions: Iterable[Subscription], missed: str | None) -> None:
        """Take note of what is wanted from now on; `missed` says why it was lost elsewhere."""
        new = list(subscriptions)
        if missed is not None:
            self._intake.take(self._recovery.lose(new, missed))
        for each in new:
            self.wanted[each] = None
            if each in self.confirmed and each not in self._under_way:
                self._begin(each)
            else:
                self._due[each] = None

    def drop(self, subscriptions: Iterable[Subscription]) -> list[Subscription]:
        """Take note of what is not wanted any more; return what was until now."""
        dropped = [each for each in subscriptions if each in self.wanted]
        for each in dropped:
            del self.wanted[each]
            self._due.pop(each, None)
            self._alone.discard(each)
            self._intake.take(self._recovery.forget(each))
        return dropped

    def leave(self, subscriptions: Iterable[Subscription]) -> None:
        """Drop these, and have the server told."""
        for each in self.drop(subscriptions):
            if each in self.confirmed or each in self._under_way:
                self._due[each] = None
            else:
                self._intake.confirm(each, begins=False)

    # ---- what is asked

    def take_due(self) -> list[tuple[bytes, list[bytes]]]:
        """Return the commands to send now, with their names. What is under way is seen to when it is answered."""
        due, self._due = self._due, {}
        batches: dict[tuple[bytes, bool, Hashable], list[Subscription]] = {}
        for each in due:
            is_wanted = each in self.wanted
            if each not in self._under_way and is_wanted is not (each in self.confirmed):
                command = each.kind.joining if is_wanted else each.kind.leaving
                is_alone = each in self._alone
                key = (command, is_alone, each if is_alone else self._batch(each))
                batches.setdefault(key, []).append(each)
        return [(command, self._ask(batch)) for (command, _, _), batch in batches.items()]

    def _ask(self, batch: list[Subscription]) -> list[bytes]:
        self._asked.append(_Asked(batch[0] in self.wanted, batch))
        self._under_way.update(batch)
        return [each.name for each in batch]

    # ---- what comes

    def on_delivery(self, delivery: Delivery) -> None:
        """Pass a message on, if it is wanted here."""
        if delivery.subscription in self.wanted:
            self._intake.take(self._recovery.sort(delivery))

    def on_confirmation(self, heard: Confirmation) -> bool:
        """Take the server's word; tell whether it ended something that is wanted."""
        subscription, was_asked = heard.subscription, self._was_asked(heard)
        self._due[subscription] = None
        if heard.begins:
            self.confirmed.add(subscription)
            if subscription in self.wanted:
                self._begin(subscription)
            return False
        self.confirmed.discard(subscription)
        self._intake.confirm(subscription, begins=False)
        if was_asked or subscription not in self.wanted:
            return False
        self._intake.take(self._recovery.lose([subscription], "the server ended the subscription"))
        return True

    def _was_asked(self, heard: Confirmation) -> bool:
        asked = self._asked[0] if self._asked else None
        if asked is None or asked.begins is not heard.begins or heard.subscription not in asked.missing:
            return False
        asked.missing.discard(heard.subscription)
        self._under_way.discard(heard.subscription)
        if not asked.missing:
            self._asked.popleft()
        return True

    def _begin(self, subscription: Subscription) -> None:
        self.has_listened = True
        self._intake.take(self._recovery.hear(subscription))
        self._intake.confirm(subscription, begins=True)

    def on_refusal(self, error: ResponseError) -> frozenset[Subscription]:
        """Take an error for the oldest command; return what is refused of what is wanted.

        Several names that were refused together are asked for one by one where only some may be to blame.
        """
        asked = self._asked.popleft()
        self._under_way.difference_update(asked.names)
        for each in asked.names.keys() - self.wanted.keys():
            self._intake.confirm(each, begins=False)
        if not asked.begins:  # the server does not know of it any more
            self.confirmed.difference_update(asked.names)
        elif isinstance(error, AuthorizationError) and len(asked.names) > 1:
            self._alone.update(asked.names)
        else:
            return frozenset(asked.names.keys() & self.wanted.keys())
        self._due.update(asked.names)
        return frozenset()

    def lose_all(self, reason: str) -> None:
        """Take note that the server keeps nothing of us, and that all is to be asked for again."""
        left = (self.confirmed | self._under_way) - self.wanted.keys()
        lost = self.confirmed & self.wanted.keys()
        self.confirmed.clear()
        self._under_way.clear()
        self._asked.clear()
        self._due = dict.fromkeys(self.wanted)
        self._intake.take(self._recovery.lose(lost, reason))
        for each in left:
            self._intake.confirm(each, begins=False)
