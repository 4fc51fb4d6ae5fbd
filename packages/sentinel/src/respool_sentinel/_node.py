"""One sentinel: a connection to ask it, and another that hears what it announces. Believes it nothing."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping

from respool import Connection
from respool.errors import RedisError, TimeoutError
from respool_sentinel._views import (
    SWITCHED,
    Address,
    View,
    is_subscribed,
    primary_view,
    replica_views,
    spell,
    switched_service,
)

_RECONNECT_SECONDS = 0.5
"""Longest pause before a sentinel that cannot be heard is tried again: short, for its news are urgent."""


class SentinelNode:
    """Asks one sentinel. It connects when it is first asked, and again whenever that is needed."""

    def __init__(self, address: Address, connection_kwargs: Mapping[str, object]) -> None:
        host, port = address
        # The caller's own options: a wrong one is told by the constructor.
        self._asking = Connection(host, port, **connection_kwargs)  # type: ignore[arg-type]
        self._hearing = Connection(host, port, **connection_kwargs)  # type: ignore[arg-type]
        self._name = spell(address)
        self._listener: asyncio.Task[None] | None = None

    def __str__(self) -> str:
        return self._name

    async def primary(self, service: str) -> View:
        """Ask who the primary is. Raises `RedisError`, `ResponseError` where it does not know the service."""
        return primary_view(await self._ask(b"MASTER", service))

    async def replicas(self, service: str) -> list[View]:
        """Ask who the replicas are."""
        return replica_views(await self._ask(b"REPLICAS", service))

    async def _ask(self, question: bytes, service: str) -> object:
        return await (await self._asking.create_request(b"SENTINEL", question, service, decode=False))

    # ---- hearing

    def listen(self, on_news: Callable[[SentinelNode, str | None], Awaitable[None]]) -> None:
        """Call `on_news(self, service)` when it announces a failover; with None when it begins to be heard.

        It goes on, over lost connections, until `aclose`. Begun already, it does nothing.
        """
        if self._listener is None:
            self._listener = asyncio.get_running_loop().create_task(self._listen(on_news))

    async def _listen(self, on_news: Callable[[SentinelNode, str | None], Awaitable[None]]) -> None:
        while True:
            try:
                await self._hearing.connect()
                await self._hearing.send_command(b"SUBSCRIBE", SWITCHED)
                while True:
                    message = await self._next_message()
                    service = switched_service(message)
                    if service is not None or is_subscribed(message):
                        await on_news(self, service)
            except RedisError:
                self._hearing.disconnect()
            await asyncio.sleep(random.uniform(0.1, 1.0) * _RECONNECT_SECONDS)

    async def _next_message(self) -> object:
        """Wait for a message; a sentinel that is silent for long is asked whether it is still there."""
        while True:
            try:
                return await self._hearing.fetch_push_message(decode=False)
            except TimeoutError:
                await (await self._hearing.create_request(b"PING"))

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
