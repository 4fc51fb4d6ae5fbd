"""Where keys of a slot are watched, and beginning anew where the slot went meanwhile: nothing was executed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from inspect import isawaitable
from itertools import count
from typing import Generic, TypeVar

from respool import Pipeline, Watched
from respool.errors import ConnectionError, DataError, RedisClusterError, WatchError
from respool.lowlevel import KeyT, RequestMaker
from respool_cluster._client.watched import ClusterWatched, Place
from respool_cluster._map.slot import slot_of_keys
from respool_cluster._routing.guide import Guide

T = TypeVar("T")


class Watching(Generic[T]):
    """Leases connections that watch, from the pools of the nodes."""

    def __init__(self, guide: Guide, maker: RequestMaker) -> None:
        self._guide = guide
        self._maker = maker

    @asynccontextmanager
    async def watch(self, keys: Sequence[KeyT]) -> AsyncIterator[Watched[T]]:
        """Watch keys of one slot for the length of the block. To begin with, the slot is followed where it goes."""
        if not keys:
            raise DataError("name the keys to watch: they say which node is asked")
        slot = slot_of_keys(keys, self._maker.encoding)
        async with AsyncExitStack() as stack:
            yield await self._begin(stack, slot, keys)

    async def transaction(
        self,
        fn: Callable[[Watched[T], Pipeline[T]], Awaitable[object] | object],
        keys: Sequence[KeyT],
        attempts: int,
    ) -> list[object]:
        """Watch keys, have `fn` fill a transaction and execute it, until nobody came between."""
        for attempt in count(1):
            try:
                async with self.watch(keys) as watched, watched.pipeline() as pipe:
                    outcome = fn(watched, pipe)
                    if isawaitable(outcome) and not isinstance(
                        outcome, asyncio.Future
                    ):  # that is still queued
                        await outcome
                    return await pipe.execute()
            except WatchError as exc:
                if exc.maybe_executed or attempt >= attempts:
                    raise
                if exc.__cause__ is not None:  # it was no key that changed: the slot went, or its node
                    await self._look()
        raise AssertionError("unreachable")

    async def _begin(self, stack: AsyncExitStack, slot: int, keys: Sequence[KeyT]) -> Watched[T]:
        """Return what watches the keys; the stack lets go of it."""
        end = self._guide.deadline()
        while True:
            try:
                return await stack.enter_async_context(self._watch_once(slot, keys))
            except (ConnectionError, WatchError):  # to watch twice does no harm
                if asyncio.get_running_loop().time() >= end:
                    raise
            await self._look()

    @asynccontextmanager
    async def _watch_once(self, slot: int, keys: Sequence[KeyT]) -> AsyncIterator[Watched[T]]:
        node = await self._guide.primary_of(slot)
        pool = self._guide.pool_of(node)
        async with pool.connection() as connection:
            place = Place(self._guide, slot, node, self._maker.encoding)
            watched: ClusterWatched[T] = ClusterWatched(pool, connection, self._maker, place)
            try:
                await watched.watch(*keys)
                yield watched
            finally:
                await watched.unwatch()

    async def _look(self) -> None:
        with suppress(RedisClusterError):  # another error ends it, that the client was closed among them
            await self._guide.look()
