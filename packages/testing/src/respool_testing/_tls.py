"""The TLS side of a fake server: the door before the handshake, where faults may act, and the channel behind it.

Done on plain sockets with Python's TLS in memory, so that it works alike on every event loop and every Python.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final, Protocol, cast

from ._faults.aim import Stranger
from ._player import Player
from ._sockets import own_end_of, peer_of, reset

if TYPE_CHECKING:
    from ._connection import ClientConnection
    from ._faults.fault import Plan
    from ._faults.steps import Ending
    from .clock import Clock

CHUNK: Final = 64 * 1024


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


class TLSTransport(asyncio.Transport):
    """What a connection writes to: everything is encrypted on its way to the plain transport."""

    def __init__(self, plain: asyncio.Transport, tls: ssl.SSLObject, outgoing: ssl.MemoryBIO) -> None:
        super().__init__()
        self._plain = plain
        self._tls = tls
        self._outgoing = outgoing

    def flush(self) -> None:
        """Send what has been encrypted."""
        if self._outgoing.pending and not self._plain.is_closing():
            self._plain.write(self._outgoing.read())

    def write(self, data: bytes | bytearray | memoryview) -> None:
        if data and not self._plain.is_closing():
            self._tls.write(data)
            self.flush()

    def writelines(self, list_of_data: Iterable[Any]) -> None:
        self.write(b"".join(list_of_data))

    def close(self) -> None:
        if not self._plain.is_closing():
            with contextlib.suppress(ssl.SSLError):  # says goodbye, and does not wait for the other's
                self._tls.unwrap()
            self.flush()
            self._plain.close()

    def abort(self) -> None:
        self._plain.abort()

    def is_closing(self) -> bool:
        return self._plain.is_closing()

    def get_write_buffer_size(self) -> int:
        return self._plain.get_write_buffer_size()

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return self._tls if name == "ssl_object" else self._plain.get_extra_info(name, default)


class TLSDoor(asyncio.Protocol):
    """One accepted socket; `closed` is done once its handshake is over, one way or the other."""

    def __init__(self, porter: Porter, context: ssl.SSLContext) -> None:
        self._porter = porter
        self._life = porter.life
        self._incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, outgoing, server_side=True)
        self._outgoing = outgoing
        self._open = False
        self._connection: ClientConnection | None = None
        self._plain: asyncio.Transport
        self._transport: TLSTransport
        self.closed = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._plain = cast("asyncio.Transport", transport)
        self._transport = TLSTransport(self._plain, self._tls, self._outgoing)
        plan = self._porter.at_the_door(self, Stranger(peer_of(transport), own_end_of(transport)))
        Player(self, self._porter.clock).play(plan.steps_before(2, self._begin))

    def data_received(self, data: bytes) -> None:
        self._incoming.write(data)
        if self._open:
            self._go_on()

    def pause_writing(self) -> None:
        if self._connection is not None:
            self._connection.pause_writing()

    def resume_writing(self) -> None:
        if self._connection is not None:
            self._connection.resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        self._leave()
        if self._connection is not None:
            self._connection.connection_lost(exc)

    def send(self, data: bytes) -> None:
        """Say something in plain words, which is not TLS."""
        self._plain.write(data)

    answer = send

    def end(self, how: Ending) -> None:
        """Cut the connection, or leave it waiting."""
        if how == "reset":
            reset(self._plain)
        elif how != "hang":
            self._plain.abort()

    def resumed(self) -> None:
        """Do nothing: the door is opened by a step of its own."""

    def is_over(self) -> bool:
        """Tell whether the server was stopped since."""
        return self._porter.life != self._life

    def shut(self) -> None:
        """Let nobody through any more."""
        self._plain.abort()

    def _begin(self) -> None:
        self._open = True
        self._go_on()

    def _go_on(self) -> None:
        """Take what has come as far as it goes: through the handshake, then to the connection."""
        try:
            if self._connection is None:
                self._tls.do_handshake()
                self._let_in()
            self._read()
        except ssl.SSLWantReadError:
            self._transport.flush()
        except ssl.SSLError:
            self._plain.abort()  # without the alert that would say why, as asyncio's own servers do

    def _let_in(self) -> None:
        self._transport.flush()
        self._leave()
        self._connection = self._porter.accept()
        self._connection.connection_made(self._transport)

    def _read(self) -> None:
        assert self._connection is not None
        while not self._plain.is_closing():
            data = self._tls.read(CHUNK)
            if not data:  # the client has said goodbye
                self._transport.close()
                return
            self._connection.data_received(data)

    def _leave(self) -> None:
        if not self.closed.done():
            self.closed.set_result(None)
            self._porter.left_the_door(self)
