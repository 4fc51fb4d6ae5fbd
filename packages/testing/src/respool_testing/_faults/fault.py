"""One fault: whom it means, when it strikes, what it does, and how often it did."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from respool_testing._engine.parser import Request

from .actions import Action, Exchange
from .aim import Aim, Moment, Peer
from .schedule import Schedule, Scheduled
from .steps import Run, Send, Step, has_ended

if TYPE_CHECKING:
    from typing_extensions import Self

When: TypeAlias = "Literal['before_execute', 'after_execute']"


class Block:
    """A block of code that faults last as long as; leaving it fails if one of them never struck."""

    faults: Sequence[Fault]

    def disarm(self) -> None:
        """Strike no more."""
        for fault in self.faults:
            fault.armed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.disarm()
        if error is None:
            assert_fired(self.faults)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.__exit__(kind, error, trace)


class Armed(Block):
    """Several faults that were armed at once."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = faults


class Fault(Scheduled, Block):
    """One fault. `hits` counts how often it struck, `seen` how many requests it was meant for."""

    def __init__(self, aim: Aim, action: Action, when: When, schedule: Schedule | None = None) -> None:
        self.aim = aim
        self.action = action
        self.when: When = when
        self.seen = 0
        self.hits = 0
        self.armed = False
        self.faults = (self,)
        self._armed_at = 0.0
        self._now: Callable[[], float] = _standing_still
        self._rescheduled(schedule or Schedule())

    def __repr__(self) -> str:
        return f"<Fault {self} hits={self.hits}>"

    def __str__(self) -> str:
        return f"{self.action} on {self.aim}{self._schedule}, {self.when}"

    @property
    def is_missed(self) -> bool:
        """Tell whether it should have struck and never did."""
        return not self.hits and not self._schedule.optional

    def arm(self, now: Callable[[], float]) -> None:
        """Strike from now on."""
        self.armed, self._now, self._armed_at = True, now, now()

    def strikes(self) -> bool:
        """Count a request it is meant for; tell whether it strikes this one."""
        schedule = self._schedule
        self.seen += 1
        if not self.armed or self.seen <= schedule.after:
            return False
        spent = schedule.times is not None and self.hits >= schedule.times
        over = schedule.seconds is not None and self._now() >= self._armed_at + schedule.seconds
        if spent or over or (schedule.chance < 1 and self.random.random() >= schedule.chance):
            return False
        self.hits += 1
        return True

    def _rescheduled(self, schedule: Schedule) -> Self:
        self._schedule = schedule
        self.random = random.Random(schedule.seed)
        return self


@dataclass(frozen=True, slots=True)
class Plan:
    """The faults that strike one request: before it runs, and at its reply."""

    peer: Peer | None = None
    words: Request = ()
    before: tuple[Fault, ...] = ()
    after: tuple[Fault, ...] = ()

    def steps_before(self, protocol: int, go_on: Callable[[], None]) -> list[Step]:
        """Return what to do in place of just going on."""
        return self._shaped([Run(go_on)], self.before, protocol, b"")

    def steps_after(self, protocol: int, reply: bytes) -> list[Step]:
        """Return what to do in place of just sending the reply."""
        return self._shaped([Send(reply)], self.after, protocol, reply)

    def _shaped(self, steps: list[Step], faults: Sequence[Fault], protocol: int, reply: bytes) -> list[Step]:
        for fault in faults:
            if not has_ended(steps):
                steps = fault.action.shape(steps, self._exchange(fault, protocol, reply))
        return steps

    def _exchange(self, fault: Fault, protocol: int, reply: bytes) -> Exchange:
        assert self.peer is not None
        return Exchange(
            words=self.words,
            client_id=self.peer.id,
            client_name=self.peer.name.decode("latin-1"),
            address=self.peer.address,
            server_address=self.peer.local_address,
            protocol=protocol,
            reply=reply,
            random=fault.random,
        )


NOTHING: Final = Plan()


def plan(faults: Sequence[Fault], moment: Moment, peer: Peer, words: Request) -> Plan:
    """Decide which faults strike; counts their hits."""
    fitting = [fault for fault in faults if fault.aim.fits(moment, peer, words)]
    if not fitting:
        return NOTHING
    before = tuple(each for each in fitting if each.when == "before_execute" and each.strikes())
    if any(each.action.ends for each in before):
        return Plan(peer, words, before)  # there will be no reply
    after = tuple(each for each in fitting if each.when == "after_execute" and each.strikes())
    return Plan(peer, words, before, after)


def assert_fired(faults: Sequence[Fault]) -> None:
    """Fail if some fault never struck: a test that does not fail what it means to fail proves nothing."""
    missed = [f"{fault} (it was meant for {fault.seen} requests)" for fault in faults if fault.is_missed]
    if missed:
        raise AssertionError("These faults never struck:\n  " + "\n  ".join(missed))


def _standing_still() -> float:
    return 0.0
