"""One sentinel: a connection to ask it, and another that hears what it announces. Believes it nothing."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping
from typing import TypeAlias

from respool import CommandInvocation, Connection
from respool.errors import RedisError, ResponseError, TimeoutError
from respool_sentinel._views import (
    EVENTS,
    Address,
    Event,
    View,
    event_of,
    is_subscribed,
    primary_view,
    replica_views,
    sentinel_views,
    spell,
)

OnNews: TypeAlias = "Callable[[SentinelNode, Event | None], Awaitable[None]]"

RECONNECT_SECONDS = 0.5
"""Longest pause before a sentinel that cannot be heard is tried again: short, for its news are urgent."""

POLL_SECONDS = 5.0
"""After so much silence a sentinel is asked what it did not announce, or we did not hear."""


class SentinelNode:
    """Asks one sentinel. It connects when it is first asked, and again whenever that is needed."""

    def __init__(self, address: Address, connection_kwargs: Mapping[str, object]) -> None:
        host, port = address
        # The caller's own options: a wrong one is told by the constructor.
        self._asking = Connection(host, port, **connection_kwargs)  # type: ignore[arg-type]
        self._hearing = Connection(host, port, **connection_kwargs)  # type: ignore[arg-type]
        self.address = address
        self.run_id: str | None = None
        self.is_tilted = False
        """Whether it does not trust its own eyes now, by its own words."""
        self._listener: asyncio.Task[None] | None = None

    def __str__(self) -> str:
        return spell(self.address)

    async def primary(self, service: str) -> View:
        """Ask who the primary is. Raises `RedisError`, `ResponseError` where it does not know the service.

        One that leads a failover names the promoted replica before it describes it.
        """
        requests = await self._asking.create_requests(
            [
                CommandInvocation(b"SENTINEL MASTER", (service,), False, None),
                CommandInvocation(b"SENTINEL GET-MASTER-ADDR-BY-NAME", (service,), False, None),
            ]
        )
        return primary_view(*await asyncio.gather(*requests))

    async def replicas(self, service: str) -> list[View]:
        """Ask who the replicas are."""
        return replica_views(await self._ask(b"REPLICAS", service))

    async def sentinels(self, service: str) -> dict[str, Address]:
        """Ask where the other sentinels are, by run id."""
        return sentinel_views(await self._ask(b"SENTINELS", service))

    async def identify(self) -> None:
        """Ask for its run id, once. One that is too old to tell (before 6.2) stays nameless."""
        if self.run_id is None:
            try:
                reply = await self._ask(b"MYID")
            except ResponseError:
                reply = b""
            self.run_id = reply.decode() if isinstance(reply, bytes) else ""

    async def _ask(self, *question: bytes | str) -> object:
        return await (await self._asking.create_request(b"SENTINEL", *question, decode=False))

    # ---- hearing

    def listen(self, on_news: OnNews) -> None:
        """Call `on_news(self, event)` for what it announces; with None when it begins to be heard, and now and then.

        It goes on, over lost connections, until `aclose`. Begun already, it does nothing.
        """
        if self._listener is None:
            self._listener = asyncio.get_running_loop().create_task(self._listen(on_news))

    async def _listen(self, on_news: OnNews) -> None:
        while True:
            try:
                await self._hear(on_news)
            except RedisError:
                self._hearing.disconnect()
            self.is_tilted = False
            await asyncio.sleep(random.uniform(0.1, 1.0) * RECONNECT_SECONDS)

    async def _hear(self, on_news: OnNews) -> None:
        await self._hearing.connect()
        await self._hearing.send_command(b"SUBSCRIBE", *EVENTS)
        loop = asyncio.get_running_loop()
        poll_at = loop.time() + POLL_SECONDS
        while True:
            message = await self._next_message()
            event = event_of(message)
            if event is not None:
                self._note_tilt(event)
                await on_news(self, event)
            elif message is None and loop.time() < poll_at:
                continue
            elif message is None or is_subscribed(message, EVENTS[0]):
                await on_news(self, None)
                poll_at = loop.time() + POLL_SECONDS

    def _note_tilt(self, event: Event) -> None:
        if event.kind in (b"+tilt", b"-tilt"):
            self.is_tilted = event.kind == b"+tilt"

    async def _next_message(self) -> object:
        """Wait for a message; None from a sentinel that was silent for a while and says that it is still there."""
        try:
            return await self._hearing.fetch_push_message(decode=False)
        except TimeoutError:
            await (await self._hearing.create_request(b"PING"))
            return None

    async def aclose(self) -> None:
        """Stop listening and close both connections."""
        listener, self._listener = self._listener, None
        while listener is not None and not listener.done():
            # More than once: before Python 3.12, wait_for loses a cancellation that meets a message.
            listener.cancel()
            await asyncio.wait([listener], timeout=0.1)
        for connection in (self._asking, self._hearing):
            connection.disconnect()
            await connection.wait_closed()
