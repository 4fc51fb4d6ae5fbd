"""The door before a TLS connection: faults may act before client and server agree on keys.

asyncio's TLS servers begin the handshake by themselves, so the socket is accepted plain and secured here.
"""

from __future__ import annotations

import asyncio
import ssl
from typing import TYPE_CHECKING, Protocol, cast

from ._faults.aim import Stranger
from ._player import Player
from ._sockets import own_end_of, peer_of, reset

if TYPE_CHECKING:
    from ._connection import ClientConnection
    from ._faults.fault import Plan
    from ._faults.steps import Ending
    from .clock import Clock


class Porter(Protocol):
    """Who decides what happens at the door, and whom the door leads to."""

    clock: Clock
    life: int

    def at_the_door(self, door: TLSDoor, stranger: Stranger) -> Plan:
        """Say what shall happen before the handshake."""

    def accept(self) -> ClientConnection:
        """Offer the connection that goes on behind the door."""

    def left_the_door(self, door: TLSDoor) -> None:
        """Forget a door that was passed, or turned away from."""


class TLSDoor(asyncio.Protocol):
    """One accepted socket up to the end of its TLS handshake; `closed` is done once it leads nowhere any more."""

    def __init__(self, porter: Porter, context: ssl.SSLContext) -> None:
        self._porter = porter
        self._life = porter.life
        self._context = context
        self._securing: asyncio.Task[None] | None = None
        self._transport: asyncio.Transport
        self.closed = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        # What the client says is for the handshake. Python 3.10 begins to read right after this, paused or not.
        asyncio.get_running_loop().call_soon(self._transport.pause_reading)
        plan = self._porter.at_the_door(self, Stranger(peer_of(transport), own_end_of(transport)))
        Player(self, self._porter.clock).play(plan.steps_before(2, self._open))

    def connection_lost(self, exc: Exception | None) -> None:
        self._leave()

    def send(self, data: bytes) -> None:
        """Say something in plain words, which is not TLS."""
        self._transport.write(data)

    answer = send

    def end(self, how: Ending) -> None:
        """Cut the connection, or leave it waiting."""
        if how == "reset":
            reset(self._transport)
        elif how != "hang":
            self._transport.abort()

    def resumed(self) -> None:
        """Do nothing: the door is opened by a step of its own."""

    def is_over(self) -> bool:
        """Tell whether the server was stopped since."""
        return self._porter.life != self._life

    def shut(self) -> None:
        """Let nobody through any more."""
        if self._securing is not None:
            self._securing.cancel()
        self._transport.abort()

    def _open(self) -> None:
        if self._transport.is_closing():
            return
        self._securing = asyncio.get_running_loop().create_task(self._secure())

    async def _secure(self) -> None:
        connection = self._porter.accept()
        try:
            secured = await asyncio.get_running_loop().start_tls(
                self._transport, connection, self._context, server_side=True
            )
            if secured is not None:
                connection.connection_made(secured)
        except (OSError, ssl.SSLError):
            self._transport.abort()  # no agreement: the client sees the connection end
        finally:
            self._leave()

    def _leave(self) -> None:
        if not self.closed.done():
            self.closed.set_result(None)
            self._porter.left_the_door(self)
