"""Connections of the simulated network: two ends, and a pipe each way."""

from __future__ import annotations

import asyncio
import errno
import socket
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias, cast

Address: TypeAlias = "tuple[str, int] | str"

HIGH_WATER: Final = 64 * 1024
# What the kernels at both ends take before a writer notices that nobody reads.
IN_FLIGHT: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Sign:
    """What is not data: the end of a connection, in order or by force."""

    how: Literal["eof", "reset"]


Item: TypeAlias = "bytes | Sign"
Depart: TypeAlias = "Callable[[Pipe], None]"


class Pipe:
    """What is on its way from one end to the other, in order. When it arrives the network decides."""

    def __init__(self, source: Address, target: Address, depart: Depart) -> None:
        self.source = source
        self.target = target
        self.items: deque[Item] = deque()
        self.size = 0
        self.receiver: SimulatedTransport
        self.sender: SimulatedTransport
        # The network's timer for the first item, while there is one.
        self.timer: asyncio.TimerHandle | None = None
        self._depart = depart

    def send(self, item: Item) -> None:
        """Put something on its way."""
        self.items.append(item)
        self.size += len(item) if isinstance(item, bytes) else 0
        self._depart(self)

    def arrive(self) -> None:
        """Hand over what comes first."""
        self.timer = None
        if self.receiver.paused or not self.items:
            return
        item = self.items.popleft()
        if isinstance(item, bytes):
            self.size -= len(item)
        self.receiver.receive(item)
        self.sender.written()
        self._depart(self)

    def go_on(self) -> None:
        """Try again, after something was in the way."""
        self._depart(self)


class SimulatedSocket:
    """As much of a socket as somebody may ask a transport for."""

    family = socket.AF_INET
    type = socket.SOCK_STREAM
    proto = socket.IPPROTO_TCP

    def __init__(self) -> None:
        self.lingers = True

    def setsockopt(self, level: int, option: int, value: int | bytes) -> None:
        """Take any option; only one matters, which makes closing a reset."""
        if (level, option) == (socket.SOL_SOCKET, socket.SO_LINGER):
            self.lingers = False

    def fileno(self) -> int:
        """Return that there is no file."""
        return -1


class SimulatedTransport(asyncio.Transport):
    """One end of a connection."""

    def __init__(self, loop: asyncio.AbstractEventLoop, out: Pipe, back: Pipe) -> None:
        self.socket = SimulatedSocket()
        super().__init__({"sockname": out.source, "peername": out.target, "socket": self.socket})
        self.paused = False
        self.begun = False
        self._loop = loop
        self._out = out
        self._back = back
        self._protocol: asyncio.Protocol
        self._closing = False
        self._lost = False
        self._protocol_paused = False
        out.sender = back.receiver = self

    def begin(self, protocol: asyncio.BaseProtocol) -> None:
        """Tell a protocol that the connection is there."""
        self._protocol = cast("asyncio.Protocol", protocol)
        self.begun = True
        protocol.connection_made(self)

    def receive(self, item: Item) -> None:
        """Take what has arrived."""
        if self._lost:
            return
        if isinstance(item, bytes):
            if not self._closing:
                self._protocol.data_received(item)
        elif item.how == "reset":
            self._lose(ConnectionResetError(errno.ECONNRESET, "Connection reset by peer"))
        elif not self._protocol.eof_received():
            self.close()

    def written(self) -> None:
        """Notice that something has arrived at the other end."""
        if self._protocol_paused and self._out.size <= IN_FLIGHT and not self._lost:
            self._protocol_paused = False
            self._protocol.resume_writing()

    def write(self, data: bytes | bytearray | memoryview) -> None:
        if self._closing or not data:
            return
        self._out.send(bytes(data))
        if not self._protocol_paused and self.get_write_buffer_size() > HIGH_WATER:
            self._protocol_paused = True
            self._protocol.pause_writing()

    def writelines(self, list_of_data: Iterable[Any]) -> None:
        self.write(b"".join(list_of_data))

    def get_write_buffer_size(self) -> int:
        return max(self._out.size - IN_FLIGHT, 0)

    def get_write_buffer_limits(self) -> tuple[int, int]:
        return 0, HIGH_WATER

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """Do nothing: the limits are fixed."""

    def can_write_eof(self) -> bool:
        return False

    def is_closing(self) -> bool:
        return self._closing

    def close(self) -> None:
        self._end(Sign("eof"))

    def abort(self) -> None:
        self._end(Sign("eof" if self.socket.lingers else "reset"))

    def pause_reading(self) -> None:
        self.paused = True

    def resume_reading(self) -> None:
        self.paused = False
        self._back.go_on()

    def is_reading(self) -> bool:
        return not self.paused

    def get_protocol(self) -> asyncio.BaseProtocol:
        return self._protocol

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        self._protocol = cast("asyncio.Protocol", protocol)

    def _end(self, sign: Sign) -> None:
        if not self._closing:
            self._out.send(sign)
            self._lose(None)

    def _lose(self, error: Exception | None) -> None:
        self._closing = True
        if not self._lost:
            self._lost = True
            if not self.begun:
                return  # who is still connecting will notice
            self._loop.call_soon(self._protocol.connection_lost, error)
