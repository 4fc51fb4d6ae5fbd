"""Where a request goes, and goes next: it does what slots, topology and verdicts decide.

A request is sent to its slot's primary, or it waits here for a topology. One task at a time looks for that, in the
background, and only while somebody needs it.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Sequence
from typing import cast

from respool import ConnectionPool
from respool.errors import (
    AskError,
    ConnectionError,
    MovedError,
    RedisClusterError,
    RedisError,
    TimeoutError,
)
from respool.lowlevel import Request, fresh
from respool_cluster._discovery import Pace, discover, waves
from respool_cluster._node import Node
from respool_cluster._outlet import Outlet
from respool_cluster._slot import slot_of
from respool_cluster._topology import Topology
from respool_cluster._verdict import Verdict, destination, judge


class Router:
    """The nodes of one cluster. Seeds are never forgotten; other nodes are let go of when the topology drops them."""

    def __init__(
        self, seeds: Sequence[Node], make_pool: Callable[[Node], ConnectionPool], encoding: str
    ) -> None:
        self.seeds = tuple(seeds)
        self.topology: Topology | None = None
        self._make_pool = make_pool
        self._encoding = encoding
        self._outlets: dict[Node, Outlet] = {}
        self._waiting: list[tuple[Request[object], RedisError]] = []
        self._pace = Pace()
        self._closed = False
        self._stale = False
        self._refreshing: asyncio.Task[None] | None = None
        self._retiring: set[asyncio.Task[None]] = set()
        # Made at once, so that a wrong option is told where it was given.
        self._patience = max(self._outlet(seed).pool.stream_timeout for seed in self.seeds)

    # ---- sending

    def send(self, request: Request[object]) -> None:
        """Send a request to the node of its keys, any node if it has none. Never waits, never raises."""
        try:
            slot = slot_of(request.args, self._encoding)
        except RedisClusterError as exc:
            request.set_exception(exc)
            return
        topology = self.topology
        if topology is None or self._closed:
            self._wait_or_fail(request, _closed() if self._closed else _unknown())
            return
        shard = random.choice(topology.shards) if slot is None else topology.slots[slot]
        if shard is None:
            self._wait_or_fail(request, RedisClusterError(f"slot {slot} is served by no node of the cluster"))
        else:
            self._outlet(shard.primary).send(request)

    def _rescue(self, request: Request[object], error: RedisError, asked: Node) -> bool:
        """Take over what failed at the node `asked`, where it may be sent again."""
        if self._closed:
            return False
        attempts: int = getattr(request, "attempts", 0)
        request.attempts = attempts + 1
        verdict = judge(request, error, attempts)
        if verdict is Verdict.FOLLOW:
            self._follow(request, cast("MovedError", error), asked)
        elif verdict is Verdict.ASK:
            self._outlet(destination(cast("AskError", error), asked)).send_asking(request)
        elif verdict is Verdict.WAIT:
            return self._wait(request, error)
        elif isinstance(error, (ConnectionError, TimeoutError)):
            self._refresh()
        return verdict is not Verdict.FAIL

    def _follow(self, request: Request[object], error: MovedError, asked: Node) -> None:
        node = destination(error, asked)
        if self.topology is not None:
            self.topology = self.topology.moved(error.slot_id, node)
        self._outlet(node).send(request)
        self._refresh()

    # ---- waiting for a topology

    def _wait_or_fail(self, request: Request[object], error: RedisError) -> None:
        if not self._wait(request, error):
            request.set_exception(error)

    def _wait(self, request: Request[object], error: RedisError) -> bool:
        """Keep a request until the topology has been looked at; False if it has no time left for that.

        `error` is what it fails with if nothing comes of it.
        """
        now = asyncio.get_running_loop().time()
        if not hasattr(request, "deadline"):
            request.deadline = now + self._patience
        if request.deadline <= now or self._closed:
            return False
        self._refresh()
        self._waiting.append((request, error))
        return True

    def _refresh(self) -> None:
        loop = asyncio.get_running_loop()
        self._stale = True
        if self._refreshing is not None and self._refreshing.get_loop() is not loop:
            # That loop was closed under it, and what waited there is waited for by nobody.
            self._refreshing = None
            self._waiting.clear()
        if self._refreshing is None:
            self._refreshing = loop.create_task(self._keep_looking())

    async def _keep_looking(self) -> None:
        time = asyncio.get_running_loop().time
        while self._stale:
            await asyncio.sleep(self._pace.next_pause(time()))
            self._stale = False
            try:
                topology = await discover(waves(self.topology, self.seeds), self._pool_of)
            except RedisError as exc:
                self._not_found(exc, time())
            else:
                self._adopt(topology)
            self._pace.finished(time())
        self._refreshing = None

    def _adopt(self, topology: Topology) -> None:
        self.topology = topology
        for node in self._outlets.keys() - {*topology.nodes(), *self.seeds}:
            self._retire(self._outlets.pop(node))
        now = asyncio.get_running_loop().time()
        for request, error in self._take_waiting():
            if request.deadline > now:
                self.send(request)
            else:
                request.set_exception(error)

    def _not_found(self, error: RedisError, now: float) -> None:
        """Fail what waits, if we never knew the cluster; otherwise only what has no time left."""
        for request, reason in self._take_waiting():
            if self.topology is None:
                request.set_exception(fresh(error, maybe_executed=False))
            elif request.deadline <= now:
                request.set_exception(reason)
            else:
                self._waiting.append((request, reason))
                self._stale = True

    def _take_waiting(self) -> list[tuple[Request[object], RedisError]]:
        waiting, self._waiting = self._waiting, []
        return [each for each in waiting if not each[0].done()]

    # ---- nodes

    def _outlet(self, node: Node) -> Outlet:
        outlet = self._outlets.get(node)
        if outlet is None:
            outlet = self._outlets[node] = Outlet(node, self._make_pool(node), self._rescue)
        return outlet

    def _pool_of(self, node: Node) -> ConnectionPool:
        return self._outlet(node).pool

    def _retire(self, outlet: Outlet) -> None:
        """Let the replies under way arrive, then close."""
        task = asyncio.get_running_loop().create_task(outlet.pool.aclose())
        self._retiring.add(task)
        task.add_done_callback(self._retiring.discard)

    async def aclose(self) -> None:
        """Wait for the replies under way, then close every connection. What waits for a topology fails."""
        self._closed = True
        for request, _ in self._take_waiting():
            request.set_exception(_closed())
        if self._refreshing is not None:
            self._refreshing.cancel()
            await asyncio.wait([self._refreshing])
        await asyncio.gather(*(outlet.pool.aclose() for outlet in self._outlets.values()), *self._retiring)


def _unknown() -> RedisClusterError:
    return RedisClusterError("no node of the cluster told its slots in time")


def _closed() -> ConnectionError:
    return ConnectionError("this cluster client was closed: make another")
