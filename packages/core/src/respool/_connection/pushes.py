"""Push messages that arrived and nobody has taken yet, and the readers that wait for one. Bounded."""

from __future__ import annotations

import asyncio

from respool._connection.request import fresh
from respool.errors import RedisError

MAX_PUSHES = 10_000
"""Messages kept for later. Beyond it the oldest falls out, and is counted."""


NO_MESSAGE = object()
"""What there is where there is no message; None is a message like any other."""


class PushBox:
    """Hands each message to the first reader that wants its type; keeps the rest.

    Most connections never see one, so the queue, two kilobytes of it, is made when it is first asked for.
    """

    __slots__ = ("_limit", "_messages", "_readers", "dropped")

    def __init__(self, limit: int = MAX_PUSHES) -> None:
        self.dropped = 0
        self._limit = limit
        self._messages: asyncio.Queue[object] | None = None
        self._readers: list[tuple[frozenset[bytes] | None, asyncio.Future[object]]] = []

    @property
    def messages(self) -> asyncio.Queue[object]:
        """The messages that are kept, oldest first."""
        if self._messages is None:
            self._messages = asyncio.Queue(self._limit)
        return self._messages

    @property
    def is_empty(self) -> bool:
        return self._messages is None or self._messages.empty()

    def put(self, message: object) -> None:
        """Deliver one message. Never waits."""
        for index, (types, future) in enumerate(self._readers):
            if not future.done() and _wanted(message, types):
                del self._readers[index]
                future.set_result(message)
                return
        if self.messages.full():
            self.messages.get_nowait()
            self.dropped += 1
        self.messages.put_nowait(message)

    def take(self, types: frozenset[bytes] | None) -> object:
        """Return the oldest kept message of these types, or `NO_MESSAGE`; the others keep their order."""
        if self.is_empty:
            return NO_MESSAGE
        if types is None:
            return self.messages.get_nowait()
        found: object = NO_MESSAGE
        for message in self._drain():
            if found is NO_MESSAGE and _wanted(message, types):
                found = message
            else:
                self.messages.put_nowait(message)
        return found

    async def wait(self, types: frozenset[bytes] | None, seconds: float | None = None) -> object:
        """Wait for the next message of these types. Cancelled, it takes none.

        Raises `asyncio.TimeoutError` after `seconds`; with None it waits as long as it takes.
        """
        loop = asyncio.get_running_loop()
        future: asyncio.Future[object] = loop.create_future()
        timer = None if seconds is None else loop.call_later(seconds, _run_out, future)
        reader = (types, future)
        self._readers.append(reader)
        try:
            return await future
        except asyncio.CancelledError:
            if future.done() and not future.cancelled() and future.exception() is None:
                self._put_back(future.result())
            raise
        finally:
            if timer is not None:
                timer.cancel()
            if reader in self._readers:
                self._readers.remove(reader)

    def fail(self, error: RedisError) -> None:
        """Wake every reader with an error of its own: the connection is gone."""
        readers, self._readers = self._readers, []
        for _, future in readers:
            if not future.done():
                future.set_exception(fresh(error, maybe_executed=False))

    def _put_back(self, message: object) -> None:
        for each in [message, *self._drain()]:
            self.put(each)

    def _drain(self) -> list[object]:
        return [self.messages.get_nowait() for _ in range(self.messages.qsize())]


def _run_out(future: asyncio.Future[object]) -> None:
    if not future.done():
        future.set_exception(asyncio.TimeoutError())


def _wanted(message: object, types: frozenset[bytes] | None) -> bool:
    if types is None or isinstance(message, RedisError):  # why a command failed is for whoever reads
        return True
    return isinstance(message, list) and bool(message) and message[0] in types
