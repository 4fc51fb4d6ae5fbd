"""One place to listen at: one leased connection after another to one server, and the task that holds and reads them.

What to ask there is its agenda's affair; what becomes of what it cannot do, and where else to listen, its overseer's.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Protocol

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

    def on_broken(self, station: Station, error: BaseException) -> None:
        """Hear that the station has ended for good."""


class Station:
    """Keeps one server's messages coming for an intake. It connects when something is assigned to it.

    `batch` tells what may go into one command: subscriptions for which it returns the same.
    """

    def __init__(
        self,
        pool: ConnectionPool,
        intake: Intake,
        overseer: Overseer,
        *,
        backoff: RetryPolicy = BACKOFF,
        batch: Batch = lambda subscription: None,
    ) -> None:
        self._pool = pool
        self._intake = intake
        self._overseer = overseer
        self._backoff = backoff
        self._agenda = Agenda(intake, batch)
        self._connection: BaseConnection | None = None
        self._task: asyncio.Task[None] | None = None
        self.tried = asyncio.Event()
        """Set once it is known whether there is a connection."""

    @property
    def is_connected(self) -> bool:
        """Whether messages can arrive now."""
        return self._connection is not None and self._connection.is_connected

    @property
    def is_idle(self) -> bool:
        """Whether nothing is assigned to it."""
        return not self._agenda.wanted

    @property
    def has_listened(self) -> bool:
        """Whether the server has ever confirmed anything."""
        return self._agenda.has_listened

    def was_heard(self, subscription: Subscription) -> bool:
        """Tell whether somebody relies on this: it was confirmed here, even if it has been lost since."""
        return self._agenda.was_heard(subscription)

    # ---- what to listen to

    async def assign(self, subscriptions: Iterable[Subscription], missed: str | None = None) -> None:
        """Listen to these from now on. Where `missed` says why they were lost elsewhere, a gap will follow.

        Returns at once: the intake hears when the server has confirmed.
        """
        self._agenda.want(subscriptions, missed)
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._run())
            self._task.add_done_callback(self._finish)
        await self._ask()

    async def withdraw(self, subscriptions: Iterable[Subscription]) -> None:
        """Listen to these no longer; the intake hears when the server has confirmed."""
        self._agenda.leave(subscriptions)
        await self._ask()

    def drop(self, subscriptions: Iterable[Subscription]) -> None:
        """Pass on nothing of these any more, without a word to the server, which has ended them or soon will."""
        self._agenda.drop(subscriptions)

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
        try:
            connection = self._connection = await self._pool.get_connection()
        except RedisError as exc:
            self._overseer.on_unreachable(self, exc)
            return False
        finally:
            self.tried.set()
        now = asyncio.get_running_loop().time
        began = now()
        try:
            reason = await self._listen(connection)
        finally:
            self._let_go()
        has_lasted = now() - began >= _LASTING_SECONDS and bool(self._agenda.confirmed)
        self._agenda.lose_all(f"the connection was lost: {reason}")
        self._overseer.on_lost(self, reason)
        return has_lasted

    def _let_go(self) -> None:
        """Give the connection back; the pool closes it, for it holds subscriptions."""
        connection, self._connection = self._connection, None
        if connection is not None:
            self._pool.release(connection)

    def _finish(self, task: asyncio.Task[None]) -> None:
        self.tried.set()
        error = None if task.cancelled() else task.exception()
        if error is not None:
            self._overseer.on_broken(self, error)

    # ---- sending and receiving

    async def _ask(self) -> None:
        """Send what is due. It does not wait, for a connection that is up takes commands at once: so none overtake."""
        connection = self._connection
        if connection is None or not connection.is_connected:
            return
        try:
            for command, names in self._agenda.take_due():
                await connection.send_command(command, *names)
        except ConnectionError:
            connection.close()  # the task notices, and asks for everything again

    async def _listen(self, connection: BaseConnection) -> str:
        """Take what comes until the connection is lost; return why it was."""
        dropped = connection.dropped_pushes
        while True:
            await self._ask()
            reason = await self._receive(connection)
            if connection.dropped_pushes > dropped:
                missed, dropped = connection.dropped_pushes - dropped, connection.dropped_pushes
                if self._agenda.awaits_answers:  # and the answer may be among them
                    return _TOO_FAST
                self._intake.take([Gap(_TOO_FAST, missed)])
            if reason is not None:
                return reason

    async def _receive(self, connection: BaseConnection) -> str | None:
        """Take one push; return why there will be no other, if so."""
        if not (connection.is_connected or await connection.can_read()):
            return "it was closed"  # fetching would open it again, and nothing was asked there
        try:
            push = await connection.fetch_push_message(decode=False)
        except TimeoutError:
            is_lost = self._agenda.awaits_answers or not await _is_alive(connection)
            return "the server answers no more" if is_lost else None
        except ResponseError as exc:
            if (
                isinstance(exc, PASSING) or not self._agenda.awaits_answers
            ):  # or nobody knows what it is about
                return str(exc)
            refused = self._agenda.on_refusal(exc)
            if refused:
                self._overseer.on_refused(self, refused, exc)
        except RedisError as exc:
            return str(exc)
        else:
            self._take(push)
        return None

    def _take(self, push: object) -> None:
        heard = read(push)
        if isinstance(heard, Delivery):
            self._agenda.on_delivery(heard)
        elif isinstance(heard, Confirmation) and self._agenda.on_confirmation(heard):
            self._overseer.on_ended(self, heard.subscription)


async def _is_alive(connection: BaseConnection) -> bool:
    try:
        await (await connection.create_request(b"PING"))
    except ResponseError:
        return True
    except RedisError:
        return False
    return True
