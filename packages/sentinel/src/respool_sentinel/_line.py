"""What the stateless commands of a service are sent on: the pool's line, and what READONLY means to a primary's."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from respool.errors import PrimaryDownError, ReadOnlyError, RedisError
from respool.lowlevel import Line, Request
from respool_sentinel._patience import is_hopeless


class Doubter(Protocol):
    """Who wants to know when a server turns out not to be the primary."""

    @property
    def is_primary(self) -> bool: ...

    def doubt(self) -> None: ...


class ServiceLine(Line):
    """Sends on another line; a request that a former primary refused goes to the present one."""

    __slots__ = ("_doubter", "_line")

    def __init__(self, line: Line, doubter: Doubter) -> None:
        self._line = line
        self._doubter = doubter
        self.loop = line.loop

    @property
    def send(self) -> Callable[[Request[object]], None]:  # type: ignore[override]  # nobody but a line sets it
        """Return what sends a request now; it changes with the connection."""
        return self._line.send

    def leads_from(self, line: Line) -> bool:
        """Tell whether this is what stands before `line`."""
        return self._line is line

    def submit(self, requests: Sequence[Request[object]]) -> None:
        """Send requests that bring their own deadline, next to each other."""
        self._line.submit(requests)

    def rescue(self, request: Request[object], error: RedisError) -> bool:
        """Send a failed request again, later, where that cannot execute it twice and may help."""
        if is_hopeless(error):
            return False
        if isinstance(error, ReadOnlyError) and self._doubter.is_primary:
            self._doubter.doubt()
            # Refused by a server that is no primary: to the line that is what it is.
            error = PrimaryDownError(str(error))
        return self._line.rescue(request, error)

    def pending(self) -> list[Request[object]]:
        """Return the requests that wait here."""
        return self._line.pending()
