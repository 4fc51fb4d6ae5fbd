"""One socket, from opening to closed, with its parser and its FIFO. Knows neither pools nor addresses.

Requests may be given to it before the socket is up: they wait behind the gate, which opens when the handshake
is done, and follow it in order. All commands of one loop tick go out in one write; where nothing is in flight
and the last tick carried one command, at once. One timer sweeps all deadlines. It ends once, and tells its owner
which requests were written and which were not; callbacks that come later are ignored.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from math import inf
from typing import Protocol, cast

from respool._connection.fifo import Fifo
from respool._connection.request import Request, describe_command, fail
from respool._wire.error_replies import error_from_reply
from respool._wire.parsing import MALFORMED, ErrorReply, Push, ReplyParser
from respool.errors import ConnectionError, InvalidResponse, RedisError, TimeoutError

_UNUSUAL = frozenset({ErrorReply, Push})
_UNUSUAL_WHEN_LISTENING = _UNUSUAL | {list}

# How RESP2 marks what RESP3 would send as a push.
_MESSAGES = frozenset(
    b"message pmessage smessage subscribe psubscribe ssubscribe unsubscribe punsubscribe sunsubscribe".split()
)

_LAST_WORDS_SECONDS = 1.0


class Owner(Protocol):
    """Who is told what happens on a generation."""

    def describe(self) -> str:
        """Return where it leads, for messages."""

    def on_push(self, message: object) -> None: ...

    def on_end(
        self,
        generation: Generation,
        error: RedisError,
        unanswered: list[Request[object]],
        unsent: list[Request[object]],
    ) -> None: ...


class Generation(asyncio.Protocol):
    """One socket's worth of a connection. `timeout` is the default deadline of its requests, in seconds."""

    __slots__ = (
        "_append",
        "_deadline",
        "_ended",
        "_last_received",
        "_listening",
        "_loop",
        "_open",
        "_owner",
        "_parser",
        "_paused",
        "_receiving",
        "_scheduled",
        "_solitary",
        "_time",
        "_timeout",
        "_timer",
        "_transport",
        "_unusual",
        "closed",
        "fifo",
        "opened",
    )

    def __init__(self, owner: Owner, timeout: float, loop: asyncio.AbstractEventLoop) -> None:
        self.fifo = Fifo()
        self.opened: asyncio.Future[None] = loop.create_future()
        self.closed: asyncio.Future[None] = loop.create_future()
        self._owner = owner
        self._loop = loop
        self._time = loop.time
        self._timeout = timeout
        self._parser = ReplyParser()
        self._unusual: frozenset[type] = _UNUSUAL
        self._append = self.fifo.unsent.append
        self._transport: asyncio.Transport | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._deadline = 0.0
        self._last_received = loop.time()
        self._open = False
        self._ended = False
        self._listening = False
        self._paused = False
        self._receiving = False
        self._scheduled = False
        self._solitary = True

    # ---- sending

    def send(self, request: Request[object]) -> None:
        """Send `request` with the default deadline. Never waits, never raises."""
        if self._scheduled:
            request.deadline = self._deadline
            self._append(request)
            return
        request.deadline = self._deadline = self._time() + self._timeout
        self._arm(self._deadline)
        self._append(request)
        if self._solitary and not self.fifo.inflight and not self._receiving:
            self._flush()
        else:
            self._schedule()

    def submit(self, requests: Iterable[Request[object]]) -> None:
        """Send requests that bring their own deadline, next to each other, in one write where it is possible."""
        fifo = self.fifo
        for request in requests:
            request.timed = True
            fifo.deadlines.add(request)
            fifo.has_silent |= request.silent
            self._append(request)
        self._arm(fifo.next_deadline())
        if not self._scheduled:
            self._schedule()

    def exchange(self, requests: list[Request[object]]) -> None:
        """Write `requests` now, past the gate: for the handshake alone, which has its own time limit."""
        ahead = self.fifo.unsent.copy()
        self.fifo.unsent.clear()
        for request in requests:
            request.deadline = inf
            request.timed = True  # so that nobody's default deadline waits behind it
            self.fifo.has_silent |= request.silent
            self._append(request)
        self._write()
        self.fifo.unsent.extend(ahead)

    def opening_over(self, _: object) -> None:
        """Take note that nobody works on the opening any more: without a transport by now, there will be none."""
        if self._transport is None and not self.closed.done():
            self.closed.set_result(None)

    def open_gate(self) -> None:
        """Let the commands flow: the handshake is done."""
        if not self._ended:
            self._open = True
            self.opened.set_result(None)
            self._flush()

    def _schedule(self) -> None:
        self._scheduled = True
        self._deadline = self._time() + self._timeout
        self._arm(self._deadline)
        self._loop.call_soon(self._flush)

    def _flush(self) -> None:
        self._scheduled = False
        if self._open and not self._paused and not self._ended:
            self._solitary = len(self.fifo.unsent) < 2
            self._write()

    def _write(self) -> None:
        transport = self._transport
        buffers, silent = self.fifo.take(self._time())
        if transport is not None and buffers:
            if len(buffers) == 1:
                transport.write(buffers[0])
            else:
                transport.writelines(buffers)
        for request in silent:
            if not request.done():
                request.set_result(None)

    # ---- receiving

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        if self._ended:
            self._transport.abort()

    def data_received(self, data: bytes) -> None:
        if self._ended:
            return
        now = self._last_received = self._time()
        inflight = self.fifo.inflight
        before = len(inflight)
        self._receiving = True
        try:
            self._answer_all(data)
        except MALFORMED as exc:
            self.end(InvalidResponse(f"{self._owner.describe()} sent what is not RESP: {exc!r}"), cause=exc)
        finally:
            self._receiving = False
        if not self._ended:
            self.fifo.settle(before - len(inflight), now)
            if self.fifo.unsent and not self._scheduled:
                self._schedule()

    def _answer_all(self, data: bytes) -> None:
        """Give each reply to its request. The hottest loop there is."""
        inflight = self.fifo.inflight
        unusual = self._unusual
        for reply in self._parser.feed(data):
            if not inflight or reply.__class__ in unusual:
                self._answer_unusual(reply)
                if self._ended:
                    return
                continue
            request = inflight.popleft()
            if request.done():
                continue
            if request.convert is None:
                request.set_result(reply)
            else:
                _convert(request, reply)

    def _answer_unusual(self, reply: object) -> None:
        if isinstance(reply, Push) or (list in self._unusual and _is_message(reply)):
            self._owner.on_push(list(cast("list[object]", reply)))
        elif self.fifo.inflight:
            request = self.fifo.inflight.popleft()
            if isinstance(reply, ErrorReply):
                fail(request, error_from_reply(str(reply)))
            elif not request.done():
                _convert(request, reply)
        elif self._listening:
            self._owner.on_push(reply)
        elif isinstance(reply, ErrorReply):
            self.end(ConnectionError(f"{self._owner.describe()} closes the connection: {reply}"))
        else:
            self.end(InvalidResponse(f"{self._owner.describe()} sent a reply that nobody asked for"))

    def listen(self, *, lists: bool) -> None:
        """Take what comes without being asked for as a push; `lists`: RESP2, where messages look like replies."""
        self._listening = True
        if lists:
            self._unusual = _UNUSUAL_WHEN_LISTENING

    def pause_writing(self) -> None:
        self._paused = True

    def resume_writing(self) -> None:
        self._paused = False
        self._flush()

    # ---- time

    @property
    def idle_seconds(self) -> float:
        """Seconds since anything arrived."""
        return self._time() - self._last_received

    @property
    def lag(self) -> float:
        """Seconds that the request at the head has been waiting in silence; 0 with nothing in flight."""
        since = self.fifo.waiting_since
        return 0.0 if since is None else self._time() - max(since, self._last_received)

    def _arm(self, due: float | None) -> None:
        if due is None or due == inf or (self._timer is not None and self._timer.when() <= due):
            return
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_at(due, self._sweep)

    def _sweep(self) -> None:
        self._timer = None
        now = self._time()
        written, unsent = self.fifo.expire(now)
        for request in written:
            _time_out(request, self._owner.describe(), maybe_executed=True)
        for request in unsent:
            _time_out(request, self._owner.describe(), maybe_executed=False)
        if self._is_gone(now):
            message = (
                f"{self._owner.describe()} was silent for {self.lag:.3g} s with requests in flight: closed"
            )
            self.end(ConnectionError(message))
        else:
            self._arm(self.fifo.next_deadline())

    def _is_gone(self, now: float) -> bool:
        inflight = self.fifo.inflight
        return bool(inflight) and inflight[0].deadline <= now and self.lag >= self._timeout

    # ---- the end

    @property
    def is_open(self) -> bool:
        """Whether the handshake is done and the socket not lost."""
        return self._open and not self._ended

    @property
    def transport(self) -> asyncio.Transport | None:
        """The transport of the socket, once there is one."""
        return self._transport

    def eof_received(self) -> None:
        self.end(ConnectionError(f"{self._owner.describe()} closed the connection"))

    def connection_lost(self, exc: Exception | None) -> None:
        self.end(
            ConnectionError(f"connection to {self._owner.describe()} lost: {exc or 'closed'}"), cause=exc
        )
        if not self.closed.done():
            self.closed.set_result(None)

    def end(self, error: RedisError, *, cause: BaseException | None = None, graceful: bool = False) -> None:
        """Close the socket now and tell the owner, once. `graceful` lets bytes that were written still go out."""
        if self._ended:
            return
        self._ended = True
        error.__cause__ = cause or error.__cause__
        if self._timer is not None:
            self._timer.cancel()
        self._close_transport(graceful)
        if not self.opened.done():
            self.opened.set_exception(error)
            self.opened.exception()  # nobody has to be waiting for it
        unanswered, unsent = self.fifo.abandon()
        self._owner.on_end(self, error, unanswered, unsent)

    def _close_transport(self, graceful: bool) -> None:
        transport = self._transport
        if transport is None:
            return  # an opening that is being cancelled may hold a socket still: `opening_over` will tell
        if not graceful:
            transport.abort()
        else:
            transport.close()
            if transport.get_write_buffer_size():
                self._loop.call_later(_LAST_WORDS_SECONDS, transport.abort)


def _convert(request: Request[object], reply: object) -> None:
    try:
        request.set_result(request.convert(reply) if request.convert else reply)
    except Exception as exc:  # whatever the caller's function raises is the caller's to see
        request.set_exception(exc)


def _time_out(request: Request[object], where: str, *, maybe_executed: bool) -> None:
    if not request.done():
        name = describe_command(request.args)
        stage = "no reply from" if maybe_executed else "could not be sent to"
        request.set_exception(TimeoutError(f"{name}: {stage} {where} in time", maybe_executed=maybe_executed))


def _is_message(reply: object) -> bool:
    return isinstance(reply, list) and bool(reply) and reply[0] in _MESSAGES
