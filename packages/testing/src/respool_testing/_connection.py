"""One accepted socket of a fake server: bytes to requests on the way in, replies, whole or not, on the way out.

Serves one request at a time, and none while its client is blocked or something is held back. Knows the
protocol and the faults of replies; what a request means is the shell's business.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, cast

from ._engine.encoding import encode
from ._engine.parser import ProtocolViolation, Request, RequestParser
from .faults import Action, Delay, DropConnection, Fragment, HalfReply, Hang, ReplyWith

if TYPE_CHECKING:
    from ._engine.session import Session
    from ._shell import Shell

ENOUGH_GATHERED = 64 * 1024


class ClientConnection(asyncio.Protocol):
    """A client's connection, from accept to close. `closed` is done once the socket is gone."""

    def __init__(self, shell: Shell) -> None:
        self._shell = shell
        self._life = shell.life
        self._parser = RequestParser()
        self._client_reads = True
        self._holds = 0
        self._silent = False
        self._held_back: list[bytes] = []
        # While requests are being served, their replies are gathered and sent in one go.
        self._gathered: bytearray | None = None
        self.transport: asyncio.Transport
        self.session: Session
        self.reply_faults: Sequence[Action] = ()
        self.closed = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # Loops of other make have transports of their own, which need not be asyncio's.
        self.transport = cast("asyncio.Transport", transport)
        self._shell.welcome(self)

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
        self.transport.close()  # it is closed, but with TLS Python 3.10 wants to be told
        self._shell.farewell(self)
        self.closed.set_result(None)

    def pump(self) -> None:
        """Serve what has arrived, as far as the client may go on."""
        if self._gathered is not None:
            return  # it is being done
        self._gathered = bytearray()
        try:
            while self._may_go_on() and (request := self._next_request()) is not None:
                self._shell.serve(self, request)
        finally:
            self._flush()
            self._gathered = None

    def write(self, data: bytes) -> None:
        """Send bytes, after what is held back."""
        if self._holds:
            self._held_back.append(data)
        else:
            self._send(data)

    def reply(self, data: bytes) -> None:
        """Send a reply, and let happen to it what shall."""
        faults, self.reply_faults = self.reply_faults, ()
        self._emit(data, faults)

    def hold(self, seconds: float, then: Callable[[], None]) -> None:
        """Serve and send nothing for some time of the clock, then go on with this."""
        clock = self._shell.clock
        self._holds += 1
        clock.call_at(clock.microseconds() + round(seconds * 1_000_000), lambda: self._let_go(then))

    def silence(self) -> None:
        """Say nothing any more, and listen to nothing; the socket stays open."""
        self._silent = True

    def drop(self) -> None:
        """Cut the connection without a further word."""
        self._flush()
        self.transport.abort()

    def hang_up(self) -> None:
        """Close once everything written is sent."""
        self._flush()
        self.transport.close()

    def _next_request(self) -> Request | None:
        """Return the next whole request; hang up on a client that breaks the protocol."""
        self._parser.trusted = self.session.authenticated
        try:
            return self._parser.next_request()
        except ProtocolViolation as violation:
            self.write(b"-ERR Protocol error: %b\r\n" % str(violation).encode("latin-1"))
            self.hang_up()
            return None

    def _may_go_on(self) -> bool:
        return not (
            self._holds
            or self._silent
            or not self._client_reads
            or self.session.closing
            or self.transport.is_closing()
            or self._shell.is_blocked(self.session)
        )

    def _send(self, data: bytes) -> None:
        if self._silent or self.transport.is_closing():
            return
        if self._gathered is None:
            self.transport.write(data)
            return
        self._gathered += data
        if len(self._gathered) > ENOUGH_GATHERED:
            self._flush()

    def _flush(self) -> None:
        """Send what was gathered so far."""
        if self._gathered and not self.transport.is_closing():
            self.transport.write(bytes(self._gathered))
            self._gathered.clear()

    def _emit(self, data: bytes, faults: Sequence[Action]) -> None:
        """Let the faults act on a reply one after the other, then send what is left of it."""
        if not faults:
            self.write(data)
            return
        fault, rest = faults[0], faults[1:]
        match fault:
            case Delay(seconds):
                self.hold(seconds, lambda: self._emit(data, rest))
            case DropConnection():
                self.drop()
            case Hang():
                self.silence()
            case ReplyWith(reply):
                self._emit(encode(reply, self.session.protocol), rest)
            case Fragment(size):
                self._holds += 1
                self._trickle([data[at : at + size] for at in range(0, len(data), size)])
            case HalfReply(then):
                self._send(data[: len(data) // 2])
                self.silence() if then == "hang" else self.hang_up()

    def _trickle(self, pieces: list[bytes]) -> None:
        """Send one piece with each turn of the loop, so that each can arrive alone."""
        if pieces and not self.transport.is_closing():
            self._send(pieces[0])
            asyncio.get_running_loop().call_soon(self._trickle, pieces[1:])
        else:
            self._let_go(lambda: None)

    def _let_go(self, then: Callable[[], None]) -> None:
        """End a hold: go on with what waited for it, then with what was held back."""
        self._holds -= 1
        if self._shell.life == self._life:
            then()
        while self._held_back and not self._holds:
            self._send(self._held_back.pop(0))
        self.pump()
