"""The keys of a whole cluster, while its slots may move and its nodes may die. `Progress` knows when that is all."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from typing import Generic, TypeVar

from respool import Redis
from respool.errors import ConnectionError, RedisClusterError, RedisError, TimeoutError
from respool_cluster._client.holding import Holding, Progress, read_holding
from respool_cluster._map.node import Node
from respool_cluster._map.slot import slot_of_keys
from respool_cluster._map.topology import Topology
from respool_cluster._routing.guide import Guide

T = TypeVar("T")


class Scanner(Generic[T]):
    """Sees one node after another, through the clients that `on` returns."""

    def __init__(self, guide: Guide, on: Callable[[Node], Redis[T]], encoding: str) -> None:
        self._guide = guide
        self._on = on
        self._encoding = encoding

    async def keys(self, keys_of: Callable[[Redis[T]], AsyncIterator[T]]) -> AsyncIterator[T]:
        """Iterate over the keys of all slots. A node that fails is begun anew, where it was replaced at its heir.

        Raises what a node failed with if nothing gets better within the time that a command may take.
        """
        progress = Progress()
        end: float | None = None
        topology = await self._guide.known()
        while (node := progress.next_node(topology)) is not None:
            failure: RedisError = RedisClusterError(
                f"{node} has none of the slots that the cluster says it has"
            )
            is_better = False
            try:
                before = await self._ask(node)
                if before.concerns(progress.pending):
                    async for key in keys_of(self._on(node)):
                        if self._slot_of(key) in progress.pending:
                            yield key
                    is_better = progress.seen(node, before, await self._ask(node), topology)
            except (ConnectionError, TimeoutError) as exc:
                failure = exc
                progress.forget(node)
            end = None if is_better else end or self._guide.deadline()
            topology = await self._look(failure, end)

    async def _ask(self, node: Node) -> Holding:
        return read_holding(await self._on(node).cluster_nodes(), node)

    async def _look(self, failure: RedisError, end: float | None) -> Topology:
        """Return what the cluster looks like: anew, where something failed. Raises that after `end`."""
        if end is None:
            return await self._guide.known()
        if asyncio.get_running_loop().time() >= end:
            raise failure
        with suppress(RedisError):
            return await self._guide.look()
        return await self._guide.known()

    def _slot_of(self, key: object) -> int:
        assert isinstance(key, (bytes, str))  # what keys are decoded to
        return slot_of_keys([key], self._encoding)
