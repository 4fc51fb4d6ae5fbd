"""A leased connection that watches keys of one slot, at the node that serves it. It follows the slot nowhere.

A slot that moves takes what was watched with it: that is a `WatchError`, like a changed key.
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Generic, TypeVar

from respool import BaseConnection, ConnectionPool, Pipeline, Watched
from respool.errors import (
    AskError,
    ClusterDownError,
    MovedError,
    ReadOnlyError,
    RedisClusterError,
    RedisError,
    TryAgainError,
    WatchError,
)
from respool.lowlevel import (
    Convert,
    KeyT,
    Request,
    RequestMaker,
    Rescue,
    Transaction,
    ValueT,
    WatchedPipeline,
    refuse,
)
from respool_cluster._map.node import Node
from respool_cluster._map.slot import slot_of
from respool_cluster._routing.guide import Guide

T = TypeVar("T")
R = TypeVar("R")

_ELSEWHERE = (AskError, ClusterDownError, MovedError, ReadOnlyError, TryAgainError)
"""What a node says that does not serve the slot, or not all of it, or not now. It executed nothing."""


class Place:
    """Where a slot is watched: at which node, and what that may say about it."""

    def __init__(self, guide: Guide, slot: int, node: Node, encoding: str) -> None:
        self.node = node
        self._guide = guide
        self._slot = slot
        self._encoding = encoding

    def check(self, args: tuple[ValueT, ...]) -> None:
        """Raise `RedisClusterError` for a command whose keys lie elsewhere."""
        slot = slot_of(args, self._encoding)
        if slot is not None and slot != self._slot:
            raise RedisClusterError(
                f"slot {self._slot} is watched, and these keys lie in slot {slot}: give them one {{hash tag}}"
            )

    def translated(self, error: RedisError) -> RedisError:
        """Return a `WatchError` for an error that says that the slot went, having learnt where to."""
        if not isinstance(error, _ELSEWHERE):
            return error
        if isinstance(error, MovedError):
            self._guide.learn(error, self.node)
        lost = WatchError(f"slot {self._slot} went from {self.node} while it was watched ({error})")
        lost.__cause__ = error
        return lost


class ClusterWatched(Watched[T], Generic[T]):
    """A leased connection to the node of a slot, whose keys it watches; see `Watched`.

    What has keys elsewhere fails with `RedisClusterError`; `WatchError` is raised, too, once the slot has gone.
    """

    def __init__(
        self, pool: ConnectionPool, connection: BaseConnection, maker: RequestMaker, place: Place
    ) -> None:
        super().__init__(pool, connection, maker)
        self._place = place

    async def watch(self, *keys: KeyT) -> None:
        """Watch keys of the same slot, further ones too. https://redis.io/docs/latest/commands/watch/"""
        self._place.check((b"WATCH", *keys))
        try:
            await super().watch(*keys)
        except RedisError as exc:
            raise self._place.translated(exc)  # noqa: B904  # it brings its cause

    def pipeline(self) -> Pipeline[T]:
        """Collect a transaction: its `execute` raises `WatchError` if a watched key changed, or the slot went."""
        return _WatchedPipeline(self._pool, self._maker, self, self._place)

    async def execute(self, queued: list[Request[object]]) -> None:
        """Send a transaction and arrange for its replies. For its pipeline alone."""
        try:
            for request in queued:
                self._place.check(request.args)
        except RedisError as exc:
            Transaction(queued).fail(exc)
        else:
            await super().execute(queued)

    def _run(self, args: tuple[ValueT, ...], convert: Convert | None = None) -> asyncio.Future[R]:
        try:
            self._place.check(args)
        except RedisError as exc:
            future: asyncio.Future[R] = asyncio.get_running_loop().create_future()
            future.set_exception(exc)
            return future
        return super()._run(args, convert)

    def _submit(self, requests: list[Request[object]]) -> None:
        for request in requests:
            request.rescue = partial(_tell_gone, self._place, request.rescue)
        super()._submit(requests)


class _WatchedPipeline(WatchedPipeline[T], Generic[T]):
    """A transaction on the connection that watches."""

    def __init__(
        self, pool: ConnectionPool, maker: RequestMaker, watched: ClusterWatched[T], place: Place
    ) -> None:
        super().__init__(pool, maker, watched)
        self._place = place

    async def execute(self, raise_on_error: bool = True) -> list[object]:
        """Send the transaction and return its results in order; see `ClusterWatched.pipeline`."""
        futures = self._queued.futures
        try:
            results = await super().execute(raise_on_error)
        except _ELSEWHERE as exc:
            if all(map(_is_refused, futures)):  # EXEC itself was, and not a command that it executed
                raise self._place.translated(exc)  # noqa: B904  # it brings its cause
            raise
        if not all(map(_is_refused, futures)):
            return results
        return [self._place.translated(each) if isinstance(each, RedisError) else each for each in results]


def _is_refused(future: asyncio.Future[object]) -> bool:
    return not future.cancelled() and isinstance(future.exception(), _ELSEWHERE)


def _tell_gone(place: Place, rescue: Rescue | None, request: Request[object], error: RedisError) -> bool:
    """Rescue of what was sent to the node that watches."""
    told = place.translated(error)
    if rescue is not None and rescue(request, told):
        return True
    if told is not error:
        refuse(request, told)
    return told is not error
