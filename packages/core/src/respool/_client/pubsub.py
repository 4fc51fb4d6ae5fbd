"""Subscriptions as their users see them: what to listen to, and what was heard.

Where and how they are listened to is their carrier's affair.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from inspect import isawaitable
from typing import TYPE_CHECKING, Generic, TypeAlias, TypeVar, cast

from respool._client.carriers import MakeCarrier
from respool._client.intake import Intake
from respool._client.mailbox import Gap
from respool._client.messages import Delivery, Kind, Message, Subscription
from respool._client.sending import RequestMaker
from respool._wire.values import StringT
from respool.errors import ConnectionError, DataError, PubSubError, RedisError, TimeoutError

if TYPE_CHECKING:
    from typing_extensions import Self

T = TypeVar("T")

Handler: TypeAlias = Callable[[Message[T]], "Awaitable[object] | object"]


class PubSub(Generic[T]):
    """Subscriptions to channels, patterns and sharded channels, and their messages in the order they came.

    `async for` yields each `Message`, and a `Gap` wherever messages may be missing: after a lost connection, once
    everything is subscribed to again, and where more than `max_messages` waited to be read, of which the oldest are
    dropped. A connection that stays silent for `stream_timeout` is asked for a sign of life. Made by `pubsub()` of a
    client.
    """

    def __init__(self, make_carrier: MakeCarrier, maker: RequestMaker, max_messages: int = 10_000) -> None:
        if max_messages < 1:
            raise DataError(f"max_messages is at least 1, not {max_messages}")
        self._maker = maker
        self._handlers: dict[Subscription, Handler[T] | None] = {}
        self._unconfirmed: set[Subscription] = set()
        """Those of which nobody was told yet that they are listened to."""
        self._intake = Intake(max_messages, self)
        self._carrier = make_carrier(self._intake)
        self._was_used = False

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self.aclose()

    @property
    def is_connected(self) -> bool:
        """Whether messages can arrive now."""
        return self._carrier.is_connected

    # ---- what to listen to

    @property
    def channels(self) -> tuple[T, ...]:
        """The channels that are listened to, those being subscribed to again after a loss included."""
        return self._listened_to(Kind.CHANNEL)

    @property
    def patterns(self) -> tuple[T, ...]:
        """The patterns that are listened to."""
        return self._listened_to(Kind.PATTERN)

    @property
    def shard_channels(self) -> tuple[T, ...]:
        """The sharded channels that are listened to."""
        return self._listened_to(Kind.SHARD)

    async def subscribe(self, *channels: StringT, handler: Handler[T] | None = None) -> None:
        """Listen to channels; return once the server has confirmed it. Messages go to `handler`, if there is one.

        A handler, which may be a coroutine function, is called by whoever reads. What is listened to already costs no
        question. Raises `ConnectionError`, `TimeoutError`, or why the server refused; failed or cancelled, it listens
        to nothing new.
        """
        await self._join(Kind.CHANNEL, channels, handler)

    async def psubscribe(self, *patterns: StringT, handler: Handler[T] | None = None) -> None:
        """Listen to all channels that fit patterns; otherwise as `subscribe`."""
        await self._join(Kind.PATTERN, patterns, handler)

    async def ssubscribe(self, *channels: StringT, handler: Handler[T] | None = None) -> None:
        """Listen to sharded channels; otherwise as `subscribe`. Redis 7."""
        await self._join(Kind.SHARD, channels, handler)

    async def unsubscribe(self, *channels: StringT) -> None:
        """Listen no longer to channels, by default to any: none of their messages is read after this.

        Returns once the server has confirmed it. Raises `TimeoutError` if it does not in time; failed or cancelled,
        their messages are not read either.
        """
        await self._leave(Kind.CHANNEL, channels)

    async def punsubscribe(self, *patterns: StringT) -> None:
        """Listen no longer to patterns, by default to any."""
        await self._leave(Kind.PATTERN, patterns)

    async def sunsubscribe(self, *channels: StringT) -> None:
        """Listen no longer to sharded channels, by default to any."""
        await self._leave(Kind.SHARD, channels)

    async def aclose(self) -> None:
        """Stop listening and give connections back. What was received can still be read; then reading ends."""
        self._intake.close()
        await self._carrier.aclose()

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

        Calls handlers on the way; what they raise is raised here. Cancelled, it takes nothing, or the one message
        whose handler is at work. Raises `PubSubError` where nothing was subscribed to, and what ended the subscription
        for good, such as a password no longer valid.
        """
        if not self._was_used and not self._intake.is_over:
            raise PubSubError("nothing is subscribed to: there will be no message")
        loop = asyncio.get_running_loop()
        end = None if timeout is None else loop.time() + timeout
        while True:
            entry = await self._intake.mailbox.take(None if end is None else max(0.0, end - loop.time()))
            if not isinstance(entry, Delivery):
                return entry
            if entry.subscription not in self._handlers:
                continue  # unsubscribed meanwhile
            handler, message = self._handlers[entry.subscription], self._message(entry)
            if handler is None:
                return message
            outcome = handler(message)
            if isawaitable(outcome):
                await outcome

    def _message(self, delivery: Delivery) -> Message[T]:
        kind, name = delivery.subscription
        pattern = None if kind is not Kind.PATTERN else self._decoded(name)
        return Message(self._decoded(delivery.channel), self._decoded(delivery.data), pattern)

    def _decoded(self, text: bytes) -> T:
        return cast("T", self._maker.decoded(text))

    # ---- asking

    def _listened_to(self, kind: Kind) -> tuple[T, ...]:
        return tuple(self._decoded(each.name) for each in self._handlers if each.kind is kind)

    async def _join(self, kind: Kind, names: tuple[StringT, ...], handler: Handler[T] | None) -> None:
        if not names:
            raise DataError(f"{kind.joining.decode()}: name at least one")
        if self._intake.is_over:
            raise PubSubError("this subscriber is closed")
        self._was_used = True
        subscriptions = self._subscriptions(kind, names)
        self._unconfirmed.update(each for each in subscriptions if each not in self._handlers)
        self._handlers.update(dict.fromkeys(subscriptions, handler))
        for each in subscriptions:
            # Who waits to have left it need not wait for a server that may never be asked.
            self._intake.leaving.confirm(each)
        answer = self._intake.joining.expect(subscriptions)
        try:
            await self._carrier.assign(subscriptions)
            await self._wait_for(answer, kind.joining)
        except (RedisError, asyncio.CancelledError):
            answer.cancel()
            self._carrier.withdraw(self._forget(self._given_up(subscriptions)))
            raise
        self._unconfirmed.difference_update(subscriptions)

    def _given_up(self, subscriptions: Iterable[Subscription]) -> list[Subscription]:
        """Return those that nobody relies on, and nobody waits for any more."""
        is_awaited = self._intake.joining.is_awaited
        return [each for each in subscriptions if each in self._unconfirmed and not is_awaited(each)]

    async def _leave(self, kind: Kind, names: tuple[StringT, ...]) -> None:
        named = self._subscriptions(kind, names) or [each for each in self._handlers if each.kind is kind]
        left = self._forget(named)
        if left and not self._intake.is_over:
            for each in left:
                self._intake.joining.fail(
                    each, PubSubError("it was unsubscribed from before it was confirmed")
                )
            answer = self._intake.leaving.expect(left)
            try:
                self._carrier.withdraw(left)
                await self._wait_for(answer, kind.leaving)
            finally:
                answer.cancel()

    async def _wait_for(self, answer: asyncio.Future[None], command: bytes) -> None:
        seconds = self._carrier.stream_timeout
        await asyncio.wait([answer], timeout=seconds)
        if not answer.cancel():
            return answer.result()
        name, where = command.decode(), self._carrier.describe()
        if not self._carrier.is_connected:
            raise ConnectionError(f"{name}: there is no connection to {where}")
        raise TimeoutError(f"{name}: {where} did not confirm it within {seconds:g} s")

    def _subscriptions(self, kind: Kind, names: tuple[StringT, ...]) -> list[Subscription]:
        encoding = self._maker.encoding
        encoded = (name.encode(encoding) if isinstance(name, str) else bytes(name) for name in names)
        return [Subscription(kind, name) for name in dict.fromkeys(encoded)]

    def _forget(self, subscriptions: Iterable[Subscription]) -> list[Subscription]:
        forgotten = [each for each in subscriptions if each in self._handlers]
        for each in forgotten:
            del self._handlers[each]
            self._unconfirmed.discard(each)
        return forgotten
