"""A connection without a socket: what is written to it is answered at once, in memory, with OK.

For pools of ten thousand connections, of which only the pool is to be measured.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable

import hiredis

from respool import BaseConnection

_GREETING = b"%1\r\n$5\r\nproto\r\n:3\r\n"
_OK = b"+OK\r\n"


class Nowhere(asyncio.Transport):
    """The socket and the server behind it."""

    def __init__(self, protocol: asyncio.Protocol) -> None:
        super().__init__()
        self._loop = asyncio.get_running_loop()
        self._protocol = protocol
        self._reader = hiredis.Reader(notEnoughData=Nowhere)
        self._closing = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        # A request is an array of bulk strings, which the parser of replies takes too.
        self._reader.feed(bytes(data))
        while (command := self._reader.gets()) is not Nowhere:
            is_hello = isinstance(command, list) and command[0] == b"HELLO"
            self._loop.call_soon(self._protocol.data_received, _GREETING if is_hello else _OK)

    def writelines(self, list_of_data: Iterable[bytes | bytearray | memoryview]) -> None:
        self.write(b"".join(list_of_data))

    def get_write_buffer_size(self) -> int:
        return 0

    def is_closing(self) -> bool:
        return self._closing

    def close(self) -> None:
        if not self._closing:
            self._closing = True
            self._loop.call_soon(self._protocol.connection_lost, None)

    def abort(self) -> None:
        self.close()


class NowhereConnection(BaseConnection):
    """A connection that leads nowhere."""

    def describe(self) -> str:
        return "nowhere"

    async def open_socket(self, make_protocol: Callable[[], asyncio.Protocol]) -> asyncio.BaseTransport:
        protocol = make_protocol()
        transport = Nowhere(protocol)
        protocol.connection_made(transport)
        return transport
