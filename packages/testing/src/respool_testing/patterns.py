"""Which requests are meant: one description of them for the log and for faults."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from ._engine.globs import matches
from ._engine.parser import Request

Argument: TypeAlias = "str | bytes | int | float"


@dataclass(frozen=True, slots=True)
class RequestPattern:
    """Requests by name (`CLIENT SETNAME` names a subcommand), leading arguments, and a glob some argument matches.

    What is None, or empty, does not matter. Names are meant in any case.
    """

    name: str | None = None
    args: tuple[Argument, ...] = ()
    key: str | bytes | None = None

    def matches(self, request: Request) -> bool:
        """Tell whether a request is meant."""
        words = [] if self.name is None else self.name.encode().split()
        args = [as_bytes(word) for word in self.args]
        rest = list(request[len(words) or 1 :])
        return (
            [word.upper() for word in request[: len(words)]] == [word.upper() for word in words]
            and rest[: len(args)] == args
            and (self.key is None or any(matches(as_bytes(self.key), word) for word in request[1:]))
        )

    def __str__(self) -> str:
        key = "" if self.key is None else f" with a key like {as_bytes(self.key).decode('latin-1')}"
        return " ".join([self.name or "any command", *map(str, self.args)]) + key


def as_bytes(word: Argument) -> bytes:
    """Spell an argument as a client would send it."""
    return word if isinstance(word, bytes) else str(word).encode()
