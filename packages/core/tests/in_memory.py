"""A server, its sockets and its time, all in memory and in the hands of a test.

Nothing happens by itself: commands are answered, bytes arrive, sockets break and time passes when the test says
so. The server speaks as much RESP3 as the tests of core need, and counts what it executed.
"""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from hiredis import Reader

from respool import BaseConnection


class FrozenLoop(asyncio.SelectorEventLoop):
    """An event loop whose time stands still until somebody changes `now`, in seconds."""

    now = 0.0

    def time(self) -> float:
        return self.now


class Wire(asyncio.Transport):
    """One socket between a client's protocol and the server."""

    def __init__(self, server: MemoryServer, protocol: asyncio.Protocol) -> None:
        super().__init__()
        self.closed = False
        self._server = server
        self._protocol = protocol
        self._reader = Reader()
        self._asked: deque[list[bytes]] = deque()
        self._queued: list[list[bytes]] | None = None
        self._skip = False
        self._to_deliver = b""
        protocol.connection_made(self)

    # ---- as the client sees it

    def write(self, data: bytes | bytearray | memoryview) -> None:
        if not self.closed:
            self._reader.feed(bytes(data))
            self._asked.extend(iter(self._reader.gets, False))

    def writelines(self, list_of_data: Iterable[bytes | bytearray | memoryview]) -> None:
        self.write(b"".join(list_of_data))

    def get_write_buffer_size(self) -> int:
        return 0

    def is_closing(self) -> bool:
        return self.closed

    def abort(self) -> None:
        self.break_off(None)

    def close(self) -> None:
        self.break_off(None)

    # ---- in the hands of the test

    @property
    def is_quiet(self) -> bool:
        """Whether nothing is left to answer or to deliver."""
        return self.closed or not (self._asked or self._to_deliver)

    def answer(self, count: int) -> None:
        """Execute the next commands; their replies can be delivered from now on."""
        while self._asked and count and not self.closed:
            count -= 1
            self._to_deliver += self._execute(self._asked.popleft())

    def deliver(self, size: int) -> None:
        """Let so many bytes arrive at the client, in one piece."""
        piece, self._to_deliver = self._to_deliver[:size], self._to_deliver[size:]
        if piece and not self.closed:
            self._protocol.data_received(piece)

    def push(self, message: bytes) -> None:
        """Put a push message between two replies."""
        self._to_deliver += message

    def break_off(self, error: Exception | None) -> None:
        """Lose the connection, with whatever was under way."""
        if not self.closed:
            self.closed = True
            asyncio.get_running_loop().call_soon(self._protocol.connection_lost, error)

    # ---- what commands do

    def _execute(self, words: list[bytes]) -> bytes:
        name = words[0].upper()
        if self._queued is not None and name != b"EXEC":
            self._queued.append(words)
            return b"+QUEUED\r\n"
        skipped, self._skip = self._skip, words[1:] == [b"REPLY", b"SKIP"]
        reply = self._server.execute(self, words) if not self._skip else b""
        return b"" if skipped else reply

    def begin(self) -> bytes:
        self._queued = []
        return b"+OK\r\n"

    def run(self) -> bytes:
        queued, self._queued = self._queued or [], None
        return b"*%d\r\n" % len(queued) + b"".join(self._server.execute(self, each) for each in queued)


class MemoryServer:
    """All sockets of one server. `executed` counts by key how often a write was executed."""

    def __init__(self) -> None:
        self.executed: Counter[bytes] = Counter()
        self.wires: list[Wire] = []

    def accept(self, protocol: asyncio.Protocol) -> Wire:
        self.wires.append(Wire(self, protocol))
        return self.wires[-1]

    @property
    def open_wires(self) -> list[Wire]:
        return [wire for wire in self.wires if not wire.closed]

    def execute(self, wire: Wire, words: list[bytes]) -> bytes:
        match [words[0].upper(), *words[1:]]:
            case [b"HELLO", *_]:
                return b"%%1\r\n+id\r\n:%d\r\n" % (self.wires.index(wire) + 1)
            case [b"ECHO", token]:
                return bulk(token)
            case [b"GET", key]:
                return bulk(value_of(key))
            case [b"INCRBY", key, _]:
                self.executed[key] += 1
                return b":%d\r\n" % self.executed[key]
            case [b"MULTI"]:
                return wire.begin()
            case [b"EXEC"]:
                return wire.run()
            case [b"SUBSCRIBE", channel]:
                return b">3\r\n+subscribe\r\n" + bulk(channel) + b":1\r\n"
            case [b"CLIENT", *_]:
                return b"+OK\r\n"
        return b"-ERR no %b here\r\n" % words[0]


class MemoryConnection(BaseConnection):
    """A connection to a server in memory."""

    def __init__(self, *, server: MemoryServer, **options: object) -> None:
        super().__init__(**options)  # type: ignore[arg-type]  # whatever the test says
        self._server = server

    def describe(self) -> str:
        return "memory"

    async def open_socket(self, make_protocol: Callable[[], asyncio.Protocol]) -> asyncio.BaseTransport:
        await asyncio.sleep(0)
        return self._server.accept(make_protocol())


def bulk(data: bytes) -> bytes:
    """Spell a bulk string."""
    return b"$%d\r\n%b\r\n" % (len(data), data)


def value_of(key: bytes) -> bytes:
    """Return what the server holds under a key: every key has its own value, some large."""
    return b"the value of " + key * (2000 if key.startswith(b"large") else 1)


@contextmanager
def frozen_loop() -> Iterator[FrozenLoop]:
    """Offer a loop whose time stands still; what fails in a callback fails the test."""
    loop = FrozenLoop()
    reported: list[str] = []
    loop.set_exception_handler(lambda _, context: reported.append(repr(context)))
    try:
        yield loop
    finally:
        loop.close()
    # What a cancelled caller leaves unread is not at issue here.
    assert not [each for each in reported if "never retrieved" not in each]
