"""What took long. Pure; the same for RESP2 and RESP3."""

from __future__ import annotations

from typing import Generic, TypeVar

from respool._client.replies.basic import Told, fields, integer, items, listed, pairs, parts, text
from respool._wire.tuples import NamedTuple

K = TypeVar("K")


class LoggedCommand(NamedTuple, Generic[K]):
    """A command that was slow or large: `amount` is microseconds, or bytes in a log of large ones.

    `start_time` is Unix time in seconds; long commands are logged with some of their words.
    """

    id: int
    start_time: int
    amount: int
    command: list[K]
    client_address: str
    client_name: str


class LatencyEvent(NamedTuple):
    """An event that was slow: when last (Unix time in seconds), how long then and at most (milliseconds)."""

    name: str
    time: int
    latest: int
    maximum: int


class CommandHistogram(NamedTuple):
    """How often a command was called, and how many of these took no more than so many microseconds."""

    calls: int
    microseconds: dict[int, int]


def logged_commands(reply: object) -> list[LoggedCommand[K]]:
    return [_logged_command(each) for each in items(reply)]


def history(reply: object) -> list[tuple[int, int]]:
    return [(integer(time), integer(duration)) for time, duration in pairs(reply)]


def latest(reply: object) -> list[LatencyEvent]:
    return [_event(each) for each in items(reply)]


def histograms(reply: object) -> dict[str, CommandHistogram]:
    return {name: _histogram(fields(told)) for name, told in fields(reply).items()}


def _logged_command(reply: object) -> LoggedCommand[K]:
    id, time, amount, command, address, name = parts(reply, 6)
    return LoggedCommand(
        integer(id), integer(time), integer(amount), listed(command), text(address), text(name)
    )


def _event(reply: object) -> LatencyEvent:
    name, time, last, maximum = parts(reply, 4)
    return LatencyEvent(text(name), integer(time), integer(last), integer(maximum))


def _histogram(told: Told) -> CommandHistogram:
    buckets = {integer(limit): integer(calls) for limit, calls in pairs(told["histogram_usec"])}
    return CommandHistogram(integer(told["calls"]), buckets)
