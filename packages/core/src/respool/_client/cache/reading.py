"""How the commands of a client with a cache travel: reads perhaps no further than the cache, writes past it.

Everything here happens in the order of the wire: a read is sent behind the command that has its connection report
changes, and kept as its reply is parsed, before a report that follows it.
"""

from __future__ import annotations

import asyncio
from functools import partial

from respool._client.cache.commands import changed_keys, is_cacheable, read_keys
from respool._client.cache.flights import settle, take_off
from respool._client.cache.memory import Memory
from respool._client.cache.source import Source, follow
from respool._client.sending import RequestMaker
from respool._connection.request import Convert, Request, Rescue
from respool._pool.line import Line
from respool._pool.pool import ConnectionPool
from respool._wire.values import ValueT
from respool.errors import ConnectionError

HITS_IN_A_ROW = 100
"""How many hits are answered at once. The next one takes a turn of the loop: who awaits nothing but hits would
otherwise keep the loop, and so the very reports that he waits for, from running."""


class Reading:
    """The way of one client's commands. `maker` makes all its requests, whichever way they go."""

    def __init__(self, pool: ConnectionPool, memory: Memory, encoding: str, decode: bool) -> None:
        self.maker = NoticingMaker(memory, encoding, decode)
        self._pool = pool
        self._memory = memory
        self._source: Source | None = None
        self._has_age = memory.policy.max_age is not None

    def run(self, args: tuple[ValueT, ...], convert: Convert | None = None) -> asyncio.Future[object]:
        """Send a command, or answer it from the cache: the request is done then, with very few exceptions."""
        line = self._pool.line
        if not is_cacheable(args):
            request = self.maker.make(args, convert, line.rescuer)
            if not request.done():
                line.send(request)
            return request.future
        request = self.maker.make_read(args, convert, line.rescuer)
        if not request.done() and not self._answer(request, line):
            line.send(request)
        return request.future

    def leave(self) -> None:
        """Forget what was kept and have the server track no more."""
        self._memory.clear()
        source, self._source = self._source, None
        if source is not None:
            source.leave()

    # ---- inside

    def _answer(self, request: Request[object], line: Line) -> bool:
        """Answer a read from here, now or with the reply to an earlier one like it; False where it has to be sent."""
        memory, command = self._memory, request.payload
        if line is not memory.place:
            memory.move_to(line)
        if not isinstance(command, bytes):
            return False  # too large to be a key in any sense
        entry = memory.store.find(command, line.loop.time() if self._has_age else 0.0)
        if entry is None:
            return self._await_reply(request, command, line)
        memory.hits += 1
        if memory.hits % HITS_IN_A_ROW:
            settle(request, entry.reply)
        else:
            line.loop.call_soon(settle, request, entry.reply)
        return True

    def _await_reply(self, request: Request[object], command: bytes, line: Line) -> bool:
        """Have a read wait for a flight, one that is under way or its own; False where its reply is not to be kept."""
        memory = self._memory
        try:
            keys = tuple(read_keys(request.args, self.maker.encoding))
            if not keys or not memory.policy.admits(keys):
                return False
            memory.misses += 1
            flight = memory.flights.find(command)
            if flight is None:
                self._send_flight(request, command, keys, line)
            else:
                memory.joined += 1
                flight.waiters.append(request)
        except (
            Exception
        ) as exc:  # the caller's `cacheable` raised it, or the connection cannot report changes
            request.future.set_exception(exc)
        return True

    def _send_flight(
        self, first: Request[object], command: bytes, keys: tuple[bytes, ...], line: Line
    ) -> None:
        source = self._find_source(line)
        flight = take_off(first, command, keys, source, self._memory)
        self._memory.flights.add(flight)
        if source is None:
            line.send(flight)
        else:
            source.generation.send(flight)

    def _find_source(self, line: Line) -> Source | None:
        """Return who reports what is read now; None where no connection is free, and none of what is read is kept."""
        source = self._source
        try:
            connection = self._pool.share_one(None if source is None else source.connection)
        except ConnectionError:
            return None  # sending will fail, too, and say why
        if source is not None and connection is source.connection and not source.is_over:
            return source
        self._source = None
        if connection is not None and not line.pending():  # what waits for a connection is sent first
            memory = self._memory
            self._source = follow(connection, memory, memory.policy.tracking(), self._pool.stream_timeout)
        return self._source


class NoticingMaker(RequestMaker):
    """Makes requests that tell a memory what they change: when they are made, and again when they are answered.

    The server's own report comes after the reply, and for what went another way on another socket. Who has seen the
    reply must not read what was before it.
    """

    __slots__ = ("_memory",)

    def __init__(self, memory: Memory, encoding: str, decode: bool) -> None:
        super().__init__(encoding, decode)
        self._memory = memory

    make_read = RequestMaker.make
    """What changes nothing needs no look at that."""

    def make(
        self,
        args: tuple[ValueT, ...],
        convert: Convert | None,
        rescue: Rescue | None,
        kind: type[Request[object]] | None = None,
        future: asyncio.Future[object] | None = None,
    ) -> Request[object]:
        """Return a request that is ready to be sent, or done already with `DataError`."""
        request = super().make(args, convert, rescue, kind, future)
        if not request.done() and not is_cacheable(args):
            changed = changed_keys(args, self.encoding)
            if changed is None or changed:
                self._memory.changed(changed)
                request.convert = partial(self._answered, changed, request.convert)
        return request

    def _answered(self, changed: list[bytes] | None, convert: Convert | None, reply: object) -> object:
        self._memory.changed(changed)
        return reply if convert is None else convert(reply)
