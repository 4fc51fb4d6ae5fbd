"""What a connection does one after the other when a fault has had its say. Plain data: nothing is done here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias

Ending: TypeAlias = "Literal['drop_connection', 'reset', 'hang', 'hang_up']"


@dataclass(frozen=True, slots=True)
class Wait:
    """Let some seconds of the server's clock pass; what comes later waits too."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Turn:
    """Let the event loop turn once, so that what was sent can arrive alone."""


@dataclass(frozen=True, slots=True)
class Send:
    """Send these bytes."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Aside:
    """Send these bytes some seconds later; what comes later passes them."""

    seconds: float
    data: bytes


@dataclass(frozen=True, slots=True)
class Run:
    """Do what should happen without any fault: run the command, greet the client."""

    act: Callable[[], None]


@dataclass(frozen=True, slots=True)
class Answer:
    """Answer the request with these bytes, on which the faults of replies act in their turn."""

    data: bytes


@dataclass(frozen=True, slots=True)
class End:
    """Do nothing more: cut the connection, or keep it open in silence."""

    how: Ending


Step: TypeAlias = "Wait | Turn | Send | Aside | Run | Answer | End"


def place_of_payload(steps: list[Step]) -> int:
    """Return where the first step stands that carries or does something, or the end of it all."""
    places = (at for at, step in enumerate(steps) if not isinstance(step, (Wait, Turn, Aside)))
    return next(places, len(steps))


def has_ended(steps: list[Step]) -> bool:
    """Tell whether an earlier fault has left nothing for later ones to act on."""
    at = place_of_payload(steps)
    return at < len(steps) and isinstance(steps[at], End)


def insert(steps: list[Step], *new: Step) -> list[Step]:
    """Let something happen before the payload."""
    at = place_of_payload(steps)
    return [*steps[:at], *new, *steps[at:]]


def end(steps: list[Step], how: Ending) -> list[Step]:
    """End it where the payload would come."""
    return [*steps[: place_of_payload(steps)], End(how)]


def substitute(steps: list[Step], *new: Step) -> list[Step]:
    """Put something in the place of the whole payload; an end stays."""
    at = place_of_payload(steps)
    return [*steps[:at], *new, *(step for step in steps[at:] if isinstance(step, End))]


def payload(steps: list[Step]) -> bytes:
    """Return all bytes that would be sent."""
    return b"".join(step.data for step in steps if isinstance(step, Send))
