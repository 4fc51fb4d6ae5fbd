"""A client that adds nothing to the protocol: words out, replies back exactly as the server spelled them.

For tests of servers and for looking at what really crosses the wire. Not fast, not pooled, never reconnects.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Coroutine, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Final, TypeVar

from .replies import NULL_ARRAY, BigNumber, Error, Map, Push, Reply, Set, Simple, Verbatim

if TYPE_CHECKING:
    import ssl

    from typing_extensions import Self


Result = TypeVar("Result")


def pack(*words: str | bytes | int | float) -> bytes:
    """Spell a request as an array of bulk strings."""
    encoded = [word if isinstance(word, bytes) else str(word).encode() for word in words]
    return b"*%d\r\n" % len(encoded) + b"".join(b"$%d\r\n%b\r\n" % (len(word), word) for word in encoded)


class RawConnection:
    """One connection: `async with RawConnection(host, port) as client: await client.call("GET", "k")`.

    Errors come back as `Error` values, never as exceptions. Reading past the end raises EOFError; nothing
    waits longer than `timeout` seconds.
    """

    def __init__(
        self,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        path: str | None = None,
        tls: ssl.SSLContext | None = None,
        timeout: float = 10.0,
    ) -> None:
        self._host, self._port, self._path, self._tls = host, port, path, tls
        self._timeout = timeout
        self._reader: asyncio.StreamReader
        self._writer: asyncio.StreamWriter
        self.pushes: list[Push] = []

    async def __aenter__(self) -> Self:
        if self._path is not None:
            self._reader, self._writer = await asyncio.open_unix_connection(self._path)
        else:
            self._reader, self._writer = await asyncio.open_connection(self._host, self._port, ssl=self._tls)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def call(self, *words: str | bytes | int | float) -> Reply:
        """Send one request and return its reply; push messages that come before it are kept in `pushes`."""
        self.send(*words)
        return await self.reply()

    def send(self, *words: str | bytes | int | float) -> None:
        """Send one request and wait for nothing."""
        self.write(pack(*words))

    def write(self, data: bytes) -> None:
        """Send bytes as they are."""
        self._writer.write(data)

    async def reply(self) -> Reply:
        """Return the next reply that is not a push message."""
        while isinstance(reply := await self.read(), Push):
            self.pushes.append(reply)
        return reply

    async def push(self) -> Push:
        """Return the next push message; an ordinary reply in its place is an error."""
        if self.pushes:
            return self.pushes.pop(0)
        message = await self.read()
        if not isinstance(message, Push):
            raise AssertionError(f"expected a push message, got {message!r}")
        return message

    async def read(self) -> Reply:
        """Return whatever the server says next."""
        return await self._in_time(self._read())

    async def read_bytes(self, count: int) -> bytes:
        """Return exactly this many bytes as they come."""
        return await self._in_time(self._reader.readexactly(count))

    async def rest(self) -> bytes:
        """Return everything up to the server's hanging up."""
        try:
            return await self._in_time(self._reader.read(-1))
        except ConnectionError:
            return b""

    async def close(self) -> None:
        """Close the connection; closing it again does nothing."""
        self._writer.close()
        with contextlib.suppress(OSError):  # the other side may be faster
            await self._writer.wait_closed()

    async def _in_time(self, reading: Coroutine[None, None, Result]) -> Result:
        try:
            return await asyncio.wait_for(reading, self._timeout)
        except asyncio.TimeoutError:  # not yet the same as the builtin one in Python 3.10
            raise TimeoutError(f"the server said nothing for {self._timeout} seconds") from None

    async def _read(self) -> Reply:
        line = (await self._reader.readuntil(b"\r\n"))[:-2]
        mark, rest = line[:1], line[1:]
        if mark in _LINES:
            return _LINES[mark](rest)
        length = int(rest)
        if length < 0:
            return None if mark == b"$" else NULL_ARRAY
        if mark in b"$=":
            text = (await self._reader.readexactly(length + 2))[:-2]
            return text if mark == b"$" else Verbatim(text[4:], text[:3])
        return await self._read_items(mark, length)

    async def _read_items(self, mark: bytes, length: int) -> Reply:
        if mark == b"%":
            return Map([(await self._read(), await self._read()) for _ in range(length)])
        items = [await self._read() for _ in range(length)]
        return _COLLECTIONS[mark](items)


_LINES: Final[dict[bytes, Callable[[bytes], Reply]]] = {
    b"+": Simple,
    b"-": Error,
    b":": int,
    b",": float,
    b"(": lambda text: BigNumber(int(text)),
    b"#": lambda text: text == b"t",
    b"_": lambda text: None,
}
_COLLECTIONS: Final[dict[bytes, Callable[[Sequence[Reply]], Reply]]] = {b"*": list, b"~": Set, b">": Push}
