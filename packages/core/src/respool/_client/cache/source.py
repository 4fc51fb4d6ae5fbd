"""One socket's reports of what has changed: asked for, confirmed, and over with the socket or its sharing.

Switched on when a connection is first read on for a cache, in front of that read, and off when somebody leases the
connection: leases are not tracked. It knows who has to hear; what that one does with it is not known here.
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Protocol

from respool._connection.base import BaseConnection
from respool._connection.invocation import build_request
from respool._connection.request import Request, retrieve
from respool._wire.error_replies import error_from_reply
from respool._wire.values import ValueT
from respool.errors import (
    ClusterDownError,
    DataError,
    MovedError,
    PrimaryDownError,
    RedisError,
    ResponseError,
)

SILENCE_SECONDS = 1.0
"""Silence after which the server is asked for a sign of life; without one for as long again, nothing is vouched for."""

_SERVES_NO_MORE = (ClusterDownError, MovedError, PrimaryDownError)
"""What says that others may change what was read here."""

_OFF = (b"CLIENT", b"TRACKING", b"OFF")


class Listener(Protocol):
    """Who hears of changes."""

    def key_of(self, source: Source) -> bytes | None:
        """Return a key that was read on this source, and may change; None where nothing is kept of what was."""

    def changed(self, keys: list[bytes] | None) -> None:
        """Hear that keys have changed; None: any may have."""

    def unreported(self, source: Source) -> None:
        """Hear that this source has nothing more to say of what was read on it."""


class Probe(Protocol):
    """Tells what to ask a server each second, if anything, of which a reply about `key` was kept."""

    def __call__(self, key: bytes, *, is_silent: bool) -> tuple[ValueT, ...] | None: ...


class Source:
    """The reports on one generation of one connection. `patience` is the deadline of what it sends, in seconds."""

    __slots__ = (
        "_is_asked",
        "_loop",
        "_patience",
        "_probe",
        "_timer",
        "connection",
        "generation",
        "is_on",
        "is_over",
        "listener",
        "refusal",
    )

    def __init__(self, connection: BaseConnection, listener: Listener, patience: float, probe: Probe) -> None:
        self.connection = connection
        self.generation = connection.share()
        self.listener = listener
        self.is_on = False
        """Whether the server has confirmed it: what is read from then on will be reported."""
        self.is_over = False
        self.refusal: RedisError | None = None
        self._loop = asyncio.get_running_loop()
        self._patience = patience
        self._probe = probe
        self._is_asked = False
        self._timer: asyncio.TimerHandle | None = None

    def begin(self, tracking: tuple[ValueT, ...]) -> None:
        """Ask the server for reports, ahead of whatever is sent next. Replies come in order: so does knowing of it."""
        # What an earlier attempt left on must be off first: prefixes cannot be given twice.
        words = [tracking] if self.connection.tracker is None else [_OFF, tracking]
        self.connection.tracker = self
        requests = [self._request(each) for each in words]
        requests[-1].convert = self._confirmed
        requests[-1].rescue = self._refused
        requests[-1].future.add_done_callback(self._asked)
        self.generation.submit(requests)

    def keep_watch(self) -> None:
        """See to it that silence is noticed, for as long as something is kept that was read here."""
        if self._timer is None and not self.is_over:
            self._timer = self._loop.call_later(SILENCE_SECONDS, self._look)

    def leave(self) -> None:
        """End it and have the server track no more; nobody waits for that."""
        if self.is_over:
            return
        self._end()
        if self._loop is not asyncio.get_running_loop():
            return  # the socket belongs to a loop that is gone
        request = self._request(_OFF)
        request.future.add_done_callback(partial(_gone, self))
        self.generation.submit([request])

    # ---- what the connection tells

    def on_push(self, message: object) -> bool:
        """Pass reports on."""
        match message:
            case [b"invalidate", keys]:
                self.listener.changed(keys if isinstance(keys, list) else None)
                return True
        return False

    def on_taken(self) -> None:
        """End it: its holder may change what the connection reports."""
        self.leave()

    def on_lost(self) -> None:
        """End it: whatever changes from now on is never reported."""
        self._end()
        self.connection.tracker = None

    # ---- inside

    def _request(self, args: tuple[ValueT, ...]) -> Request[object]:
        request = build_request(args)
        request.deadline = request.future.get_loop().time() + self._patience
        request.future.add_done_callback(retrieve)
        return request

    def _confirmed(self, reply: object) -> object:
        self.is_on = not self.is_over
        return reply

    def _refused(self, request: Request[object], error: RedisError) -> bool:
        if isinstance(error, ResponseError):
            self.refusal = error_from_reply(f"{error} (CLIENT TRACKING, for the cache)")
        return False

    def _asked(self, request: asyncio.Future[object]) -> None:
        if not self.is_on:  # the next read tries it again
            self._end()

    def _end(self) -> None:
        self.is_over, self.is_on = True, False
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self.listener.unreported(self)

    def _look(self) -> None:
        """Ask a silent server for a sign of life; vouch for nothing more where it gives none.

        Only what is kept is dropped: a server that is busy with a slow script is not cut off for it.
        """
        self._timer = None
        is_silent = self.generation.idle_seconds >= SILENCE_SECONDS
        if is_silent and self._is_asked:
            self.listener.unreported(self)
        self._is_asked = is_silent
        key = self.listener.key_of(self)
        if key is None:
            self._is_asked = False
            return
        words = self._probe(key, is_silent=is_silent)
        if words is not None and not (is_silent and self.connection.requests_pending):
            probe = self._request(words)
            probe.future.add_done_callback(self._probed)
            self.generation.submit([probe])
        self.keep_watch()

    def _probed(self, probe: asyncio.Future[object]) -> None:
        if not probe.cancelled() and isinstance(probe.exception(), _SERVES_NO_MORE):
            self.listener.unreported(self)


def follow(
    connection: BaseConnection,
    listener: Listener,
    tracking: tuple[ValueT, ...],
    patience: float,
    probe: Probe,
) -> Source:
    """Return what reports changes to `listener` on a shared connection, beginning it if need be.

    Raises `DataError` where the connection speaks RESP2, which has no pushes, or reports to another already.
    """
    tracker = connection.tracker
    if isinstance(tracker, Source) and not tracker.is_over:
        if tracker.listener is not listener:
            raise DataError(
                f"{connection!r} reports to another cache: give all clients of a pool the same one"
            )
        return tracker
    if connection.protocol_version != 3:
        raise DataError("a cache needs RESP3, for the server reports changes by pushes: protocol_version=3")
    source = Source(connection, listener, patience, probe)
    source.begin(tracking)
    return source


def _gone(source: Source, _: object) -> None:
    if source.connection.tracker is source:
        source.connection.tracker = None
