"""What shall go wrong, said as data: when, what, and how often. Decides; the server's shell acts.

    server.faults.on("SET", key="x:*").after(3).drop_connection(when="after_execute").times(1)

A fault is armed by the word that says what happens, and counts its `hits`. Several may hit the same request;
they act in the order they were armed. As a context manager a fault lasts as long as the block.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from ._engine.encoding import encode
from ._engine.globs import matches
from ._engine.parser import Request
from ._engine.session import Session
from .patterns import Argument, RequestPattern, as_bytes
from .replies import Error, Reply

if TYPE_CHECKING:
    from typing_extensions import Self

When: TypeAlias = Literal["before_execute", "after_execute"]
Then: TypeAlias = Literal["hang", "drop_connection"]


@dataclass(frozen=True, slots=True)
class DropConnection:
    """Cut the connection without a word."""


@dataclass(frozen=True, slots=True)
class Hang:
    """Keep the connection open and say nothing on it any more."""


@dataclass(frozen=True, slots=True)
class Delay:
    """Wait some seconds of the server's clock; later requests of the connection wait too."""

    seconds: float


@dataclass(frozen=True, slots=True)
class ReplyWith:
    """Answer this, whatever the command would have."""

    reply: Reply


@dataclass(frozen=True, slots=True)
class Fragment:
    """Send the reply in pieces of so many bytes, one at a time."""

    size: int


@dataclass(frozen=True, slots=True)
class HalfReply:
    """Send the first half of the reply, and then hang or drop the connection."""

    then: Then


Action: TypeAlias = "DropConnection | Hang | Delay | ReplyWith | Fragment | HalfReply"


@dataclass(frozen=True, slots=True)
class Plan:
    """What shall happen to one request before it runs, and what to its reply."""

    before: tuple[Action, ...] = ()
    after: tuple[Action, ...] = ()


NOTHING: Final = Plan()


class Fault:
    """One armed fault. `hits` counts how often it struck, `seen` how many requests it was meant for."""

    def __init__(self, trigger: Trigger, action: Action, when: When) -> None:
        self.trigger = trigger
        self.action = action
        self.when = when
        self.seen = 0
        self.hits = 0
        self.armed = True
        self._limit: int | None = None

    def __repr__(self) -> str:
        return f"<Fault {self} hits={self.hits}>"

    def __str__(self) -> str:
        return f"{self.action} on {self.trigger}, {self.when}"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.disarm()

    def times(self, limit: int) -> Self:
        """Strike at most so often."""
        if limit < 1:
            raise ValueError(f"a fault that strikes {limit} times is none")
        self._limit = limit
        return self

    def disarm(self) -> None:
        """Strike no more."""
        self.armed = False

    def strikes(self) -> bool:
        """Count a request it is meant for; tell whether it strikes this one."""
        self.seen += 1
        spent = self._limit is not None and self.hits >= self._limit
        if not self.armed or spent or self.seen <= self.trigger.skip:
            return False
        self.hits += 1
        return True


@dataclass(frozen=True, slots=True)
class Trigger:
    """Which requests a fault is meant for: a pattern, a glob of client names, and how many to let pass first.

    Without a pattern it is meant for new connections.
    """

    pattern: RequestPattern | None
    client: str | None = None
    skip: int = 0

    def fits(self, session: Session, request: Request | None) -> bool:
        """Tell whether a request, or with None a new connection, is meant."""
        if self.pattern is None or request is None:
            return self.pattern is None and request is None
        named = self.client is None or matches(as_bytes(self.client), session.name)
        return named and self.pattern.matches(request)

    def __str__(self) -> str:
        subject = "a new connection" if self.pattern is None else str(self.pattern)
        client = "" if self.client is None else f" of clients named {self.client}"
        return f"{subject}{client}" + (f" after {self.skip}" if self.skip else "")


class FaultBuilder:
    """A fault that still needs to be told what to do; each of these words arms it and returns it."""

    def __init__(self, faults: Faults, trigger: Trigger) -> None:
        self._faults = faults
        self._trigger = trigger

    def after(self, count: int) -> FaultBuilder:
        """Let so many matching requests pass first."""
        return FaultBuilder(self._faults, Trigger(self._trigger.pattern, self._trigger.client, count))

    def drop_connection(self, *, when: When = "before_execute") -> Fault:
        """Cut the connection: before the command runs, or after it ran and before its reply."""
        return self._arm(DropConnection(), when)

    def hang(self, *, when: When = "before_execute") -> Fault:
        """Never answer again on the connection, which stays open."""
        return self._arm(Hang(), when)

    def delay(self, seconds: float, *, when: When = "before_execute") -> Fault:
        """Wait some seconds of the server's clock, before the command runs or before its reply."""
        return self._arm(Delay(seconds), when)

    def reply_with(self, reply: Reply, *, when: When = "before_execute") -> Fault:
        """Answer this, as a value of `respool_testing.replies`; by default instead of running the command.

        Raises TypeError at once for what no server could say.
        """
        encode(reply, 3)
        return self._arm(ReplyWith(reply), when)

    def reply_error(self, text: str, *, when: When = "before_execute") -> Fault:
        """Answer an error: `reply_error("LOADING Redis is loading the dataset in memory")`."""
        return self._arm(ReplyWith(Error.of(text)), when)

    def fragment(self, size: int) -> Fault:
        """Send the reply in pieces of so many bytes."""
        if size < 1:
            raise ValueError(f"no reply can be sent in pieces of {size} bytes")
        return self._arm(Fragment(size), "after_execute")

    def half_reply(self, *, then: Then = "hang") -> Fault:
        """Send half of the reply, then nothing more, or drop the connection."""
        return self._arm(HalfReply(then), "after_execute")

    def _arm(self, action: Action, when: When) -> Fault:
        return self._faults.arm(Fault(self._trigger, action, when))


class Faults:
    """The faults of one server."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []

    def __len__(self) -> int:
        return sum(fault.armed for fault in self._faults)

    def on(
        self,
        command: str | None = None,
        *args: Argument,
        key: str | bytes | None = None,
        client: str | None = None,
    ) -> FaultBuilder:
        """Mean requests of a command (None: of any), with these first arguments, a key, a client's name.

        `key` is a glob that some argument must match, `client` one for the name the client has set.
        """
        return FaultBuilder(self, Trigger(RequestPattern(command, args, key), client))

    def on_connect(self) -> FaultBuilder:
        """Mean new connections, before they say anything: drop, hang or delay them."""
        return FaultBuilder(self, Trigger(None))

    def arm(self, fault: Fault) -> Fault:
        """Put a fault into force."""
        self._faults.append(fault)
        return fault

    def clear(self) -> None:
        """Disarm and forget every fault."""
        for fault in self._faults:
            fault.disarm()
        self._faults.clear()

    def plan(self, session: Session, request: Request | None) -> Plan:
        """Say what shall happen to a request, or with None to a new connection; counts hits."""
        if not self._faults:
            return NOTHING
        fitting = [fault for fault in self._faults if fault.trigger.fits(session, request)]
        struck = [fault for fault in fitting if fault.strikes()]
        return Plan(
            before=tuple(fault.action for fault in struck if fault.when == "before_execute"),
            after=tuple(fault.action for fault in struck if fault.when == "after_execute"),
        )

    def assert_all_fired(self) -> None:
        """Fail if some fault never struck: a test that does not fail what it means to fail proves nothing."""
        idle = [str(fault) for fault in self._faults if not fault.hits]
        if idle:
            raise AssertionError("These faults never struck:\n  " + "\n  ".join(idle))
