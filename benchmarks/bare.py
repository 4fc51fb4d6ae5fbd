"""The limit that a client on asyncio and hiredis can come near: one future for each command, one flush for each tick.

No deadlines, no reconnection, no handshake, no cancellation: what is left is what the rest is measured against.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import cast

import hiredis

# What respool does for the C library's allocator, too: without it every read may cost three system calls more, and
# the limit would lie below what it limits.
bytearray(512 * 1024)


class Bare(asyncio.Protocol):
    """One connection that can do nothing but send commands and complete futures."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._reader = hiredis.Reader(notEnoughData=Bare)
        self._inflight: deque[asyncio.Future[object]] = deque()
        self._unsent: list[bytes] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are asyncio's in all but name.
        self._transport = cast("asyncio.Transport", transport)

    def call(self, *args: str | bytes | int) -> asyncio.Future[object]:
        if not self._unsent:
            self._loop.call_soon(self._flush)
        self._unsent.append(hiredis.pack_command(args))  # type: ignore[arg-type]  # its stub knows one argument only
        future: asyncio.Future[object] = self._loop.create_future()
        self._inflight.append(future)
        return future

    def data_received(self, data: bytes) -> None:
        self._reader.feed(data)
        while (reply := self._reader.gets()) is not Bare:
            future = self._inflight.popleft()
            if not future.done():
                future.set_result(reply)

    def close(self) -> None:
        self._transport.close()

    def _flush(self) -> None:
        self._transport.write(b"".join(self._unsent))
        self._unsent.clear()
