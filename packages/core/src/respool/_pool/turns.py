"""Several shared connections that act as one: each request goes to the next. Knows neither ledger nor line.

Whoever holds one throws it away when other connections are shared than before.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import cycle

from respool._connection.base import BaseConnection
from respool._connection.bundle import Bundle
from respool._connection.request import Request


class Turns:
    """What a line sends on where several connections are shared; at least one."""

    __slots__ = ("_turns",)

    def __init__(self, connections: Iterable[BaseConnection]) -> None:
        self._turns = cycle([connection.share() for connection in connections])

    def share(self) -> Turns:
        """Return what to send on: itself."""
        return self

    def send(self, request: Request[object]) -> None:
        """Send a request with the default deadline. Never waits, never raises."""
        next(self._turns).send(request)

    def send_all(self, requests: Sequence[Request[object]]) -> None:
        """Send requests with the default deadline: what belongs together on one connection, others in turn."""
        if requests and requests[0].grouped:
            next(self._turns).send_all(requests)
        else:
            for request in requests:
                next(self._turns).send(request)

    def write_bundle(self, _: Bundle) -> bool:
        """Write nothing as one: False."""
        return False

    def submit(self, requests: Iterable[Request[object]]) -> None:
        """Send requests that bring their own deadline, next to each other, on one connection."""
        next(self._turns).submit(requests)
