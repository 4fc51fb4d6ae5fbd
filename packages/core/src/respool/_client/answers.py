"""Who waits until servers have confirmed what. Futures only: nothing here asks, and nothing is kept but who waits."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from respool._client.messages import Subscription
from respool._connection.request import fresh
from respool.errors import RedisError


class _Waiting:
    """One caller, and what is not confirmed yet of what it asked for."""

    __slots__ = ("answer", "missing")

    def __init__(self, missing: set[Subscription], answer: asyncio.Future[None]) -> None:
        self.missing = missing
        self.answer = answer


class Answers:
    """Callers by the subscriptions that they wait for. Each gets an exception of its own."""

    def __init__(self) -> None:
        self._waiting: dict[Subscription, list[_Waiting]] = {}

    def expect(self, subscriptions: Iterable[Subscription]) -> asyncio.Future[None]:
        """Return what is done when all of these are confirmed; the caller gives it up by cancelling it."""
        waiting = _Waiting(set(subscriptions), asyncio.get_running_loop().create_future())
        for each in waiting.missing:
            self._waiting.setdefault(each, []).append(waiting)
        waiting.answer.add_done_callback(lambda _: self._remove(waiting))
        if not waiting.missing:
            waiting.answer.set_result(None)
        return waiting.answer

    def is_awaited(self, subscription: Subscription) -> bool:
        """Tell whether anybody waits for it still."""
        return any(not each.answer.done() for each in self._waiting.get(subscription, ()))

    def confirm(self, subscription: Subscription) -> None:
        """Tell who waits for it."""
        for waiting in self._waiting.pop(subscription, ()):
            waiting.missing.discard(subscription)
            if not waiting.missing and not waiting.answer.done():
                waiting.answer.set_result(None)

    def fail(self, subscription: Subscription, error: RedisError) -> bool:
        """Fail who waits for it; tell whether anybody did."""
        return sum(_fail(each, error) for each in self._waiting.pop(subscription, ())) > 0

    def fail_all(self, error: RedisError) -> bool:
        """Fail whoever waits; tell whether anybody did."""
        return sum(self.fail(each, error) for each in list(self._waiting)) > 0

    def _remove(self, waiting: _Waiting) -> None:
        """Take out who does not wait any more: for what it was not told of, it never will be."""
        for each in waiting.missing:
            others = self._waiting.get(each, [])
            if waiting in others:
                others.remove(waiting)
            if not others:
                self._waiting.pop(each, None)


def _fail(waiting: _Waiting, error: RedisError) -> bool:
    if waiting.answer.done():
        return False
    waiting.answer.set_exception(fresh(error, maybe_executed=False))
    waiting.answer.exception()  # its caller may be gone
    return True
