"""One socket, from opening to closed, with its parser and its FIFO. Knows neither pools nor addresses.

Requests may be given to it before the socket is up: they wait behind the gate, which opens when the handshake
is done, and follow it in order. All commands of one loop tick go out in one write; at once goes a single one where
nothing is in flight and the last tick carried one, and a long pipeline that nobody is ahead of. One timer sweeps all
deadlines. It ends once, and tells its owner which requests were written and which were not; callbacks that come
later are ignored.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from math import inf
from typing import Protocol, cast

from respool._connection.bundle import Bundle
from respool._connection.fifo import Fifo
from respool._connection.forking import detach
from respool._connection.invocation import build_request, keep_error
from respool._connection.request import Request, StatefulRequest, complete, describe_command, fail, refuse
from respool._connection.silence import PROBE_SECONDS, SUSPECT_SECONDS, TRUSTED_SECONDS, Silence
from respool._connection.subscriptions import MESSAGES, Subscriptions
from respool._wire.error_replies import ERROR_CLASSES, error_from_reply
from respool._wire.parsing import MALFORMED, Push, ReplyParser
from respool.errors import ConnectionError, InvalidResponse, RedisError, TimeoutError

_UNUSUAL: frozenset[type] = frozenset({Push, *ERROR_CLASSES})
_UNUSUAL_WHEN_LISTENING = _UNUSUAL | {list}

_LAST_WORDS_SECONDS = 1.0

WORTH_A_WRITE = 32
"""Commands queued together that do not wait for others of their tick."""


class Owner(Protocol):
    """Who is told what happens on a generation."""

    def describe(self) -> str:
        """Return where it leads, for messages."""

    def on_push(self, message: object) -> None: ...

    def on_suspect(self) -> None:
        """Hear that requests are waiting in silence for about a second; again every further second."""

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
        "_is_opening",
        "_last_words",
        "_listening",
        "_loop",
        "_lost",
        "_open",
        "_owner",
        "_parser",
        "_paused",
        "_probing",
        "_receiving",
        "_scheduled",
        "_settling",
        "_silence",
        "_solitary",
        "_subscriptions",
        "_time",
        "_timeout",
        "_timer",
        "_transport",
        "_unusual",
        "_wakes_at",
        "checks_idle",
        "closed",
        "fifo",
        "opened",
        "opened_at",
    )

    def __init__(self, owner: Owner, timeout: float, loop: asyncio.AbstractEventLoop) -> None:
        self.fifo = Fifo()
        self.opened: asyncio.Future[None] = loop.create_future()
        self.closed: asyncio.Future[None] = loop.create_future()
        self.opened_at: float | None = None
        self.checks_idle = False
        self._owner = owner
        self._loop = loop
        self._time = loop.time
        self._timeout = timeout
        self._parser = ReplyParser()
        self._unusual: frozenset[type] = _UNUSUAL
        self._append = self.fifo.unsent.append
        self._transport: asyncio.Transport | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._wakes_at = inf
        self._deadline = 0.0
        self._silence = Silence(self.fifo, timeout, loop.time())
        self._last_words: RedisError | None = None
        self._open = False
        self._ended = False
        self._listening = False
        self._lost = False
        self._is_opening = False
        self._paused = False
        self._probing = False
        self._receiving = False
        self._scheduled = False
        self._settling: list[asyncio.Future[None]] = []
        self._solitary = True
        self._subscriptions = Subscriptions()

    # ---- sending

    def send(self, request: Request[object]) -> None:
        """Send `request` with the default deadline. Never waits. Raises `RuntimeError` in another event loop."""
        if self._scheduled:
            request.deadline = self._deadline
            self._append(request)
            return
        now = self._begin_tick()
        request.deadline = self._deadline
        if not self._solitary or self.fifo.inflight or self._receiving:
            self._append(request)
            self._schedule()
        elif not self._write_alone(request, now):
            self._append(request)
            self._flush()

    def send_all(self, requests: Iterable[Request[object]]) -> None:
        """Send requests with the default deadline, next to each other, in one write where it is possible."""
        if not self._scheduled:
            self._begin_tick()
            self._schedule()
        for request in requests:
            request.deadline = self._deadline
        self.fifo.unsent.extend(requests)

    def write_bundle(self, bundle: Bundle) -> bool:
        """Write many commands at once, in a write of their own; False where it takes more care, or does not pay."""
        if self._scheduled or len(bundle) < WORTH_A_WRITE:
            return False
        now = self._begin_tick()
        bundle.deadline = self._deadline
        payload = self.fifo.take_bundle(bundle, now) if self._may_write(now) else None
        if payload is None or self._transport is None:
            return False
        self._arm(now + SUSPECT_SECONDS)
        self._transport.write(payload)
        return True

    def submit(self, requests: Iterable[Request[object]]) -> None:
        """Send requests that bring their own deadline, next to each other, in one write where it is possible."""
        fifo = self.fifo
        soonest = self._time() + SUSPECT_SECONDS
        for request in requests:
            request.timed = True
            fifo.deadlines.add(request)
            fifo.has_silent |= request.silent
            self._append(request)
            if request.deadline < soonest:
                soonest = request.deadline
        self._arm(soonest)
        if not self._scheduled:
            self._begin_tick()
            self._schedule()

    def exchange(self, requests: list[Request[object]], deadline: float = inf) -> None:
        """Write `requests` now, past the gate: for the handshake, which has its own time limit, and for trust."""
        ahead = self.fifo.unsent.copy()
        self.fifo.unsent.clear()
        for request in requests:
            request.deadline = deadline
            request.timed = True  # so that nobody's default deadline waits behind it
            self.fifo.has_silent |= request.silent
            self._append(request)
        self._write()
        self.fifo.unsent.extend(ahead)

    def opened_by(self, opening: asyncio.Task[None]) -> None:
        """Take note of who works on the opening: it is not closed before that is over, too."""
        self._is_opening = True
        opening.add_done_callback(self._opening_over)

    def _opening_over(self, _: object) -> None:
        self._is_opening = False
        self._tell_closed()

    def _tell_closed(self) -> None:
        if not self._is_opening and (self._transport is None or self._lost) and not self.closed.done():
            self.closed.set_result(None)

    def open_gate(self) -> None:
        """Let the commands flow: the handshake is done."""
        if not self._ended:
            self._open = True
            self.opened_at = self._time()
            self.opened.set_result(None)
            self._last_words = None
            self._flush()

    def _begin_tick(self) -> float:
        """Set the deadline that all requests of this tick share, and see to it that somebody looks by then.

        Returns the time.
        """
        if asyncio.get_running_loop() is not self._loop:
            raise RuntimeError(f"{self._owner.describe()} is in use by another event loop, which still runs")
        now = self._time()
        self._deadline = now + self._timeout
        self._arm(self._deadline)
        return now

    def _schedule(self) -> None:
        self._scheduled = True
        self._loop.call_soon(self._flush)

    def _flush(self) -> None:
        self._scheduled = False
        if not self._open or self._paused or self._probing or self._ended:
            return
        if self.checks_idle and not self.fifo.inflight and self.idle_seconds > TRUSTED_SECONDS:
            self._probe()
        else:
            self._solitary = len(self.fifo.unsent) < 2
            self._write()

    def _write_alone(self, request: Request[object], now: float) -> bool:
        """Write a request that nobody is ahead of, in fewer steps than many; False where it takes more care."""
        payload = request.payload
        if (
            self._transport is None
            or request.silent
            or payload.__class__ is not bytes
            or not self._may_write(now)
        ):
            return False
        self.fifo.book((request,), len(payload), now)
        self._arm(now + SUSPECT_SECONDS)
        self._transport.write(payload)
        return True

    def _may_write(self, now: float) -> bool:
        """Tell whether what comes now may go out at once: nobody is ahead of it, nothing is in its way."""
        return not (
            self.fifo.unsent
            or not self._open
            or self._paused
            or self._probing
            or self._ended
            or (self.checks_idle and now - self._silence.last_received > TRUSTED_SECONDS)
        )

    def _write(self) -> None:
        transport = self._transport
        now = self._time()
        buffers, silent = self.fifo.take(now)
        # Silence counts from here: what waited to be written may have let the last look pass.
        self._arm(now + SUSPECT_SECONDS)
        if transport is not None and buffers:
            if len(buffers) == 1:
                transport.write(buffers[0])
            else:
                transport.writelines(buffers)
        for request in silent:
            _end_well(request)
        if self._settling:
            self._tell_settled()

    # ---- trust

    def _probe(self) -> None:
        """Hold everything back until a PING is answered: what was idle for long may be dead without knowing."""
        self._probing = True
        probe = build_request((b"PING",), rescue=keep_error)
        probe.future.add_done_callback(self._probed)
        self.exchange([probe], self._time() + PROBE_SECONDS)
        self.fifo.deadlines.add(probe)
        self._arm(probe.deadline)

    def _probed(self, probe: asyncio.Future[object]) -> None:
        self._probing = False
        if probe.exception() is None:
            if not self._paused and not self._ended:
                self._write()
            return
        message = (
            f"{self._owner.describe()} was idle for {self.idle_seconds:.3g} s and answers no more: closed"
        )
        self.end(ConnectionError(message))

    def settled(self) -> asyncio.Future[None]:
        """Return a future, the caller's own, that is done when no reply is outstanding or the socket is gone."""
        future = self._loop.create_future()
        self._settling.append(future)
        self._tell_settled()
        return future

    def _tell_settled(self) -> None:
        if self._ended or not len(self.fifo):
            settling, self._settling = self._settling, []
            for future in settling:
                if not future.done():
                    future.set_result(None)

    # ---- receiving

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        if self._ended:
            self._transport.abort()

    def data_received(self, data: bytes) -> None:
        if self._ended:
            return
        now = self._silence.last_received = self._time()
        fifo = self.fifo
        before = len(fifo.inflight) + fifo.folded
        self._receiving = True
        try:
            self._answer_all(self._parser.feed(data))
        except MALFORMED as exc:
            self.end(InvalidResponse(f"{self._owner.describe()} sent what is not RESP: {exc!r}"), cause=exc)
        except (KeyboardInterrupt, SystemExit):
            self.end(
                ConnectionError(f"{self._owner.describe()}: replies were lost to an interruption: closed")
            )
            raise
        finally:
            self._receiving = False
        if not self._ended:
            fifo.settle(before - len(fifo.inflight) - fifo.folded, now)
            if fifo.unsent and not self._scheduled:
                self._begin_tick()
                self._schedule()
            if self._settling:
                self._tell_settled()

    def _answer_all(self, replies: Iterator[object]) -> None:
        """Give each reply to its request. The hottest loop there is."""
        inflight = self.fifo.inflight
        unusual = self._unusual
        for reply in replies:
            if not inflight or reply.__class__ in unusual:
                self._answer_unusual(reply)
                if self._ended:
                    return
                continue
            request = inflight.popleft()
            if request.convert is not None:
                if request.__class__ is Bundle:
                    self._answer_bundle(request, reply, replies)
                else:
                    complete(request.future, request.convert, reply)
                continue
            try:
                request.future.set_result(reply)
            except asyncio.InvalidStateError:  # a tombstone
                continue

    def _answer_bundle(self, bundle: Bundle, first: object, replies: Iterator[object]) -> None:
        """Give the bundle that was the head all that came for it."""
        self.fifo.inflight.appendleft(bundle)
        came = [first]
        try:
            came.extend(islice(replies, bundle.left - 1))
        finally:  # what came before something that is not RESP has come all the same
            if self._unusual.isdisjoint(map(type, came)):
                self.fifo.answer(bundle, came)
            else:
                self.fifo.unfold()
                self._answer_all(iter(came))

    def _answer_unusual(self, reply: object) -> None:
        try:
            self._judge(reply)
        except MALFORMED as exc:  # raised by us or by whom we tell: nothing the server is to blame for
            raise RuntimeError(f"handling a reply of {self._owner.describe()} failed: {exc!r}") from exc

    def _judge(self, reply: object) -> None:
        self.fifo.unfold()
        if isinstance(reply, Push) or (list in self._unusual and _is_message(reply)):
            self._take_message(list(cast("list[object]", reply)))
        elif self.fifo.inflight:
            request = self.fifo.inflight.popleft()
            if isinstance(reply, RedisError):
                self._last_words = reply
                fail(request, reply)
            else:
                complete(request.future, request.convert, reply)
        elif self._listening:
            self._owner.on_push(reply)
        elif isinstance(reply, RedisError):
            self.end(ConnectionError(f"{self._owner.describe()} closes the connection: {reply}"))
        else:
            self.end(InvalidResponse(f"{self._owner.describe()} sent a reply that nobody asked for"))

    def _take_message(self, message: list[object]) -> None:
        inflight = self.fifo.inflight
        if self._subscriptions.confirms(message, inflight[0] if inflight else None):
            _end_well(inflight.popleft())
        self._owner.on_push(message)

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
        return self._time() - self._silence.last_received

    @property
    def age(self) -> float:
        """Seconds since the handshake was done; 0 before."""
        return self._time() - self.opened_at if self.opened_at is not None else 0.0

    @property
    def lag(self) -> float:
        """Seconds that the request at the head has been waiting in silence; 0 with nothing in flight."""
        since = self._silence.since
        return 0.0 if since is None else self._time() - since

    def _arm(self, due: float) -> None:
        """See to it that the sweep comes by `due`; it may come earlier."""
        if due >= self._wakes_at:
            return
        if self._timer is not None:
            self._timer.cancel()
        self._wakes_at = due
        self._timer = self._loop.call_at(due, self._sweep)

    def _sweep(self) -> None:
        self._timer = None
        self._wakes_at = inf
        now = self._time()
        written, unsent = self.fifo.expire(now)
        for request in written:
            _time_out(request, self._owner.describe(), maybe_executed=True)
        for request in unsent:
            _time_out(request, self._owner.describe(), maybe_executed=False)
        if any(isinstance(request, StatefulRequest) for request in unsent) or _is_torn(unsent):
            # What comes after it would mean something else without it.
            self.end(ConnectionError(f"{self._owner.describe()} took nothing more in time: closed"))
            return
        if self._silence.gone_at() <= now:
            message = (
                f"{self._owner.describe()} was silent for {self.lag:.3g} s with requests in flight: closed"
            )
            self.end(ConnectionError(message))
            return
        if self._silence.is_suspect(now):
            self._owner.on_suspect()
        if not self._ended:
            self._arm(self._silence.next_look(now))

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
        self.end(self._farewell())

    def connection_lost(self, exc: Exception | None) -> None:
        where = self._owner.describe()
        error = self._farewell() if exc is None else ConnectionError(f"connection to {where} lost: {exc!r}")
        self.end(error, cause=exc)
        self._lost = True
        self._tell_closed()

    def _farewell(self) -> RedisError:
        """Return why the server closed: an error reply in the handshake is its reason (maxclients, a password)."""
        where = self._owner.describe()
        if self._last_words is not None and not self._open:
            return error_from_reply(f"{self._last_words} ({where} said so and closed the connection)")
        return ConnectionError(f"{where} closed the connection")

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
        self._tell_settled()
        self._owner.on_end(self, error, unanswered, unsent)

    def forget_after_fork(self) -> None:
        """Be over, in a forked child, telling nobody: the socket and everybody who waits are the parent's."""
        self._ended = True
        if self._transport is not None:
            detach(self._transport.get_extra_info("socket").fileno())

    def _close_transport(self, graceful: bool) -> None:
        transport = self._transport
        if transport is None:
            return  # an opening that is being cancelled may hold a socket still: `_opening_over` will tell
        if not graceful:
            transport.abort()
        else:
            transport.close()
            # Over TLS even an empty buffer waits: for the peer to say goodbye, half a minute if need be.
            if transport.get_write_buffer_size() or transport.get_extra_info("ssl_object") is not None:
                self._loop.call_later(_LAST_WORDS_SECONDS, transport.abort)


def _is_torn(unsent: Sequence[Request[object]]) -> bool:
    """Tell whether the first of these is the rest of a sequence that was written in part."""
    return bool(unsent) and unsent[0].follows


def _end_well(request: Request[object]) -> None:
    if not request.done():
        request.future.set_result(None)


def _time_out(request: Request[object], where: str, *, maybe_executed: bool) -> None:
    name = describe_command(request.args)
    stage = "no reply from" if maybe_executed else "could not be sent to"
    refuse(request, TimeoutError(f"{name}: {stage} {where} in time", maybe_executed=maybe_executed))


def _is_message(reply: object) -> bool:
    return isinstance(reply, list) and bool(reply) and reply[0] in MESSAGES
