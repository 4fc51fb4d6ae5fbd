"""Clients of single nodes, and what several are asked by name. What a node answers is final, a redirection too."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar, cast

from respool import ConnectionPool, Redis
from respool.errors import RedisError
from respool.lowlevel import ResponseType, ValueT
from respool_cluster._client.targets import AnyNode, Nodes, address_of, choose
from respool_cluster._map.node import Node
from respool_cluster._routing.guide import Guide
from respool_cluster._routing.joining import join

T = TypeVar("T")
R = TypeVar("R")


class Nodewise(Generic[T]):
    """Goes to nodes by name, through the clients that `make` makes of their pools."""

    def __init__(self, guide: Guide, make: Callable[[ConnectionPool], Redis[T]]) -> None:
        self._guide = guide
        self._make = make

    def on(self, node: AnyNode) -> Redis[T]:
        """Return a client of one node."""
        return self._make(self._guide.pool_of(address_of(node)))

    async def chosen(self, nodes: Nodes) -> list[Node]:
        """Return the addresses of nodes, as soon as they are known."""
        return choose(await self._guide.known(), nodes)

    async def for_each(self, call: Callable[[Redis[T]], Awaitable[R]], nodes: Nodes) -> dict[Node, R]:
        """Do something on several nodes at once; raise the first error when all are done."""
        chosen = await self.chosen(nodes)
        outcomes = await asyncio.gather(
            *(_one(call, self.on(node)) for node in chosen), return_exceptions=True
        )
        failed = next((each for each in outcomes if isinstance(each, BaseException)), None)
        if failed is not None:
            raise failed
        return dict(zip(chosen, cast("list[R]", outcomes), strict=True))

    def ask(self, args: tuple[ValueT, ...], nodes: Nodes) -> asyncio.Future[dict[Node, ResponseType]]:
        """Send a command to several nodes; return the future of their replies by node."""
        loop = asyncio.get_running_loop()
        whole: asyncio.Future[object] = loop.create_future()
        task = loop.create_task(self._ask(whole, args, nodes))
        whole.add_done_callback(lambda _: task.cancel())
        return whole  # type: ignore[return-value] # it is completed with what `_ask` merges

    async def _ask(self, whole: asyncio.Future[object], args: tuple[ValueT, ...], nodes: Nodes) -> None:
        try:
            chosen = await self.chosen(nodes)
        except RedisError as exc:
            if not whole.done():
                whole.set_exception(exc)
            return
        if not chosen:
            whole.set_result({})
            return
        parts = [self.on(node).execute_command(*args) for node in chosen]
        join(whole, parts, lambda replies: dict(zip(chosen, replies, strict=True)))


async def _one(call: Callable[[Redis[T]], Awaitable[R]], client: Redis[T]) -> R:
    return await call(client)
