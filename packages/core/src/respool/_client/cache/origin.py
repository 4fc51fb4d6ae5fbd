"""Where reads go that a cache cannot answer: what it asks of the client it belongs to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from respool._connection.request import Request, Rescue
from respool._pool.line import Line
from respool._pool.pool import ConnectionPool
from respool._wire.tuples import NamedTuple
from respool._wire.values import ValueT


class Way(NamedTuple):
    """The connections to one server, and who rescues what fails there."""

    pool: ConnectionPool
    line: Line
    rescue: Rescue


class Origin(Protocol):
    """A client without its cache."""

    @property
    def owner(self) -> object:
        """Whom a cache serves: it serves no other."""

    def place(self) -> object:
        """Return what is another one in another event loop, or after a fork: what was kept there is not to be used."""

    def send(self, request: Request[object]) -> None:
        """Send a request as if there was no cache."""

    def way(self, request: Request[object]) -> Way | None:
        """Return the way of a read whose reply is to be kept; None where it takes more to tell."""

    def lasts(self, args: Sequence[ValueT], reply: object) -> bool:
        """Tell whether every change of what a reply says will be reported by who gave it."""

    def probe(self, key: bytes, *, is_silent: bool) -> tuple[ValueT, ...] | None:
        """Return what to ask a server each second, of which a reply about `key` was kept; None for nothing."""


class OnePool:
    """The origin of a client that has one pool."""

    def __init__(self, pool: ConnectionPool) -> None:
        self._pool = pool

    @property
    def owner(self) -> object:
        """The pool: clients that share it may share a cache."""
        return self._pool

    def place(self) -> object:
        """Return the line of the running loop."""
        return self._pool.line

    def send(self, request: Request[object]) -> None:
        """Send a request on that line."""
        line = self._pool.line
        request.rescue = line.rescuer
        line.send(request)

    def way(self, request: Request[object]) -> Way:
        """Return the only way there is."""
        line = self._pool.line
        return Way(self._pool, line, line.rescuer)

    def lasts(self, args: Sequence[ValueT], reply: object) -> bool:
        """Return True: one server reports whatever changes."""
        return True

    def probe(self, key: bytes, *, is_silent: bool) -> tuple[ValueT, ...] | None:
        """Ask a silent server for a sign of life."""
        return (b"PING",) if is_silent else None
