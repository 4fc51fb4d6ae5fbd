"""A server that some or all of its clients cannot reach: it accepts them, hears nothing and says nothing.

As with a stopped process or a network that drops packets, nothing is lost: what clients sent is served, and
what they should have been told is sent, once they are heard again.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from ._engine.engine import Engine
from ._engine.outbox import Effects
from ._engine.session import Session
from ._shell import Shell
from .clock import Clock
from .faults import Faults
from .log import CommandLog

Whom: TypeAlias = "Callable[[Session], bool]"


def everybody(session: Session) -> bool:
    """Mean every client."""
    return True


def nobody(session: Session) -> bool:
    """Mean no client."""
    return False


class StallingShell(Shell):
    """A shell that can be made deaf and dumb to those it is told."""

    def __init__(self, engine: Engine, clock: Clock, log: CommandLog, faults: Faults) -> None:
        super().__init__(engine, clock, log, faults)
        self._unheard: Whom = nobody
        self._late = Effects()

    def stall(self, whom: Whom) -> None:
        """Hear these clients no more, those to come included, until told otherwise."""
        self.go_on()
        self._unheard = whom

    def go_on(self) -> None:
        """Hear everybody again."""
        self._unheard = nobody
        late, self._late = self._late, Effects()
        self.perform(late)
        for connection in list(self._connections.values()):
            connection.pump()

    def shut(self) -> None:
        self._unheard = nobody
        self._late = Effects()
        super().shut()

    def is_blocked(self, session: Session) -> bool:
        return self._unheard(session) or super().is_blocked(session)

    def perform(self, effects: Effects) -> None:
        late = [each for each in effects.deliveries if self._unheard(each.session)]
        if late:
            self._late.deliveries += late
            effects.deliveries = [each for each in effects.deliveries if not self._unheard(each.session)]
        self._late.hangups += [each for each in effects.hangups if self._unheard(each)]
        effects.hangups = [each for each in effects.hangups if not self._unheard(each)]
        super().perform(effects)
