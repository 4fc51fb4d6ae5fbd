"""One place to listen at: one leased connection after another, and the task that holds and reads them.

What to ask there is its agenda's affair; what becomes of what it cannot do, and where else to listen, its overseer's.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Protocol, TypeAlias

from respool._client.agenda import Agenda, Batch
from respool._client.intake import Intake
from respool._client.mailbox import Gap
from respool._client.messages import Confirmation, Delivery, Subscription, read
from respool._connection.base import BaseConnection
from respool._pool.pool import ConnectionPool
from respool._pool.retry import RetryPolicy
from respool.errors import (
    BusyScriptError,
    ClusterDownError,
    ConnectionError,
    InvalidResponse,
    RedisError,
    ResponseError,
    TimeoutError,
    TryAgainError,
)

BACKOFF = RetryPolicy(base=0.05, cap=2.0)

PASSING = (ConnectionError, TimeoutError, InvalidResponse, BusyScriptError, ClusterDownError, TryAgainError)
"""What may pass by itself: it is tried again."""

_LASTING_SECONDS = 5.0
"""What has listened for this long was sound: it is opened again at once."""


_TOO_FAST = "messages came faster than they could be taken"

FindPool: TypeAlias = Callable[[], Awaitable[ConnectionPool]]
"""Tells where the next connection is leased. Raises `RedisError` where there is nowhere at the moment."""


class Overseer(Protocol):
    """Who decides what becomes of what a station cannot do. What it raises ends the station."""

    def on_unreachable(self, station: Station, error: RedisError) -> None:
        """Hear that there was no connection; another try follows."""

    def on_lost(self, station: Station, reason: str) -> None:
        """Hear that the connection was lost; another try follows."""

    def on_ended(self, station: Station, subscription: Subscription) -> None:
        """Hear that the server ended what was not to end; it is asked for again, unless it is dropped now."""

    def on_refused(
        self, station: Station, subscriptions: frozenset[Subscription], error: ResponseError
    ) -> None:
        """Hear that the server refused to let it listen to these; it does not ask again by itself."""

    def on_idle(self, station: Station) -> None:
        """Hear that nothing is assigned to it any more, and that the server has confirmed it."""

    def on_broken(self, station: Station, error: BaseException) -> None:
        """Hear that the station has ended for good."""


class Station:
    """Keeps messages coming for an intake, by one connection at a time. It connects when something is assigned to it.

    After `silence_seconds`, by default its pool's `stream_timeout`, the server is asked for a sign of life. `batch`
    tells what may go into one command: subscriptions for which it returns the same.
    """

    def __init__(
        self,
        find_pool: FindPool,
        intake: Intake,
        overseer: Overseer,
        *,
        backoff: RetryPolicy = BACKOFF,
        silence_seconds: float | None = None,
        batch: Batch = lambda subscription: None,
    ) -> None:
        self._find_pool = find_pool
        self._intake = intake
        self._overseer = overseer
        self._backoff = backoff
        self._silence_seconds = silence_seconds
        self._agenda = Agenda(intake, batch)
        self._connection: BaseConnection | None = None
        self._task: asyncio.Task[None] | None = None
        self._hangs_up = False
        self.tried = asyncio.Event()
        """Set once it is known whether there is a connection."""

    @property
    def is_connected(self) -> bool:
        """Whether messages can arrive now."""
        return self._connection is not None and self._connection.is_connected

    @property
    def is_idle(self) -> bool:
        """Whether nothing is assigned to it, and no answer of the server's outstanding."""
        return not self._agenda.wanted and not self._agenda.awaits_answers

    @property
    def has_listened(self) -> bool:
        """Whether the server has ever confirmed anything."""
        return self._agenda.has_listened

    def was_heard(self, subscription: Subscription) -> bool:
        """Tell whether somebody relies on this: it was confirmed here, even if it has been lost since."""
        return self._agenda.was_heard(subscription)

    # ---- what to listen to

    def assign(self, subscriptions: Iterable[Subscription], missed: str | None = None) -> None:
        """Listen to these from now on. Where `missed` says why they were lost elsewhere, a gap will follow.

        The intake hears when the server has confirmed.
        """
        self._agenda.want(subscriptions, missed)
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._run())
            self._task.add_done_callback(self._finish)
        self._ask()

    def withdraw(self, subscriptions: Iterable[Subscription]) -> None:
        """Listen to these no longer; the intake hears when the server has confirmed."""
        self._agenda.leave(subscriptions)
        self._ask()

    def drop(self, subscriptions: Iterable[Subscription]) -> None:
        """Pass on nothing of these any more, without a word to the server, which has ended them or soon will."""
        self._agenda.drop(subscriptions)

    def hang_up(self) -> None:
        """Close the connection, or the one being opened, as if it was lost: all is asked for again by another."""
        self._hangs_up = True
        if self._connection is not None:
            self._connection.close()

    async def aclose(self) -> None:
        """Give the connection back."""
        task = self._task
        if task is not None and not task.done():
            task.cancel()
            await asyncio.wait([task])

    # ---- the connection

    async def _run(self) -> None:
        failures = 0
        while self._agenda.wanted:
            if await self._visit():
                failures = 0
            else:
                await asyncio.sleep(self._backoff.delay(failures))
                failures += 1

    async def _visit(self) -> bool:
        """Listen by one connection, if there is one, until it is lost; tell whether it lasted."""
        self._hangs_up = False
        try:
            pool = await self._find_pool()
            connection = self._connection = await pool.get_connection()
        except RedisError as exc:
            self._overseer.on_unreachable(self, exc)
            return False
        finally:
            self.tried.set()
        now = asyncio.get_running_loop().time
        began = now()
        if self._hangs_up:
            connection.close()
        try:
            reason = await self._listen(connection, self._silence_seconds or pool.stream_timeout)
        finally:
            self._connection = None
            pool.release(connection)  # it closes it, for it holds subscriptions
        has_lasted = now() - began >= _LASTING_SECONDS and bool(self._agenda.confirmed)
        self._agenda.lose_all(f"the connection was lost: {reason}")
        self._overseer.on_lost(self, reason)
        return has_lasted

    def _finish(self, task: asyncio.Task[None]) -> None:
        self.tried.set()
        error = None if task.cancelled() else task.exception()
        if error is not None:
            self._overseer.on_broken(self, error)

    # ---- sending and receiving

    def _ask(self) -> None:
        """Send what is due, at once, so that none overtake."""
        connection = self._connection
        if connection is not None and connection.is_connected:
            for command, names in self._agenda.take_due():
                connection.submit_command(command, *names)

    async def _listen(self, connection: BaseConnection, silence_seconds: float) -> str:
        """Take what comes until the connection is lost; return why it was."""
        dropped = connection.dropped_pushes
        while True:
            self._ask()
            if self.is_idle:
                self._overseer.on_idle(self)
            reason = await self._receive(connection, silence_seconds)
            if connection.dropped_pushes > dropped:
                missed, dropped = connection.dropped_pushes - dropped, connection.dropped_pushes
                if self._agenda.awaits_answers:  # and the answer may be among them
                    return _TOO_FAST
                self._intake.take([Gap(_TOO_FAST, missed)])
            if reason is not None:
                return reason

    async def _receive(self, connection: BaseConnection, silence_seconds: float) -> str | None:
        """Take one push; return why there will be no other, if so."""
        if not (connection.is_connected or await connection.can_read()):
            return "it was closed"  # fetching would open it again, and nothing was asked there
        try:
            push = await connection.next_push(None, silence_seconds)
        except TimeoutError:
            return None if await self._is_alive(connection) else "the server answers no more"
        except ResponseError as exc:
            # Without a question nobody knows what it is about.
            if isinstance(exc, PASSING) or not self._agenda.awaits_answers:
                return str(exc)
            refused = self._agenda.on_refusal(exc)
            if refused:
                self._overseer.on_refused(self, refused, exc)
        except RedisError as exc:
            return str(exc)
        else:
            self._take(push)
        return None

    async def _is_alive(self, connection: BaseConnection) -> bool:
        """Ask for a sign of life. What was asked before is answered before, or never will be."""
        unanswered = self._agenda.oldest_unanswered
        try:
            await (await connection.create_request(b"PING"))
        except ResponseError:
            pass
        except RedisError:
            return False
        is_answered = unanswered is not self._agenda.oldest_unanswered or await connection.can_read()
        return unanswered is None or is_answered

    def _take(self, push: object) -> None:
        heard = read(push)
        if isinstance(heard, Delivery):
            self._agenda.on_delivery(heard)
        elif isinstance(heard, Confirmation) and self._agenda.on_confirmation(heard):
            self._overseer.on_ended(self, heard.subscription)
