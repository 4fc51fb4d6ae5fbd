"""What shall go wrong, said as data: when, what, and how long. Decides; the server's connections act.

    server.faults.on("SET", key="x:*").after(3).drop_connection(when="after_execute").times(1)

A fault is armed by the word that says what happens, and counts its `hits`. Several may hit the same request;
they act in the order they were armed. As a context manager a fault lasts as long as the block, which fails if
it never struck. `on` and its sisters, called without a server, make faults that `Faults.arm` puts into force
all at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from ._engine.parser import Request
from ._faults.actions import (
    Action,
    CloseWith,
    Delay,
    DropConnection,
    Exchange,
    Fragment,
    HalfReply,
    Hang,
    Intercept,
    Moved,
    Postpone,
    PushFirst,
    Repeat,
    ReplyWith,
    Reset,
    SendRaw,
    Swallow,
    Throttle,
)
from ._faults.aim import Moment, Peer
from ._faults.builder import FaultBuilder, Meaning
from ._faults.fault import NOTHING, Armed, Fault, Plan, assert_fired, plan
from ._faults.spelling import parse_fault

__all__ = [
    "Action",
    "Armed",
    "CloseWith",
    "Delay",
    "DropConnection",
    "Exchange",
    "Fault",
    "FaultBuilder",
    "Faults",
    "FaultsOfMany",
    "Fragment",
    "HalfReply",
    "Hang",
    "Intercept",
    "Moved",
    "Postpone",
    "PushFirst",
    "Repeat",
    "ReplyWith",
    "Reset",
    "SendRaw",
    "Swallow",
    "Throttle",
    "on",
    "on_connect",
    "on_handshake",
    "on_push",
    "parse_fault",
]

_unarmed = Meaning()
on = _unarmed.on
on_connect = _unarmed.on_connect
on_handshake = _unarmed.on_handshake
on_push = _unarmed.on_push


class Faults(Meaning):
    """The faults of one server."""

    def __init__(self, now: Callable[[], float] = lambda: 0.0) -> None:
        self._now = now
        self._faults: tuple[Fault, ...] = ()

    def __len__(self) -> int:
        return sum(fault.armed for fault in self._faults)

    @property
    def armed(self) -> Sequence[Fault]:
        """Return the faults in force, in the order they act in."""
        return [fault for fault in self._faults if fault.armed]

    def arm(self, *faults: Fault) -> Armed:
        """Put faults into force, all at the same moment: no request sees only some of them."""
        for fault in faults:
            fault.arm(self._now)
        # One assignment, so that it is one moment for a server in another thread too.
        self._faults = (*self._faults, *faults)
        return Armed(faults)

    def clear(self) -> None:
        """Disarm and forget every fault."""
        faults, self._faults = self._faults, ()
        for fault in faults:
            fault.disarm()

    def assert_all_fired(self) -> None:
        """Fail if some fault never struck: a test that does not fail what it means to fail proves nothing."""
        assert_fired(self._faults)

    def plan(self, moment: Moment, peer: Peer, words: Request = ()) -> Plan:
        """Say what shall happen to a request, a message or a new connection; counts hits."""
        return plan(self._faults, moment, peer, words) if self._faults else NOTHING


class FaultsOfMany(Meaning):
    """The faults of several servers: what is armed here is armed on each, and its hits are counted together."""

    def __init__(self, parts: Iterable[Faults]) -> None:
        self._parts = list(parts)

    def arm(self, *faults: Fault) -> Armed:
        """Put faults into force everywhere at the same moment."""
        for part in self._parts:
            part.arm(*faults)
        return Armed(faults)

    def clear(self) -> None:
        """Disarm and forget every fault of every server."""
        for part in self._parts:
            part.clear()
