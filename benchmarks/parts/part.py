"""The shape of a part: what is prepared and not counted, and what then is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol


class Turns(Protocol):
    """One part at work. Made and used inside a running loop; a turn is `prepare`, then `run`."""

    async def prepare(self) -> None:
        """Do what is not measured."""

    def run(self) -> None:
        """Do what is measured: as many operations as the part says. It cannot wait."""


@dataclass(frozen=True)
class Part:
    """A hot part. `operations` are in one turn."""

    name: str
    title: str
    operations: int
    make: Callable[[], Turns]


class Repeated:
    """Turns that call a function many times and need no preparation."""

    def __init__(self, call: Callable[[], object], times: int) -> None:
        self._call = call
        self._range = range(times)

    async def prepare(self) -> None:
        pass

    def run(self) -> None:
        call = self._call
        for _ in self._range:
            call()


def repeated(name: str, title: str, call: Callable[[], object], times: int = 1000) -> Part:
    """Return the part that is nothing but one call; the call itself is in the figure (see `nothing`)."""
    return Part(name, title, times, lambda: Repeated(call, times))
