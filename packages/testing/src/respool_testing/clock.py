"""The time a fake server lives in: real by default, and a test may freeze it and move it.

Governs expiry, blocking timeouts and delays. Counts whole microseconds, so that advancing by what a command
asked for arrives exactly there.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
import time
from collections.abc import Callable

from ._home import Home

MICROSECONDS = 1_000_000


class Timer:
    """A callback that will run at a moment, unless cancelled."""

    __slots__ = ("_callback", "when")

    def __init__(self, when: int, callback: Callable[[], None]) -> None:
        self.when = when
        self._callback: Callable[[], None] | None = callback

    @property
    def cancelled(self) -> bool:
        return self._callback is None

    def cancel(self) -> None:
        """Make sure that the callback does not run."""
        self._callback = None

    def run(self) -> None:
        """Run the callback, once."""
        callback, self._callback = self._callback, None
        if callback is not None:
            callback()


class Clock:
    """Says what time it is, in seconds since the epoch, and wakes who asked to be woken.

    One clock may serve several servers on one event loop. `advance` runs everything that falls due on the
    way, in order and before it returns. May be moved from any thread.
    """

    def __init__(self) -> None:
        self.home = Home()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ticks: Callable[[], float] = time.monotonic
        self._offset = round(time.time() * MICROSECONDS) - self._tick()
        self._frozen_at: int | None = None
        self._timers: list[tuple[int, int, Timer]] = []
        self._order = itertools.count()
        self._alarm: asyncio.TimerHandle | None = None

    def __repr__(self) -> str:
        return f"<Clock {self.now():.6f}{' frozen' if self.frozen else ''}>"

    @property
    def frozen(self) -> bool:
        """Tell whether time stands still."""
        return self._frozen_at is not None

    def now(self) -> float:
        """Return the time in seconds since the epoch."""
        return self.microseconds() / MICROSECONDS

    def microseconds(self) -> int:
        """Return the time in microseconds since the epoch."""
        return self._tick() + self._offset if self._frozen_at is None else self._frozen_at

    def freeze(self, at: float | None = None) -> None:
        """Let time stand still, now or at a given moment in seconds since the epoch."""
        self.home.do(lambda: self._freeze(at))

    def resume(self) -> None:
        """Let time run on from where it stands."""
        self.home.do(self._resume)

    def advance(self, seconds: float) -> None:
        """Move time forward, frozen or not, and run what falls due."""
        if seconds < 0:
            raise ValueError(f"time does not go backwards: {seconds}")
        self.home.do(lambda: self._advance(round(seconds * MICROSECONDS)))

    def call_at(self, when: int, callback: Callable[[], None]) -> Timer:
        """Arrange for a callback at a moment in microseconds since the epoch; a past one runs soon."""
        timer = Timer(when, callback)
        heapq.heappush(self._timers, (when, next(self._order), timer))
        self._rearm()
        return timer

    def bind(self, loop: asyncio.AbstractEventLoop) -> None:
        """Run on an event loop's time from now on; the time does not jump, but for a simulation's."""
        epoch: float | None = getattr(loop, "epoch", None)
        # Simulated time begins at the same moment in every run.
        now = self.microseconds() if epoch is None else round((epoch + loop.time()) * MICROSECONDS)
        self.home.move_in(loop)
        self._loop, self._ticks = loop, loop.time
        self._offset = now - self._tick()
        self._rearm()

    def _freeze(self, at: float | None) -> None:
        self._frozen_at = self.microseconds() if at is None else round(at * MICROSECONDS)
        self._rearm()

    def _resume(self) -> None:
        if self._frozen_at is not None:
            self._offset = self._frozen_at - self._tick()
            self._frozen_at = None
            self._rearm()

    def _advance(self, step: int) -> None:
        if self._frozen_at is None:
            self._offset += step
            self._run_due()
            return
        target = self._frozen_at + step
        while (timer := self._first()) is not None and timer.when <= target:
            heapq.heappop(self._timers)
            self._frozen_at = max(self._frozen_at, timer.when)
            timer.run()
        self._frozen_at = target

    def _tick(self) -> int:
        return round(self._ticks() * MICROSECONDS)

    def _first(self) -> Timer | None:
        while self._timers and self._timers[0][2].cancelled:
            heapq.heappop(self._timers)
        return self._timers[0][2] if self._timers else None

    def _run_due(self) -> None:
        while (timer := self._first()) is not None and timer.when <= self.microseconds():
            heapq.heappop(self._timers)
            timer.run()
        self._rearm()

    def _rearm(self) -> None:
        """Keep one timer of the loop set for the first of ours."""
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
        timer = self._first()
        if timer is None or self._loop is None or self._loop.is_closed() or self.frozen:
            return
        self._alarm = self._loop.call_later(
            max(timer.when - self.microseconds(), 0) / MICROSECONDS, self._run_due
        )
