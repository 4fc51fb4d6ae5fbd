"""Reads under way: who waits for which, and whether the reply may be kept when it is there. No I/O.

All who ask for the same share one request. A flight is current until one of its keys is reported changed, or nobody
would report it any more: from then on nobody joins it, and its reply is for those who waited before, and not kept. So
a reply that its invalidation overtook is never kept, in whichever order the two arrive.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from functools import partial
from typing import Protocol

from respool._client.cache.index import KeyIndex
from respool._client.cache.source import Source
from respool._client.cache.values import copied
from respool._connection.request import Request, Rescue, fresh, refuse
from respool.errors import RedisError


class Home(Protocol):
    """Where flights end."""

    def landed(self, flight: Flight, reply: object) -> None:
        """Take the reply, as it is parsed: all that was reported before has been heard, and nothing after it."""

    def diverted(self, flight: Flight) -> None:
        """Take note that there will be none, or one of which nobody reports changes."""


class Flight(Request[object]):
    """The request that is sent for all who ask for the same; none of theirs, for any of them may be cancelled."""

    __slots__ = ("command", "home", "is_current", "keys", "send_again", "source", "waiters")

    command: bytes
    keys: tuple[bytes, ...]
    source: Source | None
    """Who would report that the reply is out of date; None where that cannot be told."""

    waiters: list[Request[object]]
    home: Home
    is_current: bool
    send_again: Rescue | None

    def try_again(self, _: Request[object], error: RedisError) -> bool:
        """Be sent again if that is allowed; it may go by another connection, where nothing is reported."""
        if self.send_again is None or not self.send_again(self, error):
            return False
        self.home.diverted(self)
        return True

    def land(self, reply: object) -> None:
        """Give everybody the reply, each a copy of their own. Raises why the server does not track, if it does not."""
        if self.source is not None and self.source.refusal is not None:
            raise self.source.refusal
        self.home.landed(self, reply)
        for waiter in self.waiters:
            settle(waiter, reply)

    def crash(self, error: BaseException) -> None:
        """Fail everybody, each with an error of their own."""
        self.home.diverted(self)
        for waiter in self.waiters:
            refuse(waiter, _own(error))


def take_off(
    first: Request[object], command: bytes, keys: tuple[bytes, ...], source: Source | None, home: Home
) -> Flight:
    """Return the flight that will bring the first who asks the reply, to be sent."""
    flight = Flight()
    flight.future = first.future.get_loop().create_future()
    flight.args = first.args
    flight.payload = flight.command = command
    flight.convert = flight.land
    flight.send_again = first.rescue
    flight.rescue = flight.try_again
    flight.keys = keys
    flight.source = source
    flight.waiters = [first]
    flight.home = home
    flight.is_current = True
    flight.future.add_done_callback(partial(_over, flight))
    return flight


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

    def end(self, flight: Flight) -> None:
        """Take note that a flight is over, or is current no longer."""
        if flight.is_current:
            flight.is_current = False
            del self._by_command[flight.command]
            self._by_key.remove(flight.command, flight.keys)

    def keys(self) -> list[bytes]:
        return self._by_key.keys()

    def end_reading(self, key: bytes) -> None:
        self._end_all(self._by_command[command] for command in self._by_key.reading(key))

    def end_of(self, source: Source) -> None:
        self._end_all([flight for flight in self._by_command.values() if flight.source is source])

    def end_all(self) -> None:
        self._end_all([*self._by_command.values()])

    def _end_all(self, flights: Iterable[Flight]) -> None:
        for flight in flights:
            self.end(flight)


def settle(request: Request[object], reply: object) -> None:
    """Complete a request, unless it is over, with what its own converter makes of a copy of a raw reply."""
    if request.done():
        return
    convert = request.convert
    try:
        value = reply if reply.__class__ is bytes else copied(reply)
        request.future.set_result(value if convert is None else convert(value))
    except Exception as exc:  # a reply that is not what the command answers
        request.future.set_exception(exc)


def _own(error: BaseException) -> BaseException:
    return fresh(error, maybe_executed=error.maybe_executed) if isinstance(error, RedisError) else error


def _over(flight: Flight, future: asyncio.Future[object]) -> None:
    """Clear up after a read that failed."""
    error = RedisError("the read was cancelled") if future.cancelled() else future.exception()
    if error is not None:
        flight.crash(error)
