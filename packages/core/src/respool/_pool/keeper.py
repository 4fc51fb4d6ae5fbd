"""The connections of one pool in one event loop: does what the ledger decides, and nothing else.

Every connection it ever made is in its ledger, or closed. It belongs to its loop for good: a pool that comes to another
loop, or into a forked child, begins another keeper and leaves this one as it is.
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Protocol, cast

from respool._connection.base import BaseConnection
from respool._pool.ledger import IdleQueue, Ledger, Use, Want
from respool._pool.line import Line, Shareable
from respool._pool.retry import RetryPolicy
from respool._pool.turns import Turns
from respool._pool.upkeep import Fate, Rules, missing, overdue
from respool.errors import ConnectionError, RedisError

_HELD_BY_SOMEBODY = frozenset({Use.OPENING, Use.HANDED, Use.LEASED})


class Owner(Protocol):
    """What a keeper asks of its pool."""

    @property
    def max_connections(self) -> int | None: ...

    @property
    def shared_connections(self) -> int: ...

    @property
    def stream_timeout(self) -> float: ...

    def patience(self) -> float | None:
        """Return for how many seconds one may stand in line, None for ever. Raises `ConnectionError` for not at all."""

    def describe(self) -> str: ...

    def make_connection(self) -> BaseConnection: ...

    def make_queue(self) -> IdleQueue[BaseConnection]: ...

    def on_suspect(self, connection: BaseConnection) -> None: ...


class Keeper:
    """Leases, shares, opens, closes. One for each event loop that a pool is used in."""

    def __init__(
        self, owner: Owner, loop: asyncio.AbstractEventLoop, rules: Rules, retry: RetryPolicy
    ) -> None:
        self.loop = loop
        self.line = Line(self, loop, retry)
        self.ledger = Ledger(
            owner.max_connections, self._make, owner.make_queue, self.line.lost, owner.shared_connections
        )
        self.departing: set[asyncio.Future[None]] = set()
        """Sockets that were closed and have not let go of the loop yet."""
        self._owner = owner
        self._rules = rules
        self._in_advance: set[BaseConnection] = set()
        self._line_waiter: asyncio.Future[BaseConnection] | None = None
        self._timer: asyncio.TimerHandle | None = None

    @property
    def stream_timeout(self) -> float:
        """Seconds that a request may take by default."""
        return self._owner.stream_timeout

    # ---- taking

    async def lease(self) -> BaseConnection:
        """Return a connection that is connected, for one holder. Failed or cancelled, it costs no slot."""
        connection = self.ledger.lease()
        if connection is None:
            connection = await self._wait(Want.LEASE)
        try:
            self.keep_watch()
            await connection.take_over()
        except BaseException:
            self._put_back(connection)
            raise
        self.ledger.opened(connection)
        return connection

    async def get_share(self) -> BaseConnection:
        """Return a shared connection, connected; of several the next."""
        while True:
            connection = self.ledger.share()
            if connection is None:
                connection = await self._wait(Want.SHARE)
            self.keep_watch()
            await connection.connect()
            self._widen()
            # One that gave way to a lease meanwhile has to be waited for again.
            if self.ledger.use_of(connection) is Use.SHARED:
                self.ledger.pin(connection)
                return connection

    def share(self) -> Shareable | None:
        """Return the shared connection, or several; one may still be connecting. Never waits; for the line.

        None where there will be one: the line is told. Raises `ConnectionError` where none is to be expected.
        """
        connection = self.ledger.share()
        if connection is not None:
            self.keep_watch()
            if self.ledger.shares > 1:
                return self._take_turns(connection)
        elif self._line_waiter is None:
            self._line_waiter = self._stand_in_line(Want.SHARE)
            self._line_waiter.add_done_callback(self._line_served)
        return connection

    def share_one(self, preferred: BaseConnection | None) -> BaseConnection | None:
        """Return one connection that is shared, `preferred` as long as it is; otherwise as `share`."""
        if preferred is not None and self.ledger.use_of(preferred) is Use.SHARED:
            return preferred
        self.share()
        return self.ledger.shared

    # ---- sharing several

    def share_among(self, connections: int) -> None:
        """Let stateless requests share so many connections from now on, where the limit leaves room."""
        self.ledger.shares = connections
        for surplus in self.ledger.held_for(Use.SHARED)[connections:]:
            self.retire(surplus)
        self.line.lost()

    def _take_turns(self, first: BaseConnection) -> Shareable:
        """Return those of the shared connections that are up, to act as one; `first` while there is none."""
        shared = self.ledger.held_for(Use.SHARED)
        for connection in shared:
            if not connection.is_connected:
                connection.start().opened.add_done_callback(self._shared_opened)
        self._widen()
        ready = [connection for connection in shared if connection.is_connected]
        return Turns(ready) if len(ready) > 1 else (*ready, first)[0]

    def _shared_opened(self, _: object) -> None:
        self.line.lost()  # the next request finds one more that is up

    def _widen(self) -> None:
        """Begin to open what may be shared besides: no request waits for it."""
        try:
            while (connection := self.ledger.widen()) is not None:
                connection.start().opened.add_done_callback(partial(self._widened, connection))
        except ConnectionError:
            return  # no further one can be made now: those that are shared will do

    def _widened(self, connection: BaseConnection, opened: asyncio.Future[None]) -> None:
        if self.ledger.use_of(connection) is Use.OPENING:
            if connection.is_connected and not connection.is_worn:
                self.ledger.widened(connection)
            else:
                self._discard(connection)

    def _make(self) -> BaseConnection:
        connection = self._owner.make_connection()
        connection.observer = self
        connection.lifetime = self._rules.lifetime()
        return connection

    # ---- standing in line

    def _stand_in_line(self, want: Want) -> asyncio.Future[BaseConnection]:
        patience = self._patience()
        waiter: asyncio.Future[BaseConnection] = self.loop.create_future()
        if patience is not None:
            timer = self.loop.call_later(patience, self._out_of_patience, waiter, patience)
            waiter.add_done_callback(lambda _: timer.cancel())
        self._make_way(self.ledger.wait(waiter, want))
        return waiter

    def _make_way(self, yielding: BaseConnection | None) -> None:
        """Offer what was shared to whoever is in line, once its last replies are there."""
        if yielding is not None:
            self._when_settled(yielding)

    def _patience(self) -> float | None:
        try:
            return self._owner.patience()
        except ConnectionError:
            if not self.ledger.is_moving:
                raise
            return self.stream_timeout  # one slot will be free as soon as replies under way are there

    def _out_of_patience(self, waiter: asyncio.Future[BaseConnection], seconds: float) -> None:
        self.ledger.leave(waiter)
        if not waiter.done():
            where = f"all {self.ledger.limit} to {self._owner.describe()}"
            waiter.set_exception(
                ConnectionError(f"No connection available: {where} stayed in use for {seconds:g} s")
            )

    async def _wait(self, want: Want) -> BaseConnection:
        """Wait for a connection that is OPENING, or SHARED, from then on; the caller sees to it."""
        waiter = self._stand_in_line(want)
        try:
            connection = await waiter
        except asyncio.CancelledError:
            if waiter.done() and not waiter.cancelled() and waiter.exception() is None:
                self._pass_on(waiter.result())
            raise
        finally:
            self.ledger.leave(waiter)
        self._claim(connection, want)
        return connection

    def _claim(self, connection: BaseConnection, want: Want) -> None:
        if self.ledger.use_of(connection) is Use.HANDED:  # a share may be another's already
            self.ledger.claim(connection, want)

    def _pass_on(self, connection: BaseConnection) -> None:
        """Give back what was handed to a waiter that vanished before it noticed."""
        if self.ledger.use_of(connection) is Use.HANDED:
            self._put_back(connection)

    def _line_served(self, waiter: asyncio.Future[BaseConnection]) -> None:
        self._line_waiter = None
        if waiter.cancelled():
            return
        error = waiter.exception()
        if error is None:
            self._claim(waiter.result(), Want.SHARE)
            self.line.resume()
            self._make_way(self.ledger.give_way())
        elif isinstance(error, RedisError):
            self.line.refuse(error)
        else:
            self.line.refuse(
                ConnectionError(f"cannot make a connection to {self._owner.describe()}: {error!r}")
            )

    # ---- giving back

    def release(self, connection: BaseConnection) -> None:
        """Take a leased connection back. Raises `ConnectionError` for any other."""
        if self.ledger.use_of(connection) is not Use.LEASED:
            raise ConnectionError(f"{connection!r} is not leased from this pool")
        self._put_back(connection)

    def retire(self, connection: BaseConnection) -> None:
        """Send nothing more on a connection; close it when its last replies are there or its holder is done with it."""
        connection.lifetime = 0.0  # worn from now on: whoever holds it gives it back to be closed
        use = self.ledger.use_of(connection)
        if use is Use.SHARED:
            self.ledger.retire(connection)
            self._when_settled(connection)
        elif use is Use.IDLE:
            self._discard(connection)

    def disconnect(self) -> None:
        """Close everything now. What somebody holds alone keeps its slot until it is given back."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        with self.line.closing(ConnectionError(f"{self._owner.describe()}: the pool was disconnected")):
            for connection in self.ledger:
                if self.ledger.use_of(connection) in _HELD_BY_SOMEBODY:
                    connection.close()
                else:
                    self._discard(connection)

    async def drain(self) -> None:
        """Wait until nothing is under way any more, blocking commands aside; for `stream_timeout` at most."""
        end = self.loop.time() + self.stream_timeout
        while (left := end - self.loop.time()) > 0 and (under_way := self._under_way()):
            await asyncio.wait(under_way, timeout=left)

    def on_lost(self, connection: BaseConnection) -> None:
        """Take note that a connection's socket is gone. For the connections alone."""
        use = self.ledger.use_of(connection)
        if use is not None and use not in _HELD_BY_SOMEBODY:
            self._discard(connection)

    def on_suspect(self, connection: BaseConnection) -> None:
        """Pass on that the server takes suspiciously long. For the connections alone."""
        self._owner.on_suspect(connection)

    def _under_way(self) -> list[asyncio.Future[object]]:
        under_way = [request.future for request in self.line.pending()]
        for connection in self.ledger:
            if connection.requests_pending and not connection.is_blocked:
                under_way.append(cast("asyncio.Future[object]", connection.settled()))
        return under_way

    def _put_back(self, connection: BaseConnection) -> None:
        """Decide what becomes of a connection that its holder is done with."""
        if (
            not connection.is_connected
            or connection.held
            or connection.is_worn
            or connection.blocks_for_nobody
        ):
            # What it holds on the server must not be the next one's surprise.
            self._discard(connection)
        elif connection.requests_pending:
            self.ledger.settle(connection)
            self._when_settled(connection)
        else:
            self._offer(connection)

    def _offer(self, connection: BaseConnection) -> None:
        try:
            self.ledger.put_idle(connection)
        except BaseException:  # a queue class of the user's that does not take it
            self._discard(connection)
            raise

    def _when_settled(self, connection: BaseConnection) -> None:
        connection.settled().add_done_callback(partial(self._settled, connection))

    def _settled(self, connection: BaseConnection, _: object) -> None:
        use = self.ledger.use_of(connection)
        if use is Use.RETIRING or (use is Use.SETTLING and connection.is_worn):
            self._discard(connection)
        elif use is Use.SETTLING:
            self._offer(connection)

    def _discard(self, connection: BaseConnection) -> None:
        """Close a connection for good and give its slot to whoever waits."""
        connection.disown()
        closed = connection.closed
        if closed is not None and not closed.done():
            self.departing.add(closed)
            closed.add_done_callback(self.departing.discard)
        self.ledger.drop(connection)

    # ---- upkeep

    def keep_watch(self) -> None:
        """Keep one timer running while there is something to look at."""
        if (
            self._timer is None
            and (self._rules.need_a_timer or self.ledger.shares > 1)
            and (len(self.ledger) or self._rules.min_connections)
        ):
            self._timer = self.loop.call_later(self._rules.interval, self._look_round)

    def _look_round(self) -> None:
        self._timer = None
        for connection, fate in overdue(self.ledger, self._rules):
            if fate is Fate.RETIRE:
                self.retire(connection)
            else:
                self._discard(connection)
        self.open_missing()
        if 0 < self.ledger.count(Use.SHARED) < self.ledger.shares:
            self.line.lost()  # one more could not be opened before: the next request tries it again
        self.keep_watch()

    def open_missing(self) -> None:
        """Begin to open what `min_connections` lacks."""
        for _ in range(missing(self.ledger, self._rules)):
            connection = self.ledger.reserve()
            if connection is None:
                return
            self._in_advance.add(connection)
            connection.start().opened.add_done_callback(partial(self._opened_in_advance, connection))

    async def warm_up(self) -> None:
        """Wait until `min_connections` are there. Raises what opening one failed with."""
        self.open_missing()
        await asyncio.gather(*(connection.connect() for connection in self._in_advance))

    def _opened_in_advance(self, connection: BaseConnection, opened: asyncio.Future[None]) -> None:
        self._in_advance.discard(connection)
        if self.ledger.use_of(connection) is Use.OPENING:
            self._put_back(connection)
