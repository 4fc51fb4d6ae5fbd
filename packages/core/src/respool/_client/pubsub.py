"""What somebody subscribed to, and the task that keeps it so: over one leased connection after another.

The task alone reads the connection. It checks an idle one for life, and comes back after a loss for as long as the
subscriber is open. `_connection` is held from lease to `_let_go`, whoever calls that.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from inspect import isawaitable
from itertools import count
from typing import Generic, TypeAlias, TypeVar, cast

from typing_extensions import Self

from respool._client.mailbox import Gap, Mailbox
from respool._client.messages import Confirmation, Delivery, Kind, Message, read
from respool._client.sending import RequestMaker
from respool._connection.base import BaseConnection
from respool._pool.pool import ConnectionPool
from respool._pool.retry import RetryPolicy
from respool._wire.values import StringT
from respool.errors import ConnectionError, DataError, PubSubError, RedisError, ResponseError, TimeoutError

T = TypeVar("T")

Handler: TypeAlias = Callable[[Message[T]], "Awaitable[object] | object"]

_BACKOFF = RetryPolicy(base=0.05, cap=2.0)


class _Asked:
    """One command that subscribes or unsubscribes, and what the server has not confirmed of it yet."""

    def __init__(self, command: bytes, names: set[bytes], answer: asyncio.Future[None]) -> None:
        self.command = command
        self.names = names
        self.answer = answer


class PubSub(Generic[T]):
    """Subscriptions to channels, patterns and sharded channels, and their messages in the order they came.

    `async for` yields each `Message`, and a `Gap` wherever messages may be missing: after a lost connection, once
    everything is subscribed to again, and where more than `max_messages` waited to be read, of which the oldest are
    dropped. A connection that stays silent for the pool's `stream_timeout` is asked for a sign of life.
    """

    def __init__(self, pool: ConnectionPool, maker: RequestMaker, max_messages: int = 10_000) -> None:
        if max_messages < 1:
            raise DataError(f"max_messages is at least 1, not {max_messages}")
        self._pool = pool
        self._maker = maker
        self._mailbox: Mailbox[Delivery] = Mailbox(max_messages)
        self._wanted: dict[Kind, dict[bytes, Handler[T] | None]] = {kind: {} for kind in Kind}
        self._unconfirmed: set[tuple[bytes, bytes | None]] = set()
        self._lost_by: str | None = None
        self._connection: BaseConnection | None = None
        self._task: asyncio.Task[None] | None = None
        self._asking = asyncio.Lock()
        self._asked: _Asked | None = None
        self._is_closed = False

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self.aclose()

    @property
    def is_connected(self) -> bool:
        """Whether messages can arrive now."""
        return self._connection is not None and self._connection.is_connected

    # ---- what to listen to

    async def subscribe(self, *channels: StringT, handler: Handler[T] | None = None) -> None:
        """Listen to channels; return once the server has confirmed it. Messages go to `handler`, if there is one.

        A handler, which may be a coroutine function, is called by whoever reads. Raises `ConnectionError`,
        `TimeoutError`, or why the server refused. Cancelled, it may have subscribed.
        """
        await self._join(Kind.CHANNEL, channels, handler)

    async def psubscribe(self, *patterns: StringT, handler: Handler[T] | None = None) -> None:
        """Listen to all channels that fit patterns; otherwise as `subscribe`."""
        await self._join(Kind.PATTERN, patterns, handler)

    async def ssubscribe(self, *channels: StringT, handler: Handler[T] | None = None) -> None:
        """Listen to sharded channels; otherwise as `subscribe`. Redis 7."""
        await self._join(Kind.SHARD, channels, handler)

    async def unsubscribe(self, *channels: StringT) -> None:
        """Listen no longer to channels, by default to any: none of their messages is read after this."""
        await self._leave(Kind.CHANNEL, channels)

    async def punsubscribe(self, *patterns: StringT) -> None:
        """Listen no longer to patterns, by default to any."""
        await self._leave(Kind.PATTERN, patterns)

    async def sunsubscribe(self, *channels: StringT) -> None:
        """Listen no longer to sharded channels, by default to any."""
        await self._leave(Kind.SHARD, channels)

    async def aclose(self) -> None:
        """Stop listening and give the connection back. What was received can still be read; then reading ends."""
        self._is_closed = True
        self._end(PubSubError("this subscriber was closed"), None)
        task = self._task
        if task is not None and not task.done():
            task.cancel()
            await asyncio.wait([task])

    # ---- what was heard

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Message[T] | Gap:
        entry = await self.get_message()
        if entry is None:
            raise StopAsyncIteration
        return entry

    async def get_message(self, timeout: float | None = None) -> Message[T] | Gap | None:
        """Wait for the next message or gap. None after `timeout` seconds, or when it was closed and all is read.

        Calls handlers on the way; what they raise is raised here. Cancelled, it takes nothing. Raises `PubSubError`
        where nothing was subscribed to, and what ended the subscription for good, such as a password no longer valid.
        """
        if self._task is None and not self._is_closed:
            raise PubSubError("nothing is subscribed to: there will be no message")
        loop = asyncio.get_running_loop()
        end = None if timeout is None else loop.time() + timeout
        while True:
            entry = await self._mailbox.take(None if end is None else max(0.0, end - loop.time()))
            if not isinstance(entry, Delivery):
                return entry
            if entry.name not in self._wanted[entry.kind]:
                continue  # unsubscribed meanwhile
            handler, message = self._wanted[entry.kind][entry.name], self._message(entry)
            if handler is None:
                return message
            outcome = handler(message)
            if isawaitable(outcome):
                await outcome

    def _message(self, delivery: Delivery) -> Message[T]:
        pattern = delivery.name if delivery.kind is Kind.PATTERN else None
        decoded = (self._maker.decoded(each) for each in (delivery.channel, delivery.data, pattern))
        return Message(*cast("tuple[T, T, T | None]", tuple(decoded)))

    # ---- asking

    async def _join(self, kind: Kind, names: tuple[StringT, ...], handler: Handler[T] | None) -> None:
        if not names:
            raise DataError(f"{kind.joining.decode()}: name at least one")
        encoded, wanted = self._encoded(names), self._wanted[kind]
        new = [name for name in encoded if name not in wanted]
        wanted.update(dict.fromkeys(encoded, handler))
        try:
            await self._ask(kind.joining, encoded)
        except RedisError:
            for name in new:
                wanted.pop(name, None)
            raise

    async def _leave(self, kind: Kind, names: tuple[StringT, ...]) -> None:
        encoded, wanted = self._encoded(names) or [*self._wanted[kind]], self._wanted[kind]
        left = [name for name in encoded if wanted.pop(name, self) is not self]
        if left and self._task is not None:
            await self._ask(kind.leaving, left)

    async def _ask(self, command: bytes, names: list[bytes]) -> None:
        """Send one such command at a time, so that an error is known to be about it."""
        async with self._asking:
            await self._open()
            if self._asked is not None:  # its caller was cancelled
                await asyncio.wait([self._asked.answer], timeout=self._pool.stream_timeout)
            answer = asyncio.get_running_loop().create_future()
            self._asked = asked = _Asked(command, set(names), answer)
            if self._connection is not None:
                await self._tell(self._connection, command, names)
            await asyncio.wait([answer], timeout=self._pool.stream_timeout)
            if not answer.done():
                self._give_up(asked)
            answer.result()

    async def _tell(self, connection: BaseConnection, command: bytes, names: list[bytes]) -> None:
        try:
            await connection.send_command(command, *names)
        except ConnectionError:
            connection.close()  # the task notices, and subscribes to everything again

    def _give_up(self, asked: _Asked) -> None:
        self._asked = None
        name = asked.command.decode()
        if self._connection is None:
            why = f": {self._lost_by}" if self._lost_by else ""
            raise ConnectionError(f"{name}: there is no connection to {self._pool.describe()}{why}")
        self._connection.close()  # a late answer must not be taken for another's
        raise TimeoutError(f"{name}: {self._pool.describe()} did not confirm it in time")

    async def _open(self) -> None:
        self._check_open()
        if self._task is None:
            self._connection = await self._pool.get_connection()
            try:
                self._check_open()
            except PubSubError:
                self._let_go()
                raise
            self._task = asyncio.get_running_loop().create_task(self._listen())
            self._task.add_done_callback(lambda _: self._let_go())

    def _check_open(self) -> None:
        if self._is_closed:
            raise PubSubError("this subscriber is closed")

    def _encoded(self, names: tuple[StringT, ...]) -> list[bytes]:
        return [name.encode(self._maker.encoding) if isinstance(name, str) else bytes(name) for name in names]

    # ---- listening

    async def _listen(self) -> None:
        try:
            while True:
                connection = self._connection or await self._come_back()
                self._lost_by = await self._receive(connection)
                self._let_go()
        except Exception as exc:  # it is for who reads
            self._is_closed = True
            self._let_go()
            self._end(exc, exc)

    async def _receive(self, connection: BaseConnection) -> str:
        """Take what comes until the connection is lost; return why it was."""
        dropped = connection.dropped_pushes
        while True:
            try:
                push = await connection.fetch_push_message(decode=False)
            except TimeoutError:
                if not await _is_alive(connection):
                    return "the server answers no more"
            except ResponseError as exc:
                self._refused(exc)
            except RedisError as exc:
                return str(exc)
            else:
                self._take(push)
            if connection.dropped_pushes > dropped:
                missed, dropped = connection.dropped_pushes - dropped, connection.dropped_pushes
                self._mailbox.put(Gap("messages came faster than they could be taken", missed))

    def _take(self, push: object) -> None:
        heard = read(push)
        if isinstance(heard, Delivery):
            self._mailbox.put(heard)
        elif isinstance(heard, Confirmation):
            self._confirmed(heard)

    def _confirmed(self, heard: Confirmation) -> None:
        asked = self._asked
        if asked is not None and asked.command == heard.command and heard.name is not None:
            asked.names.discard(heard.name)
            if not asked.names:
                self._answer(None)
        self._unconfirmed.discard((heard.command, heard.name))
        if self._lost_by is not None and not self._unconfirmed:
            # Only now: what is read anew because of a gap must not miss what comes next.
            self._mailbox.put(Gap(f"the connection was lost: {self._lost_by}"))
            self._lost_by = None

    def _refused(self, error: ResponseError) -> None:
        if self._asked is None:
            raise error  # something that was subscribed to before
        self._answer(error)

    async def _come_back(self) -> BaseConnection:
        """Lease another connection and subscribe to everything on it; try for as long as it takes."""
        for attempt in count():
            try:
                self._connection = connection = await self._pool.get_connection()
                await self._subscribe_again(connection)
            except (ConnectionError, TimeoutError) as exc:
                self._let_go()
                self._lost_by = str(exc)
                await asyncio.sleep(_BACKOFF.delay(min(attempt, 8)))
            else:
                return connection
        raise AssertionError("unreachable")

    async def _subscribe_again(self, connection: BaseConnection) -> None:
        if self._asked is not None and self._asked.command in (kind.leaving for kind in Kind):
            self._answer(None)  # it is left, for it is not wanted
        self._unconfirmed = {(kind.joining, name) for kind in Kind for name in self._wanted[kind]}
        for kind in Kind:
            if self._wanted[kind]:
                await connection.send_command(kind.joining, *self._wanted[kind])
        if not self._unconfirmed:
            self._lost_by = None

    def _let_go(self) -> None:
        """Give the connection back; the pool closes it, for it holds subscriptions."""
        connection, self._connection = self._connection, None
        if connection is not None:
            self._pool.release(connection)

    def _end(self, error: Exception, last_word: Exception | None) -> None:
        self._mailbox.close(last_word)
        self._answer(error)

    def _answer(self, error: Exception | None) -> None:
        asked, self._asked = self._asked, None
        if asked is None or asked.answer.done():
            return
        if error is None:
            asked.answer.set_result(None)
        else:
            asked.answer.set_exception(error)
            asked.answer.exception()  # its caller may be gone


async def _is_alive(connection: BaseConnection) -> bool:
    try:
        await (await connection.create_request(b"PING"))
    except ResponseError:
        return True
    except RedisError:
        return False
    return True
