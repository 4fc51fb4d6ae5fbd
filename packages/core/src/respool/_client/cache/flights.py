"""Reads under way: who waits for which, and whether the reply may be kept when it is there. No I/O.

All who ask for the same share one request. A flight is current until one of its keys is reported changed, or nobody
would report it any more: from then on nobody joins it, and its reply is for those who waited before, and not kept. So
a reply that its invalidation overtook is never kept, in whichever order the two arrive.
"""

from __future__ import annotations

from collections.abc import Iterable

from respool._client.cache.index import KeyIndex
from respool._client.cache.source import Source
from respool._client.cache.values import copied
from respool._connection.request import Request, fresh
from respool.errors import RedisError


class Flight:
    """One read under way, and who waits for it. A waiter may vanish; that ends the flight for nobody else."""

    __slots__ = ("command", "is_current", "keys", "source", "waiters")

    def __init__(
        self, command: bytes, keys: tuple[bytes, ...], source: Source | None, first: Request[object]
    ) -> None:
        self.command = command
        self.keys = keys
        self.source = source
        """Who would report that the reply is out of date; None where that cannot be told."""

        self.waiters = [first]
        self.is_current = True

    def arrive(self, reply: object) -> None:
        """Give everybody the reply, each a copy of their own."""
        for waiter in self.waiters:
            settle(waiter, reply)

    def crash(self, error: BaseException) -> None:
        """Fail everybody, each with an error of their own."""
        for waiter in self.waiters:
            if not waiter.done():
                own = (
                    fresh(error, maybe_executed=error.maybe_executed)
                    if isinstance(error, RedisError)
                    else error
                )
                waiter.set_exception(own)


class Flights:
    """The flights that can be joined."""

    __slots__ = ("_by_command", "_by_key")

    def __init__(self) -> None:
        self._by_command: dict[bytes, Flight] = {}
        self._by_key = KeyIndex()

    def find(self, command: bytes) -> Flight | None:
        return self._by_command.get(command)

    def add(self, flight: Flight) -> None:
        self._by_command[flight.command] = flight
        self._by_key.add(flight.command, flight.keys)

    def end(self, commands: Iterable[bytes]) -> None:
        """Take note that the flights of these commands are over, or are current no longer."""
        for command in commands:
            flight = self._by_command.pop(command, None)
            if flight is not None:
                flight.is_current = False
                self._by_key.remove(command, flight.keys)

    def end_reading(self, key: bytes) -> None:
        self.end(self._by_key.reading(key))

    def end_of(self, source: Source) -> None:
        self.end([flight.command for flight in self._by_command.values() if flight.source is source])

    def end_all(self) -> None:
        self.end([*self._by_command])


def settle(request: Request[object], reply: object) -> None:
    """Complete a request, unless it is over, with what its own converter makes of a copy of a raw reply."""
    if request.done():
        return
    try:
        value = copied(reply)
        request.set_result(value if request.convert is None else request.convert(value))
    except Exception as exc:  # a reply that is not what the command answers
        request.set_exception(exc)
