"""How the commands of a client with a cache travel: reads perhaps no further than the cache, writes past it.

Everything here happens in the order of the wire: a read is sent behind the command that has its connection report
changes, and kept as its reply is parsed, before a report that follows it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from weakref import WeakKeyDictionary

from respool._client.cache.commands import changed_keys, is_cacheable, read_keys
from respool._client.cache.flights import settle, take_off
from respool._client.cache.memory import Memory
from respool._client.cache.origin import Origin, Way
from respool._client.cache.source import Source, follow
from respool._client.sending import RequestMaker
from respool._connection.request import Convert, Request, Rescue
from respool._pool.pool import ConnectionPool
from respool._wire.values import ValueT
from respool.errors import ConnectionError

HITS_IN_A_ROW = 100
"""How many hits are answered at once. The next one takes a turn of the loop: who awaits nothing but hits would
otherwise keep the loop, and so the very reports that he waits for, from running."""


class Reading:
    """The way of one client's commands. `maker` makes all its requests, whichever way they go."""

    def __init__(self, origin: Origin, memory: Memory, encoding: str, decode: bool) -> None:
        self.maker = NoticingMaker(memory, encoding, decode)
        self._origin = origin
        self._memory = memory
        self._sources: WeakKeyDictionary[ConnectionPool, Source] = WeakKeyDictionary()
        self._has_age = memory.policy.max_age is not None

    def run(self, args: tuple[ValueT, ...], convert: Convert | None = None) -> asyncio.Future[object]:
        """Send a command, or answer it from the cache: the request is done then, with very few exceptions."""
        if is_cacheable(args):
            request = self.maker.make_read(args, convert, None)
            is_seen_to = request.done() or self._answer(request)
        else:
            request = self.maker.make(args, convert, None)
            is_seen_to = request.done()
        if not is_seen_to:
            self._origin.send(request)
        return request.future

    def leave(self) -> None:
        """Forget what was kept and have the server track no more."""
        self._memory.clear()
        sources, self._sources = self._sources, WeakKeyDictionary()
        for source in sources.values():
            source.leave()

    def lose(self, is_lost: Callable[[bytes], bool]) -> None:
        """Forget what was read of some keys, whose changes nobody reports any more."""
        self._memory.lose(is_lost)

    # ---- inside

    def _answer(self, request: Request[object]) -> bool:
        """Answer a read from here, now or with the reply to an earlier one like it; False where it has to be sent."""
        memory, command = self._memory, request.payload
        place = self._origin.place()
        if place is not memory.place:
            memory.move_to(place)
        if not isinstance(command, bytes):
            return False  # too large to be a key in any sense
        entry = memory.store.find(command, request.future.get_loop().time() if self._has_age else 0.0)
        if entry is None:
            return self._await_reply(request, command)
        memory.hits += 1
        if memory.hits % HITS_IN_A_ROW:
            settle(request, entry.reply)
        else:
            request.future.get_loop().call_soon(settle, request, entry.reply)
        return True

    def _await_reply(self, request: Request[object], command: bytes) -> bool:
        """Have a read wait for a flight, one that is under way or its own; False where its reply is not to be kept."""
        memory = self._memory
        try:
            keys = tuple(read_keys(request.args, self.maker.encoding))
            if not keys or not memory.policy.admits(keys):
                return False
            flight = memory.flights.find(command)
            way = self._origin.way(request) if flight is None else None
            if flight is not None:
                memory.joined += 1
                flight.waiters.append(request)
            elif way is None:
                return False
            else:
                self._send_flight(request, command, keys, way)
            memory.misses += 1
        except Exception as exc:
            # The caller's `cacheable` raised it, or the connection cannot report changes.
            request.future.set_exception(exc)
        return True

    def _send_flight(self, first: Request[object], command: bytes, keys: tuple[bytes, ...], way: Way) -> None:
        source = self._find_source(way)
        first.rescue = way.rescue
        flight = take_off(first, command, keys, source, self._memory)
        self._memory.flights.add(flight)
        if source is None:
            way.line.send(flight)
        else:
            source.generation.send(flight)

    def _find_source(self, way: Way) -> Source | None:
        """Return who reports what is read now; None where no connection is free, and none of what is read is kept."""
        source = self._sources.get(way.pool)
        try:
            connection = way.pool.share_one(None if source is None else source.connection)
        except ConnectionError:
            return None  # sending will fail, too, and say why
        if source is not None and connection is source.connection and not source.is_over:
            return source
        self._sources.pop(way.pool, None)
        if connection is None or way.line.pending():  # what waits for a connection is sent first
            return None
        memory, patience = self._memory, way.pool.stream_timeout
        source = follow(connection, memory, memory.policy.tracking(), patience, self._origin.probe)
        self._sources[way.pool] = source
        return source


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
