"""Parts of the engine: a request made, sent, answered; on a transport that goes nowhere, fed with recorded bytes."""

from __future__ import annotations

import asyncio

from benchmarks.data import VALUE
from benchmarks.parts.part import Part, repeated
from respool.errors import ConnectionError, RedisError
from respool.lowlevel import Generation, Request, RequestMaker

BATCH = 1000
REPLY = b"$64\r\n" + VALUE + b"\r\n"
TIMEOUT_SECONDS = 60.0
GET = (b"GET", "key:123")

# Cut as asyncio would cut them: it reads so many bytes at once.
_READ_BYTES = 256 * 1024
_RECORDED = REPLY * BATCH
READS = [_RECORDED[start : start + _READ_BYTES] for start in range(0, len(_RECORDED), _READ_BYTES)]

_maker = RequestMaker("utf-8", False)
_decoding_maker = RequestMaker("utf-8", True)


class Silence(asyncio.Transport):
    """A transport that takes everything and says nothing."""

    def write(self, data: object) -> None:
        pass

    def writelines(self, list_of_data: object) -> None:
        pass

    def close(self) -> None:
        pass

    def abort(self) -> None:
        pass

    def get_write_buffer_size(self) -> int:
        return 0


class Nobody:
    """The owner of a generation, which wants to know nothing."""

    def describe(self) -> str:
        return "nowhere"

    def on_push(self, message: object) -> None:
        pass

    def on_suspect(self) -> None:
        pass

    def on_end(
        self,
        generation: Generation,
        error: RedisError,
        unanswered: list[Request[object]],
        unsent: list[Request[object]],
    ) -> None:
        pass


def open_generation() -> Generation:
    """Return a generation whose handshake is done."""
    generation = Generation(Nobody(), TIMEOUT_SECONDS, asyncio.get_running_loop())
    generation.connection_made(Silence())
    generation.open_gate()
    return generation


def discard(generation: Generation) -> None:
    """Let go of a generation at the same small cost, whether or not it was answered."""
    generation.fifo.inflight.clear()
    generation.fifo.unsent.clear()
    generation.end(ConnectionError("discarded"))


class Sending:
    """Send requests that are made already; the write comes with the next tick and is not counted."""

    def __init__(self) -> None:
        self._generation = open_generation()
        self._requests: list[Request[object]] = []

    async def prepare(self) -> None:
        discard(self._generation)
        self._generation = open_generation()
        self._requests = [_maker.make(GET, None, None) for _ in range(BATCH)]

    def run(self) -> None:
        send = self._generation.send
        for request in self._requests:
            send(request)


class Answering:
    """The reply loop: everything from bytes read to futures done."""

    def __init__(self, maker: RequestMaker) -> None:
        self._generation = open_generation()
        self._maker = maker

    async def prepare(self) -> None:
        discard(self._generation)
        self._generation = open_generation()
        for _ in range(BATCH):
            self._generation.send(self._maker.make(GET, None, None))
        await asyncio.sleep(0)

    def run(self) -> None:
        for read in READS:
            self._generation.data_received(read)


PARTS = (
    repeated("request", "a request made, its command packed", lambda: _maker.make(GET, None, None)),
    Part("send", "a request put in line to be written", BATCH, Sending),
    Part("reply", "a reply parsed and its future done", BATCH, lambda: Answering(_maker)),
    Part("reply-text", "the same, decoded to str", BATCH, lambda: Answering(_decoding_maker)),
)
