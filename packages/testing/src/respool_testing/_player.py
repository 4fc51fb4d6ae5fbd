"""Carries out steps one after the other; what comes later waits its turn. Decides nothing."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable
from typing import Protocol

from ._faults.steps import Answer, Aside, End, Ending, Run, Send, Step, Turn, Wait
from .clock import MICROSECONDS, Clock


class Stage(Protocol):
    """Where steps happen: one side of one connection."""

    def send(self, data: bytes) -> None:
        """Send bytes now."""

    def answer(self, data: bytes) -> None:
        """Answer the request with these bytes."""

    def end(self, how: Ending) -> None:
        """Let the connection end in this way."""

    def resumed(self) -> None:
        """Go on: nothing waits any more."""

    def is_over(self) -> bool:
        """Tell whether the server has been stopped, so that nothing may go on."""


class Player:
    """The steps of one connection that have not been taken yet."""

    def __init__(self, stage: Stage, clock: Clock) -> None:
        self._stage = stage
        self._clock = clock
        self._steps: deque[Step] = deque()
        self._waiting = False
        self._playing = False

    @property
    def idle(self) -> bool:
        """Tell whether everything is done."""
        return not (self._steps or self._waiting)

    def play(self, steps: Iterable[Step]) -> None:
        """Take these steps, after those that wait already."""
        self._steps.extend(steps)
        self._go_on()

    def stop(self) -> None:
        """Forget what has not happened yet."""
        self._steps.clear()

    def _go_on(self) -> None:
        if self._playing:
            return  # further up the stack
        self._playing = True
        try:
            while self._steps and not self._waiting:
                self._take(self._steps.popleft())
        finally:
            self._playing = False

    def _take(self, step: Step) -> None:
        match step:
            case Wait(seconds):
                self._waiting = True
                self._later(seconds, self._wake)
            case Turn():
                self._waiting = True
                asyncio.get_running_loop().call_soon(self._wake)
            case Aside(seconds, data):
                self._later(seconds, lambda: None if self._stage.is_over() else self.play([Send(data)]))
            case Send(data):
                self._stage.send(data)
            case Answer(data):
                self._stage.answer(data)
            case Run(act):
                act()
            case End(how):
                self._steps.clear()
                self._stage.end(how)

    def _later(self, seconds: float, act: Callable[[], None]) -> None:
        self._clock.call_at(self._clock.microseconds() + round(seconds * MICROSECONDS), act)

    def _wake(self) -> None:
        self._waiting = False
        if self._stage.is_over():
            self._steps.clear()
            return
        self._go_on()
        if self.idle:
            self._stage.resumed()
