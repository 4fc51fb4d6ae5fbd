"""Where a request goes, and goes next: it does what slots, topology and verdicts decide.

A request is sent to its slot's primary, or it waits here for a topology. One task at a time looks for that, in the
background, and only while somebody needs it.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Collection, Iterable, Sequence
from functools import partial
from typing import cast

from respool import BaseConnection, ConnectionPool
from respool.errors import (
    AskError,
    ConnectionError,
    MovedError,
    RedisClusterError,
    RedisError,
    TimeoutError,
)
from respool.lowlevel import Request, fresh, is_read_only
from respool_cluster._discovery import Pace, discover, waves
from respool_cluster._node import Node
from respool_cluster._outlet import Outlet, WatchedPool
from respool_cluster._slot import slot_of
from respool_cluster._suspicion import Suspicion
from respool_cluster._topology import Shard, Topology
from respool_cluster._verdict import Verdict, destination, judge


class Router:
    """The nodes of one cluster. Seeds are never forgotten; other nodes are let go of when the topology drops them."""

    def __init__(
        self,
        seeds: Sequence[Node],
        make_pool: Callable[[Node], WatchedPool],
        encoding: str,
        *,
        reads_from_replicas: bool = False,
    ) -> None:
        self.seeds = tuple(seeds)
        self.topology: Topology | None = None
        self.spread: Callable[[Request[object]], bool] = lambda request: False
        """Who takes what no single node can answer; False from it refuses."""
        self._make_pool = make_pool
        self._encoding = encoding
        self._outlets: dict[Node, Outlet] = {}
        self._reads_from_replicas = reads_from_replicas
        self._suspicion = Suspicion(self._ask_others, self._leave)
        self._lookers: list[asyncio.Future[Topology]] = []
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
            if not self.spread(request):
                request.set_exception(exc)
            return
        topology = self.topology
        if topology is None or self._closed:
            self._wait_or_fail(request, _closed() if self._closed else _unknown())
            return
        shard = random.choice(topology.shards) if slot is None else topology.slots[slot]
        if shard is None:
            self._wait_or_fail(request, _unserved(slot))
        else:
            self._outlet(self._node_for(shard, request)).send(request)

    def send_to(self, node: Node, request: Request[object]) -> None:
        """Send a request to one node and no other, whatever becomes of it. Never waits, never raises."""
        if self._closed:
            request.set_exception(_closed())
            return
        line = self._outlet(node).pool.line
        request.rescue = line.rescue
        line.send(request)

    def _node_for(self, shard: Shard, request: Request[object]) -> Node:
        """Return a replica for what only reads, if that is wanted; the primary after a failure."""
        if not (self._reads_from_replicas and shard.replicas and is_read_only(request.args)):
            return shard.primary
        return shard.primary if getattr(request, "attempts", 0) else random.choice(shard.replicas)

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
        self._outlet(self.learn(error, asked)).send(request)

    # ---- for what travels by itself

    async def known(self) -> Topology:
        """Return what the cluster looks like, asking it if need be. Raises `RedisClusterError` where no node tells."""
        return self.topology or await self.look()

    async def look(self) -> Topology:
        """Wait until the cluster was looked at again."""
        if self._closed:
            raise _closed()
        waiter: asyncio.Future[Topology] = asyncio.get_running_loop().create_future()
        self._lookers.append(waiter)
        self._refresh()
        return await waiter

    async def find(self, request: Request[object]) -> Node:
        """Return the primary of a command's keys, any if it has none."""
        return await self.primary_of(slot_of(request.args, self._encoding))

    async def primary_of(self, slot: int | None) -> Node:
        """Return the primary of a slot, any if that is None. Raises `RedisClusterError` where nobody serves it."""
        topology = await self.known()
        shard = random.choice(topology.shards) if slot is None else topology.slots[slot]
        if shard is None:
            raise _unserved(slot)
        return shard.primary

    def slot_of_all(self, requests: Iterable[Request[object]]) -> int | None:
        """Return the slot that commands have in common. Raises `RedisClusterError` where they have none."""
        slots = {slot_of(request.args, self._encoding) for request in requests} - {None}
        if len(slots) > 1:
            told = ", ".join(map(str, sorted(slot for slot in slots if slot is not None)))
            raise RedisClusterError(
                f"a transaction is executed by one node, and these keys lie in slots {told}: give them one {{hash tag}}"
            )
        return next(iter(slots), None)

    def learn(self, error: MovedError, asked: Node) -> Node:
        """Take note of what moved, and return where to."""
        node = destination(error, asked)
        if self.topology is not None:
            self.topology = self.topology.moved(error.slot_id, node)
        self._refresh()
        return node

    def deadline(self) -> float:
        """Return until when a request sent now may take by default."""
        return asyncio.get_running_loop().time() + self._patience

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
            self._lookers.clear()
        if self._refreshing is None:
            self._refreshing = loop.create_task(self._keep_looking())

    async def _keep_looking(self) -> None:
        time = asyncio.get_running_loop().time
        while self._stale:
            await asyncio.sleep(self._pace.next_pause(time()))
            self._stale = False
            try:
                topology = await self._ask_others(())
            except RedisError as exc:
                self._not_found(exc, time())
            else:
                self._tell(topology)
            self._pace.finished(time())
        self._refreshing = None

    async def _ask_others(self, suspects: Collection[Node]) -> Topology:
        plan = waves(self.topology, self.seeds, tuple(suspects))
        topology = await discover(plan, self.pool_of)
        self._adopt(topology)
        return topology

    def _adopt(self, topology: Topology) -> None:
        self.topology = topology
        for node in self._outlets.keys() - {*topology.nodes(), *self.seeds}:
            if self._suspicion.suspects(node):
                self._leave(node)
            self._retire(self._outlets.pop(node))

    def _tell(self, topology: Topology) -> None:
        """Let go on what waited for a topology."""
        for looker in self._take_lookers():
            looker.set_result(topology)
        now = asyncio.get_running_loop().time()
        for request, error in self._take_waiting():
            if request.deadline > now:
                self.send(request)
            else:
                request.set_exception(error)

    def _not_found(self, error: RedisError, now: float) -> None:
        """Fail what waits, if we never knew the cluster; otherwise only what has no time left."""
        for looker in self._take_lookers():
            looker.set_exception(fresh(error, maybe_executed=False))
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

    def _take_lookers(self) -> list[asyncio.Future[Topology]]:
        lookers, self._lookers = self._lookers, []
        return [each for each in lookers if not each.done()]

    # ---- nodes

    def _outlet(self, node: Node) -> Outlet:
        outlet = self._outlets.get(node)
        if outlet is None:
            pool = self._make_pool(node)
            pool.suspected = partial(self._on_suspect, node)
            outlet = self._outlets[node] = Outlet(node, pool, self._rescue)
        return outlet

    def pool_of(self, node: Node) -> ConnectionPool:
        """Return the connections to a node."""
        return self._outlet(node).pool

    def _on_suspect(self, node: Node, connection: BaseConnection) -> None:
        if not self._closed:
            self._suspicion.begin(node, connection, self.topology)

    def _leave(self, node: Node) -> None:
        """Close every connection to a node at once: nobody answers there."""
        if node in self._outlets:
            self._outlets[node].pool.disconnect()

    def _retire(self, outlet: Outlet) -> None:
        """Let the replies under way arrive, then close."""
        task = asyncio.get_running_loop().create_task(outlet.pool.aclose())
        self._retiring.add(task)
        task.add_done_callback(self._retiring.discard)

    async def aclose(self) -> None:
        """Wait for the replies under way, then close every connection. What waits for a topology fails."""
        self._closed = True
        self._suspicion.stop()
        for looker in self._take_lookers():
            looker.set_exception(_closed())
        for request, _ in self._take_waiting():
            request.set_exception(_closed())
        if self._refreshing is not None:
            self._refreshing.cancel()
            await asyncio.wait([self._refreshing])
        await asyncio.gather(*(outlet.pool.aclose() for outlet in self._outlets.values()), *self._retiring)


def _unserved(slot: int | None) -> RedisClusterError:
    return RedisClusterError(f"slot {slot} is served by no node of the cluster")


def _unknown() -> RedisClusterError:
    return RedisClusterError("no node of the cluster told its slots in time")


def _closed() -> ConnectionError:
    return ConnectionError("this cluster client was closed: make another")
