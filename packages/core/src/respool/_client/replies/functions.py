"""Libraries of functions and what runs of them. Pure; the same for RESP2 and RESP3."""

from __future__ import annotations

from respool._client.replies.basic import Told, fields, integer, items, text, text_or_none, text_set, texts
from respool._wire.tuples import NamedTuple


class Function(NamedTuple):
    """One function and its flags, such as "no-writes"."""

    name: str
    description: str | None
    flags: frozenset[str]


class Library(NamedTuple):
    """A library; `code` only where it was asked for."""

    name: str
    engine: str
    functions: list[Function]
    code: str | None


class RunningFunction(NamedTuple):
    """The function that runs, as it was called, and for how many milliseconds."""

    name: str
    command: list[str]
    duration: int


class Engine(NamedTuple):
    """How much an engine holds."""

    libraries: int
    functions: int


class FunctionStats(NamedTuple):
    """What runs, None for nothing, and the engines by name."""

    running: RunningFunction | None
    engines: dict[str, Engine]


def libraries(reply: object) -> list[Library]:
    return [_library(fields(each)) for each in items(reply)]


def function_stats(reply: object) -> FunctionStats:
    told = fields(reply)
    running = told["running_script"]
    return FunctionStats(
        None if running is None else _running(fields(running)),
        {name: _engine(fields(engine)) for name, engine in fields(told["engines"]).items()},
    )


def _library(told: Told) -> Library:
    return Library(
        name=text(told["library_name"]),
        engine=text(told["engine"]),
        functions=[_function(fields(each)) for each in items(told["functions"])],
        code=text_or_none(told.get("library_code")),
    )


def _function(told: Told) -> Function:
    flags = frozenset(text_set(told["flags"]))
    return Function(text(told["name"]), text_or_none(told["description"]), flags)


def _running(told: Told) -> RunningFunction:
    return RunningFunction(text(told["name"]), texts(told["command"]), integer(told["duration_ms"]))


def _engine(told: Told) -> Engine:
    return Engine(integer(told["libraries_count"]), integer(told["functions_count"]))
