"""What a fault does, as data. Each action turns the steps that were meant into those that shall happen instead.

Several act one after the other, each on what the one before it left. Nothing is sent or dropped here.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import ClassVar, Final, Literal, TypeAlias

from respool_testing._engine.encoding import encode
from respool_testing._engine.parser import Request
from respool_testing._engine.slots import key_slot
from respool_testing.replies import Error, Push, Reply

from .steps import Answer, Aside, End, Ending, Run, Send, Step, Turn, Wait, end, insert, payload, substitute

Then: TypeAlias = "Literal['hang', 'drop_connection']"

# How often a throttled connection sends something.
THROTTLE_SECONDS: Final = 0.05


@dataclass(frozen=True, slots=True)
class Exchange:
    """What an action may know of the request it acts on; `reply` is empty before the command has run."""

    words: Request
    client_id: int = 0
    client_name: str = ""
    address: str = ""
    server_address: str = ""
    protocol: int = 2
    reply: bytes = b""
    random: random.Random = field(default_factory=random.Random, repr=False)


class Action:
    """One thing that goes wrong; one that `ends` the connection leaves nothing for faults of the reply."""

    __slots__ = ()
    ends: ClassVar[bool] = False

    def shape(self, steps: list[Step], exchange: Exchange) -> list[Step]:
        """Return the steps that shall happen in place of these."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class DropConnection(Action):
    """Cut the connection without a word."""

    ends: ClassVar[bool] = True

    def shape(self, steps: list[Step], exchange: Exchange) -> list[Step]:
        return end(steps, "drop_connection")


@dataclass(frozen=True, slots=True)
class Reset(Action):
    """Cut the connection with a TCP reset, as a server that was killed hard."""

    ends: ClassVar[bool] = True

    def shape(self, steps: list[Step], exchange: Exchange) -> list[Step]:
        return end(steps, "reset")


@dataclass(frozen=True, slots=True)
class Hang(Action):
    """Keep the connection open and say nothing on it any more."""

    ends: ClassVar[bool] = True

    def shape(self, steps: list[Step], exchange: Exchange) -> list[Step]:
        return end(steps, "hang")


@dataclass(frozen=True, slots=True)
class Delay(Action):
    """Wait some seconds of the server's clock, more or less by up to `jitter`; what comes later waits too."""

    seconds: float
    jitter: float = 0.0

    def shape(self, steps: list[Step], exchange: Exchange) -> list[Step]:
        spread = exchange.random.uniform(-self.jitter, self.jitter) if self.jitter else 0.0
        return insert(steps, Wait(max(self.seconds + spread, 0.0)))


@dataclass(frozen=True, slots=True)
class ReplyWith(Action):
    """Answer this, whatever the command would have."""

    reply: Reply

    def shape(self, steps: list[Step], exchange: Exchange) -> list[Step]:
        return _answered(steps, encode(self.reply, exchange.protocol))


@dataclass(frozen=True, slots=True)
class Moved(Action):
    """Answer a redirection to an address, by default this very server's: a loop without end."""

    to: str | None = None
    word: str = "MOVED"

    def shape(self, steps: list[Step], exchange: Exchange) -> list[Step]:
        slot = key_slot(exchange.words[1] if len(exchange.words) > 1 else b"")
        text = f"{self.word} {slot} {self.to or exchange.server_address}"
        return _answered(steps, encode(Error.of(text), exchange.protocol))


@dataclass(frozen=True, slots=True)
class CloseWith(Action):
    """Say this and hang up, as a server that has no room for one more client."""

    ends: ClassVar[bool] = True

    reply: Reply

    def shape(self, steps: list[Step], exchange: Exchange) -> list[Step]:
        return insert(end(steps, "hang_up"), Send(encode(self.reply, exchange.protocol)))


@dataclass(frozen=True, slots=True)
class SendRaw(Action):
    """Send these bytes in place of the reply, whether or not a server could say them."""

    data: bytes

    def shape(self, steps: list[Step], exchange: Exchange) -> list[Step]:
        return _answered(steps, self.data)


@dataclass(frozen=True, slots=True)
class Swallow(Action):
    """Lose the reply, and this one only: every later one comes too early for its request."""

    def shape(self, steps: list[Step], exchange: Exchange) -> list[Step]:
        return substitute(steps)


@dataclass(frozen=True, slots=True)
class Repeat(Action):
    """Send the reply twice: every later one comes too late for its request."""

    def shape(self, steps: list[Step], exchange: Exchange) -> list[Step]:
        return substitute(steps, Send(payload(steps)), Send(payload(steps)))


@dataclass(frozen=True, slots=True)
class PushFirst(Action):
    """Send a message that nobody asked for, just before the reply."""

    message: Push

    def shape(self, steps: list[Step], exchange: Exchange) -> list[Step]:
        return insert(steps, Send(encode(self.message, exchange.protocol)))


@dataclass(frozen=True, slots=True)
class Postpone(Action):
    """Send it some seconds late, while everything after it comes in time: out of order."""

    seconds: float

    def shape(self, steps: list[Step], exchange: Exchange) -> list[Step]:
        return substitute(steps, Aside(self.seconds, payload(steps)))


@dataclass(frozen=True, slots=True)
class Fragment(Action):
    """Send the reply in pieces of so many bytes, one at a time."""

    size: int

    def shape(self, steps: list[Step], exchange: Exchange) -> list[Step]:
        return _each_sent(steps, lambda data: _joined(_cut(data, self.size), Turn()))


@dataclass(frozen=True, slots=True)
class Throttle(Action):
    """Send the reply no faster than this."""

    bytes_per_second: float

    def shape(self, steps: list[Step], exchange: Exchange) -> list[Step]:
        return _each_sent(steps, self._slowly)

    def _slowly(self, data: bytes) -> list[Step]:
        pieces = _cut(data, max(1, int(self.bytes_per_second * THROTTLE_SECONDS)))
        # Nothing arrives before it could have: the wait comes first.
        return [step for each in pieces for step in (Wait(len(each.data) / self.bytes_per_second), each)]


@dataclass(frozen=True, slots=True)
class HalfReply(Action):
    """Send the first half of the reply, and then hang or drop the connection."""

    then: Then

    def shape(self, steps: list[Step], exchange: Exchange) -> list[Step]:
        left = len(payload(steps)) // 2
        kept: list[Step] = []
        for step in steps:
            if isinstance(step, Send):
                step = Send(step.data[:left])
                left -= len(step.data)
            if not isinstance(step, End):
                kept.append(step)
            if not left:
                break
        how: Ending = "hang" if self.then == "hang" else "hang_up"
        return [*kept, End(how)]


@dataclass(frozen=True, slots=True)
class Intercept(Action):
    """Let a function look at the request, and say what shall happen: actions, or nothing."""

    function: Callable[[Exchange], Action | None]

    def shape(self, steps: list[Step], exchange: Exchange) -> list[Step]:
        action = self.function(exchange)
        return steps if action is None else action.shape(steps, exchange)


def _answered(steps: list[Step], data: bytes) -> list[Step]:
    """Answer in place of running the command, or in place of its reply."""
    early = any(isinstance(step, Run) for step in steps)
    return substitute(steps, Answer(data) if early else Send(data))


def _each_sent(steps: list[Step], replaced: Callable[[bytes], list[Step]]) -> list[Step]:
    """Put other steps in the place of everything that is sent."""
    return [other for step in steps for other in (replaced(step.data) if isinstance(step, Send) else [step])]


def _cut(data: bytes, size: int) -> Iterator[Send]:
    return (Send(data[at : at + size]) for at in range(0, len(data), size))


def _joined(pieces: Iterator[Send], between: Step) -> list[Step]:
    return [step for piece in pieces for step in (piece, between)]
