"""A connection: one place to send requests to one server. The page's promises, on top of a link.

It never decides who may use it: that is its pool's affair, which it tells of every loss through its `observer`.
"""

from __future__ import annotations

import asyncio
import inspect
from abc import abstractmethod
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from math import inf
from typing import Protocol, TypeAlias

from respool._connection.credentials import CredentialSource, Renewal
from respool._connection.generation import Generation
from respool._connection.invocation import (
    CommandInvocation,
    build_request,
    build_silent_request,
    build_subscribing_request,
    check_answered,
    check_sendable,
    is_error_reply,
    prepare,
    words_of,
)
from respool._connection.link import Link
from respool._connection.opening import open_generation
from respool._connection.pushes import NO_MESSAGE, PushBox
from respool._connection.request import Request, fresh
from respool._connection.session import Held, Session, after, command_name, is_stateful
from respool._connection.settings import Settings, check_seconds
from respool._connection.silence import PROBE_SECONDS, TRUSTED_SECONDS
from respool._connection.subscriptions import SUBSCRIBING
from respool._wire.commands import block_timeout, is_blocking
from respool._wire.decoding import decode_reply
from respool._wire.handshake import Introduction
from respool._wire.values import ProtocolVersion, ResponseType, ValueT
from respool._wire.version import VERSION
from respool.errors import ConnectionError, DataError, RedisError, ResponseError, TimeoutError

ConnectCallback: TypeAlias = Callable[["BaseConnection"], "Awaitable[object] | object"]


class Observer(Protocol):
    """Who owns a connection's slot and has to know when its socket is gone."""

    def on_lost(self, connection: BaseConnection) -> None: ...

    def on_suspect(self, connection: BaseConnection) -> None:
        """Hear that the server has been silent for suspiciously long, with requests waiting for it."""


class Tracker(Protocol):
    """Who keeps what was read on a connection, until the server says here that it has changed."""

    def on_push(self, message: object) -> bool:
        """Take a push message, or leave it (False) to whoever fetches messages."""

    def on_taken(self) -> None:
        """Hear that one holder gets the connection: what it says from now on is that holder's."""

    def on_lost(self) -> None:
        """Hear that the socket is gone, before anybody else does."""


class BaseConnection(asyncio.BaseProtocol):
    """Base of every connection. `stream_timeout` is the default deadline of a request, in seconds.

    Not connected, it connects when it is first used. Requests are answered in the order they were sent, and
    many may be in flight. Cancelling one closes nothing and shifts nobody's reply.
    """

    tracking_client_id: int | None
    """Client id that invalidations are redirected to, while tracking is on."""

    client_id: int | None
    """Id of this connection on the server; None while there is none."""

    protocol_version: ProtocolVersion

    def __init__(
        self,
        stream_timeout: float | None = None,
        encoding: str = "utf-8",
        decode_responses: bool = False,
        *,
        client_name: str | None = None,
        protocol_version: ProtocolVersion = 3,
        noreply: bool = False,
        noevict: bool = False,
        notouch: bool = False,
        connect_timeout: float | None = None,
        username: str | None = None,
        password: str | None = None,
        db: int | None = 0,
        credential_provider: CredentialSource | None = None,
    ) -> None:
        if credential_provider is not None and (username is not None or password is not None):
            raise DataError(
                "credentials come from credential_provider= or from username= and password=, not both"
            )
        introduction = Introduction(
            protocol_version=protocol_version,
            db=db,
            client_name=client_name,
            noevict=noevict,
            notouch=notouch,
            noreply=noreply,
            username=username,
            password=password,
        )
        self._settings = Settings.of(
            stream_timeout, connect_timeout, encoding, decode_responses, introduction
        )
        self.protocol_version = protocol_version
        self.client_id = None
        self.tracking_client_id = None
        self.server_version: tuple[int, ...] | None = None
        self.observer: Observer | None = None
        self.tracker: Tracker | None = None
        self._pushes = PushBox()
        self._link = Link(self, self._settings.stream_timeout, self._settings.connect_timeout)
        self._session = Session()
        self._renewal = Renewal(credential_provider, self) if credential_provider is not None else None
        self._owed_auth: tuple[ValueT, ...] | None = None
        self._callbacks: list[ConnectCallback] = []
        self._is_disowned = False
        self.lifetime = inf
        """Seconds after which its pool replaces it, counted from its opening."""

    @abstractmethod
    def describe(self) -> str:
        """Return the address, for messages and logs."""

    @abstractmethod
    async def open_socket(self, make_protocol: Callable[[], asyncio.Protocol]) -> asyncio.BaseTransport:
        """Open a socket to the server, connect the protocol that `make_protocol` returns to it, return its transport.

        For authors of connections to override; the connection alone calls it, once per socket, and the transport is
        the caller's from then on. Raises `OSError` (TLS errors are among them) or one of our own errors; failed or
        cancelled, it leaves nothing open. `connect_timeout` is over it already.
        """

    def __repr__(self) -> str:
        state = (
            "connected" if self.is_connected else "connecting" if self._link.generation else "not connected"
        )
        return f"<{type(self).__name__} {self.describe()} db={self._settings.introduction.db or 0} {state}>"

    # ---- opening and closing

    async def connect(self) -> None:
        """Wait until the connection is up and its handshake done; open it if nobody has yet.

        Raises `ConnectionError`, `TimeoutError` after `connect_timeout`, or what the server refused the handshake
        with. Cancelled, it gives the attempt up unless others wait for it.
        """
        self._check_owned()
        self._session.begin_afresh()
        if not self.is_connected and not self._link.is_opening_task():
            await self._link.wait_open()

    def start(self) -> Generation:
        """Return the current generation, beginning one if there is none. Never waits, never raises."""
        return self._link.start()

    def disconnect(self) -> None:
        """Close the connection now, and what it held on the server with it. The next use opens it again.

        Requests in flight fail.
        """
        self.close()
        self._session.begin_afresh()

    def close(self) -> None:
        """Close the socket now, as if it was lost: a holder that relied on watched keys or the like is told."""
        self._link.close()

    def disown(self) -> None:
        """Close the socket now, and never open another: its pool has given its slot to others."""
        self._is_disowned = True
        self.close()

    def _check_owned(self) -> None:
        if self._is_disowned:
            raise ConnectionError(
                f"{self.describe()}: its pool has closed this connection: get another from there"
            )

    def share(self) -> Generation:
        """Return the current generation, for stateless requests of many; it checks itself when it was idle for long."""
        generation = self._link.start()
        noreply = self._settings.introduction.noreply
        generation.checks_idle, generation.fifo.has_silent = not noreply, noreply
        return generation

    async def take_over(self) -> None:
        """Wait until this connection is fit for one holder: connected, and alive.

        Raises what `connect` raises. What was idle for long is asked for a sign of life, and opened again without one.
        """
        if self._link.generation is not None:
            self._link.generation.checks_idle = False
        if self.tracker is not None:
            self.tracker.on_taken()
        if (
            self.is_connected
            and self.idle_seconds > TRUSTED_SECONDS
            and not self._settings.introduction.noreply
        ):
            ping = await self.create_request(b"PING", raise_exceptions=False, timeout=PROBE_SECONDS)
            try:
                await ping
            except RedisError:
                self.disconnect()
        await self.connect()

    def settled(self) -> asyncio.Future[None]:
        """Return a future, the caller's own, that is done when no reply is outstanding or the socket is lost."""
        if self._link.generation is not None:
            return self._link.generation.settled()
        nothing_outstanding = asyncio.get_running_loop().create_future()
        nothing_outstanding.set_result(None)
        return nothing_outstanding

    @property
    def closed(self) -> asyncio.Future[None] | None:
        """What is done when the last socket, closed, has let go of the event loop; None before the first."""
        return self._link.closed

    async def wait_closed(self) -> None:
        """Wait until the last socket, closed, has let go of the event loop; not inside a connect callback."""
        if self._link.closed is not None and not self._link.is_opening_task():
            await asyncio.shield(self._link.closed)

    @property
    def is_closed(self) -> bool:
        """Whether the last socket, if there was one, has let go of the event loop."""
        return self._link.closed is None or self._link.closed.done()

    def register_connect_callback(self, callback: ConnectCallback) -> None:
        """Call `callback(connection)` after every successful connect, before anything else is sent.

        Callbacks run in order and may be coroutine functions. What one raises fails the attempt to connect.
        """
        self._callbacks.append(callback)

    def clear_connect_callbacks(self) -> None:
        """Forget the connect callbacks."""
        self._callbacks.clear()

    async def bring_up(self, generation: Generation) -> None:
        """Open the socket, introduce ourselves, run the connect callbacks. For the link alone."""
        introduction = self._settings.introduction._replace(library_version=VERSION)
        if self._renewal is not None:
            username, password = await self._renewal.credentials()
            introduction = introduction._replace(username=username, password=password)
        greeting = await open_generation(generation, self.open_socket, introduction, self.describe())
        self.client_id = greeting.client_id
        self.server_version = greeting.server_version
        for callback in self._callbacks:
            result = callback(self)
            if inspect.isawaitable(result):
                await result
        if self._renewal is not None:
            self._renewal.begin()

    def on_push(self, message: object) -> None:
        """Take one push message. For the link alone."""
        if self.tracker is None or not self.tracker.on_push(message):
            self._pushes.put(message)

    def on_lost(self, error: RedisError) -> None:
        """Forget what died with the socket. For the link alone."""
        if self.tracker is not None:
            self.tracker.on_lost()
        self._session.end()
        self._owed_auth = None
        if self._renewal is not None:
            self._renewal.end()
        self.client_id = self.tracking_client_id = None
        self._pushes.fail(error)
        if self.observer is not None:
            self.observer.on_lost(self)

    def on_suspect(self) -> None:
        """Tell the owner that the server takes suspiciously long. For the link alone."""
        if self.observer is not None:
            self.observer.on_suspect(self)

    # ---- how it is doing

    @property
    def is_connected(self) -> bool:
        """Whether the socket is up and the handshake done."""
        return self._link.is_open

    @property
    def requests_pending(self) -> int:
        """Number of requests that wait for their reply or to be written."""
        generation = self._link.generation
        return len(generation.fifo) if generation is not None else 0

    @property
    def average_response_time(self) -> float:
        """Seconds from written to answered: an exponentially weighted mean; 0 before the first reply."""
        generation = self._link.generation
        return generation.fifo.mean_seconds if generation is not None else 0.0

    @property
    def estimated_time_to_idle(self) -> float:
        """Seconds until all pending requests are answered, going by the average."""
        return self.requests_pending * self.average_response_time

    @property
    def lag(self) -> float:
        """Seconds of silence with requests in flight; 0 with none."""
        generation = self._link.generation
        return generation.lag if generation is not None else 0.0

    @property
    def idle_seconds(self) -> float:
        """Seconds since anything arrived; 0 while it is not connected."""
        generation = self._link.generation
        return generation.idle_seconds if generation is not None else 0.0

    @property
    def is_blocked(self) -> bool:
        """Whether a blocking command is under way."""
        generation = self._link.generation
        return generation is not None and any(is_blocking(each.args) for each in generation.fifo.inflight)

    @property
    def blocks_for_nobody(self) -> bool:
        """Whether a blocking command is under way whose caller is gone: the server would still pop for it."""
        generation = self._link.generation
        return generation is not None and any(
            each.done() and is_blocking(each.args) for each in generation.fifo.inflight
        )

    @property
    def is_worn(self) -> bool:
        """Whether its socket has been open for longer than `lifetime`."""
        generation = self._link.generation
        return generation is not None and generation.age >= self.lifetime

    @property
    def push_messages(self) -> asyncio.Queue[ResponseType]:
        """Push messages that nobody has fetched yet. Bounded; what falls out is counted in `dropped_pushes`."""
        return self._pushes.messages

    @property
    def dropped_pushes(self) -> int:
        """How many push messages fell out of `push_messages` because nobody fetched them."""
        return self._pushes.dropped

    @property
    def held(self) -> Held:
        """What this connection holds on the server (a transaction, watched keys, settings ...)."""
        return self._session.held

    async def can_read(self) -> bool:
        """Tell whether a push message is waiting to be fetched."""
        return not self._pushes.is_empty

    # ---- requests

    async def create_request(
        self,
        command: bytes,
        *args: ValueT,
        noreply: bool | None = None,
        decode: bool | None = None,
        encoding: str | None = None,
        raise_exceptions: bool = True,
        timeout: float | None = None,
    ) -> asyncio.Future[ResponseType]:
        """Send one command and return the future of its reply, without waiting for it.

        Connects first if need be. `timeout` is in seconds; `decode` and `encoding` fall back to the
        connection's. With `raise_exceptions=False` an error reply becomes the result. With `noreply` the server is
        told not to answer, and the future is done once written, with None. Raises `DataError` for what
        cannot be sent, and `ConnectionError` when the socket was lost together with state that this connection
        held: `connect()` begins afresh.
        """
        invocation = CommandInvocation(command, args, decode, encoding)
        futures = await self._send([invocation], raise_exceptions, timeout, noreply)
        return futures[0]

    async def create_requests(
        self,
        commands: list[CommandInvocation],
        raise_exceptions: bool = True,
        timeout: float | None = None,
    ) -> list[asyncio.Future[ResponseType]]:
        """Send several commands in one write and return the futures of their replies, in order."""
        return await self._send(commands, raise_exceptions, timeout, None)

    async def _send(
        self,
        commands: list[CommandInvocation],
        raise_exceptions: bool,
        timeout: float | None,
        noreply: bool | None,
    ) -> list[asyncio.Future[ResponseType]]:
        await self._ready()
        settings, held = self._settings, self._session.held
        requests = []
        for invocation in commands:
            args = words_of(invocation.command, invocation.args)
            name = command_name(args)
            check_sendable(name, args, self.protocol_version)
            check_answered(name, held)
            if noreply and Held.TRANSACTION in held and not settings.introduction.noreply:
                raise DataError("inside MULTI every command is answered: noreply=True is for others")
            request = prepare(
                invocation,
                args,
                settings,
                raise_exceptions=raise_exceptions,
                noreply=bool(noreply),
                stateful=is_stateful(held, name),
            )
            request.deadline = self._deadline(args, timeout)
            requests.append(request)
            held = after(held, name)
        self._session.held = held
        self._submit(requests)
        replies = [request.future for request in requests]
        self.attend(replies)
        return replies

    def attend(self, replies: Sequence[asyncio.Future[ResponseType]]) -> None:
        """Hear of replies that a caller of `create_request` waits for. To be overridden where they tell something."""

    def _deadline(self, args: tuple[ValueT, ...], timeout: float | None) -> float:
        if timeout is None:
            # A command that blocks on purpose gets its own time on top.
            timeout = self._settings.stream_timeout + (block_timeout(args) or 0.0)
        check_seconds("timeout", timeout)
        return asyncio.get_running_loop().time() + timeout

    def _submit(self, requests: list[Request[ResponseType]]) -> None:
        generation = self._link.start()
        if self._link.is_opening_task():
            generation.exchange(requests)
        else:
            generation.submit(requests)
        self._pay_auth()

    async def _ready(self) -> None:
        self._check_owned()
        self._session.check(self.describe())
        if not self.is_connected:
            await self.connect()

    # ---- credentials

    def authenticate(self, username: str | None, password: str) -> None:
        """Authenticate the live socket anew, after a transaction under way; one that refuses is closed. Never waits."""
        self._owed_auth = ("AUTH", username, password) if username else ("AUTH", password)
        self._pay_auth()

    def _pay_auth(self) -> None:
        args, held = self._owed_auth, self.held
        if args is None or Held.TRANSACTION in held or not self.is_connected:
            return
        self._owed_auth = None
        if Held.SUBSCRIPTION in held and self.protocol_version == 2:
            return  # there the server takes subscriptions only, and goes on serving them
        settings, generation = self._settings, self._link.start()
        if settings.introduction.noreply:
            request = build_silent_request(args, skip=False)
        else:
            request = build_request(args)
            request.future.add_done_callback(partial(_check_authenticated, generation))
        request.deadline = self._deadline(args, None)
        generation.submit([request])

    # ---- messages

    async def send_command(self, command: bytes, *args: ValueT) -> None:
        """Send one command whose answer is read with `fetch_push_message`: SUBSCRIBE and its kin, MONITOR.

        If it fails, `fetch_push_message` raises why.
        """
        await self._ready()
        self.submit_command(command, *args)

    def submit_command(self, command: bytes, *args: ValueT) -> None:
        """Do as `send_command` on a connection that is up. Never waits."""
        words = words_of(command, args)
        name = command_name(words)
        check_sendable(name, words, self.protocol_version)
        request = self._build_unanswered(name, words)
        request.rescue = self._tell_reader
        request.future.add_done_callback(self._tell_late)
        request.deadline = self._deadline(words, None)
        self._session.held = after(self._session.held, name)
        self._submit([request])

    def _build_unanswered(self, name: bytes, words: tuple[ValueT, ...]) -> Request[object]:
        settings = self._settings
        if name in SUBSCRIBING:
            self._link.start().listen(lists=self.protocol_version == 2)
            if settings.introduction.noreply:
                return build_silent_request(words, encoding=settings.encoding, skip=False)
            return build_subscribing_request(name, words, settings.encoding)
        check_answered(b"", self.held)
        if name == b"MONITOR":
            self._link.start().listen(lists=False)
        return build_request(words, encoding=settings.encoding, convert=self._pushes.put)

    def _tell_reader(self, _: Request[object], error: RedisError) -> bool:
        """Pass on why the server refused a command, in the order of its answers; always False. To be a rescue."""
        if is_error_reply(error):
            self._pushes.put(error)
        return False

    def _tell_late(self, request: asyncio.Future[object]) -> None:
        """Pass on that a command was not answered in time; of a lost connection its reader hears anyway."""
        error = None if request.cancelled() else request.exception()
        if isinstance(error, TimeoutError):
            self._pushes.put(error)

    async def fetch_push_message(
        self,
        decode: bool | None = None,
        push_message_types: set[bytes] | None = None,
        block: bool | None = False,
    ) -> ResponseType:
        """Return the next push message of the wanted types; the others stay in `push_messages`.

        With `block` it waits as long as it takes, otherwise for `stream_timeout` and then raises `TimeoutError`.
        Raises `ConnectionError` when the connection is lost meanwhile. Cancelled, it takes no message.
        """
        types = frozenset(push_message_types) if push_message_types else None
        message = await self.next_push(types, None if block else self._settings.stream_timeout)
        decoded = self._settings.decode_responses if decode is None else decode
        return decode_reply(message, self._settings.encoding) if decoded else message

    async def next_push(self, types: frozenset[bytes] | None, seconds: float | None) -> ResponseType:
        """Return the next push message as it came; see `fetch_push_message`. Waits for `seconds`, None: for ever."""
        message = self._pushes.take(types)
        if message is NO_MESSAGE:
            await self._ready()
            try:
                message = await self._pushes.wait(types, seconds)
            except asyncio.TimeoutError:
                raise TimeoutError(f"{self.describe()}: no push message within {seconds:g} s") from None
        if isinstance(message, RedisError):
            raise message
        return message

    async def update_tracking_client(self, enabled: bool, client_id: int | None = None) -> bool:
        """Turn tracking on, with invalidations sent to `client_id`, or off. Return whether the server did.

        https://redis.io/docs/latest/commands/client-tracking/
        """
        redirect: tuple[ValueT, ...] = ("REDIRECT", client_id) if enabled and client_id is not None else ()
        try:
            await (await self.create_request(b"CLIENT TRACKING", "ON" if enabled else "OFF", *redirect))
        except ResponseError:
            return False
        self.tracking_client_id = client_id if enabled else None
        return True


def _check_authenticated(generation: Generation, request: asyncio.Future[object]) -> None:
    error = request.exception()
    if isinstance(error, RedisError):
        generation.end(fresh(error, maybe_executed=False))
