"""One accepted socket of a fake server: bytes to requests on the way in, replies, whole or not, on the way out.

Serves one request at a time, and none while its client is blocked or something is held back. What a request
means is the host's business, and what goes wrong is the faults'.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Protocol, cast

from ._engine.parser import ProtocolViolation, Request, RequestParser
from ._faults.fault import NOTHING, Plan
from ._faults.steps import Ending, Send
from ._player import Player
from ._sockets import reset

if TYPE_CHECKING:
    from ._engine.session import Session
    from .clock import Clock

ENOUGH_GATHERED = 64 * 1024


class Host(Protocol):
    """Who accepted the connection, and answers its requests."""

    clock: Clock
    life: int

    def welcome(self, connection: ClientConnection) -> None:
        """Take in a new connection, and give it a session."""

    def farewell(self, connection: ClientConnection) -> None:
        """Forget a connection that is gone."""

    def serve(self, connection: ClientConnection, request: Request) -> None:
        """Carry out one request."""

    def is_blocked(self, session: Session) -> bool:
        """Tell whether a client waits inside a blocking command."""


class ClientConnection(asyncio.Protocol):
    """A client's connection, from accept to close. `closed` is done once the socket is gone."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._life = host.life
        self._parser = RequestParser()
        self._client_reads = True
        self._silent = False
        # While requests are being served, their replies are gathered and sent in one go.
        self._gathered: bytearray | None = None
        self.player = Player(self, host.clock)
        self.transport: asyncio.Transport
        self.session: Session
        # What shall happen to the reply of the request under way.
        self.plan: Plan = NOTHING
        self.closed = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # Loops of other make have transports of their own, which need not be asyncio's.
        self.transport = cast("asyncio.Transport", transport)
        self._host.welcome(self)
        self.pump()

    def data_received(self, data: bytes) -> None:
        self._parser.feed(data)
        self.pump()

    def pause_writing(self) -> None:
        # A client that does not read its replies gets no more of its requests served.
        self._client_reads = False

    def resume_writing(self) -> None:
        self._client_reads = True
        self.pump()

    def connection_lost(self, exc: Exception | None) -> None:
        self._host.farewell(self)
        self.closed.set_result(None)

    def pump(self) -> None:
        """Serve what has arrived, as far as the client may go on."""
        if self._gathered is not None:
            return  # it is being done
        self._gathered = bytearray()
        try:
            while self._may_go_on() and (request := self._next_request()) is not None:
                self._host.serve(self, request)
        finally:
            self._flush()
            self._gathered = None

    def write(self, data: bytes) -> None:
        """Send bytes, after what is held back."""
        if self.player.idle:
            self.send(data)
        else:
            self.player.play([Send(data)])

    def answer(self, data: bytes) -> None:
        """Send a reply, and let happen to it what shall."""
        plan, self.plan = self.plan, NOTHING
        if plan.after:
            self.player.play(plan.steps_after(self.session.protocol, data))
        else:
            self.write(data)

    def send(self, data: bytes) -> None:
        """Send bytes now, ahead of what is held back."""
        if self._silent or self.transport.is_closing():
            return
        if self._gathered is None:
            self.transport.write(data)
            return
        self._gathered += data
        if len(self._gathered) > ENOUGH_GATHERED:
            self._flush()

    def end(self, how: Ending) -> None:
        """Cut the connection without a further word, close it once everything is sent, or fall silent."""
        if how == "hang":
            self._silent = True
            return
        self._flush()
        if how == "hang_up":
            self.session.closing = True
            self.transport.close()
        elif how == "reset":
            reset(self.transport)
        else:
            self.transport.abort()

    def resumed(self) -> None:
        """Go on with the requests that came meanwhile."""
        self.pump()

    def is_over(self) -> bool:
        """Tell whether the server was stopped since: what began in an earlier life does not go on in a later."""
        return self._host.life != self._life

    def _next_request(self) -> Request | None:
        """Return the next whole request; hang up on a client that breaks the protocol."""
        self._parser.trusted = self.session.authenticated
        try:
            return self._parser.next_request()
        except ProtocolViolation as violation:
            self.write(b"-ERR Protocol error: %b\r\n" % str(violation).encode("latin-1"))
            self.end("hang_up")
            return None

    def _may_go_on(self) -> bool:
        return (
            self.player.idle
            and self._client_reads
            and not self._silent
            and not self.session.closing
            and not self.transport.is_closing()
            and not self._host.is_blocked(self.session)
        )

    def _flush(self) -> None:
        """Send what was gathered so far."""
        if self._gathered and not self.transport.is_closing():
            self.transport.write(bytes(self._gathered))
            self._gathered.clear()
