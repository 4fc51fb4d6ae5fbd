"""Where a request goes, and goes next: it does what slots, topology and verdicts decide.

A request goes to its slot's primary, or it waits in the lobby until the cluster was looked at. Nothing here waits;
what is asked by coroutines is in `Guide`.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Sequence
from typing import cast

from respool import BaseConnection
from respool.errors import (
    AskError,
    ConnectionError,
    MovedError,
    RedisClusterError,
    RedisError,
    TimeoutError,
)
from respool.lowlevel import Request, is_read_only
from respool_cluster._map.manager import NodeManager
from respool_cluster._map.node import Node
from respool_cluster._map.replicas import ReplicaOrder
from respool_cluster._map.scout import Scout
from respool_cluster._map.slot import slot_of, slot_of_channel
from respool_cluster._map.suspicion import Suspicion
from respool_cluster._map.topology import Topology
from respool_cluster._pool.guarded_pool import GuardedPool
from respool_cluster._pool.routes import Routes
from respool_cluster._routing.fleet import Fleet
from respool_cluster._routing.lanes import Lanes
from respool_cluster._routing.lobby import Lobby
from respool_cluster._routing.outlet import Outlet, WatchedPool
from respool_cluster._routing.scripts import Scripts
from respool_cluster._routing.trails import Trails
from respool_cluster._routing.verdict import Verdict, destination, judge


class Router:
    """Sends requests to the nodes of one cluster. Seeds are never forgotten; other nodes are let go of when they left.

    `spread` takes what no single node can answer; False from it refuses. `adopt` takes commands that nobody here knows.
    `followers` are told what the cluster looks like, before nodes that left are let go of.
    """

    spread: Callable[[Request[object]], bool] = staticmethod(lambda request: False)
    adopt: Callable[[Request[object]], bool] = staticmethod(lambda request: False)

    def __init__(
        self,
        seeds: Sequence[Node],
        make_pool: Callable[[Node], WatchedPool],
        encoding: str,
        *,
        replica_order: ReplicaOrder | None = None,
    ) -> None:
        self.lanes = Lanes(encoding)
        self.scripts = Scripts(encoding)
        self.is_closed = False
        self.followers: list[Callable[[Topology], None]] = []
        self.fleet = Fleet(make_pool, self._rescue, self._on_suspect, self.lanes.close)
        self.nodes = NodeManager(seeds, self.fleet.pool_of, checks_coverage=False, on_change=self._on_change)
        self.scout = Scout(self.nodes.initialize, self)
        self._encoding = encoding
        self._reads_from_replicas = replica_order is not None
        self._routes = Routes(replica_order, self.fleet.pool_of)
        self._suspicion = Suspicion(self.nodes.ask_others, self.fleet.leave)
        self._lobby = Lobby()
        self._trails = Trails()
        # These pools are made at once, so that a wrong option is told where it was given.
        self.patience = max(self.fleet.pool_of(seed).stream_timeout for seed in self.nodes.startup_nodes)

    # ---- sending

    def send(self, request: Request[object]) -> None:
        """Send a request to the node of its keys, any node if it has none. Never waits, never raises."""
        lane = self.lanes.find(request.args)
        if lane is not None:
            lane.send(request)
            return
        try:
            slot = slot_of(request.args, self._encoding)
        except RedisClusterError as exc:
            if not self.spread(request):
                request.future.set_exception(exc)
            return
        if slot is None:
            if self.adopt(request):
                return
            slot = self._slot_of_channel(request)
        self.send_to_slot(slot, request)

    def _slot_of_channel(self, request: Request[object]) -> int | None:
        """Return the slot of a channel that is published on: one node takes all its messages, and keeps their order.

        None for other commands, and where that node failed: any will do.
        """
        slot, topology = slot_of_channel(request.args, self._encoding), self.nodes.topology
        if slot is None or topology is None or topology.slots[slot] is None or hasattr(request, "attempts"):
            return None
        return slot

    def send_to_slot(self, slot: int | None, request: Request[object]) -> None:
        """Send a request to the node of a slot, any if that is None. Never waits, never raises."""
        topology = self.nodes.topology
        if topology is None or self.is_closed:
            self._wait_or_fail(request, closed() if self.is_closed else _unknown())
        elif slot is None:
            self.fleet.outlet(random.choice(topology.shards).primary).send(request)
        elif topology.slots[slot] is None:
            self._wait_or_fail(request, unserved(slot))
        else:
            self._outlet_for(slot, topology, request).send(request)

    def any_pool(self) -> GuardedPool:
        """Return the pool of some node: all are made with the same options."""
        return self.fleet.pool_of(self.nodes.startup_nodes[0])

    def outlet_of(self, request: Request[object]) -> Outlet | None:
        """Return the way of a request with keys of one slot, if it is known who serves that. Sends nothing."""
        lane = self.lanes.find(request.args)
        topology = self.nodes.topology
        if lane is not None or topology is None or self.is_closed:
            return lane
        try:
            slot = slot_of(request.args, self._encoding)
        except RedisClusterError:
            return None
        if slot is None or topology.slots[slot] is None:
            return None
        return self._outlet_for(slot, topology, request)

    def send_to(self, node: Node, request: Request[object]) -> None:
        """Send a request to one node and no other, whatever becomes of it. Never waits, never raises."""
        if self.is_closed:
            request.future.set_exception(closed())
            return
        line = self.fleet.pool_of(node).line
        request.rescue = line.rescue
        line.send(request)

    def _outlet_for(self, slot: int, topology: Topology, request: Request[object]) -> Outlet:
        """Return the way to a replica for what only reads, if that is wanted; to the primary after a failure."""
        if self._reads_from_replicas:
            reads = is_read_only(request.args) and not getattr(request, "attempts", 0)
            return self.fleet.outlet(self._routes.to_slot(topology, slot, reads=reads)[0])
        outlet = self.fleet.outlet(self._routes.to_slot(topology, slot, reads=False)[0])
        self.lanes.learn(slot, outlet, request.future.get_loop())
        return outlet

    # ---- what failed

    def _rescue(self, request: Request[object], error: RedisError, asked: Node) -> bool:
        """Take over what failed at the node `asked`, where it may be sent again."""
        if self.is_closed:
            return False
        if self.scripts.supply(request, error):
            self.fleet.outlet(asked).send(request)
            return True
        attempts: int = getattr(request, "attempts", 0)
        request.attempts = attempts + 1
        if isinstance(error, (MovedError, AskError)):
            self._trails.note(request, error, asked)
        verdict = judge(request, error, attempts)
        if verdict is Verdict.FOLLOW:
            self.fleet.outlet(self.learn(cast("MovedError", error), asked)).send(request)
        elif verdict is Verdict.ASK:
            self.fleet.outlet(destination(cast("AskError", error), asked)).send_asking(request)
        elif verdict is Verdict.WAIT:
            self._wait_or_fail(request, self._trails.told(request, error))
        else:
            self._give_up(request, error)
        return True

    def _give_up(self, request: Request[object], error: RedisError) -> None:
        if isinstance(error, (ConnectionError, TimeoutError)):
            self.scout.want()
        request.future.set_exception(self._trails.told(request, error))

    def learn(self, error: MovedError, asked: Node) -> Node:
        """Take note of what moved, and return where to."""
        node = destination(error, asked)
        self.nodes.moved(error.slot_id, node)
        self.scout.want()
        return node

    # ---- waiting for a topology

    def deadline(self) -> float:
        """Return until when a request sent now may take by default."""
        return asyncio.get_running_loop().time() + self.patience

    def _wait_or_fail(self, request: Request[object], error: RedisError) -> None:
        """Keep a request until the cluster was looked at; fail it with `error` if it has no time left for that."""
        if not hasattr(request, "deadline"):
            request.deadline = self.deadline()
        if self.is_closed or request.deadline <= asyncio.get_running_loop().time():
            request.future.set_exception(error)
        else:
            self._lobby.enter(request, error)
            self.scout.want()

    def on_found(self) -> None:
        """Let go on what waited for a topology. For the scout alone."""
        for request in self._lobby.take():
            self.send(request)

    def on_not_found(self, error: RedisError) -> bool:
        """Fail what waits, if we never knew the cluster; else it waits on. For the scout alone."""
        if self.nodes.topology is None:
            self._lobby.refuse(error)
        return bool(self._lobby)

    def on_lost_loop(self) -> None:
        """Forget what waited in a loop that was closed. For the scout alone."""
        self._lobby.abandon()

    # ---- what others tell

    def _on_change(self, topology: Topology) -> None:
        self.lanes.close()
        for follow in self.followers:
            follow(topology)
        staying = {*topology.nodes(), *self.nodes.startup_nodes}
        for node in self.fleet.nodes() - staying:
            if self._suspicion.suspects(node):
                self.fleet.leave(node)
        self.fleet.keep_only(staying)

    def _on_suspect(self, node: Node, connection: BaseConnection) -> None:
        if not self.is_closed:
            self._suspicion.begin(node, connection, self.nodes.topology)

    async def aclose(self) -> None:
        """Wait for the replies under way, then close every connection. What waits for a topology fails."""
        self.is_closed = True
        self.lanes.close()
        self._suspicion.stop()
        self._lobby.refuse(closed())
        await self.scout.stop(closed())
        self.nodes.stop()
        await self.fleet.aclose()


def unserved(slot: int | None) -> RedisClusterError:
    """Return the error for a slot without a node."""
    return RedisClusterError(f"slot {slot} is served by no node of the cluster")


def closed() -> ConnectionError:
    """Return the error for a client that was closed."""
    return ConnectionError("this cluster client was closed: make another")


def _unknown() -> RedisClusterError:
    return RedisClusterError("no node of the cluster told its slots in time")
