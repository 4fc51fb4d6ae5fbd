"""A cluster of fake servers: real ports, real redirections, failover and live slot migration on command."""

from __future__ import annotations

import asyncio
import functools
import itertools
import random
from collections.abc import Iterable, Iterator
from dataclasses import replace
from types import TracebackType
from typing import TYPE_CHECKING

from ._engine.cluster import SLOTS, ClusterNode, Membership, Topology, key_slot
from ._engine.engine import Engine
from ._engine.families import DATA_SERVER
from ._engine.messages import Published
from ._engine.settings import ServerSettings
from ._replication import ReplicationGroup
from .clock import Clock
from .server import FakeServer

if TYPE_CHECKING:
    from typing_extensions import Self


class FakeNode:
    """One node of a fake cluster; `server` is the fake server that plays it."""

    def __init__(self, record: ClusterNode, server: FakeServer) -> None:
        self.server = server
        self._record = record

    def __repr__(self) -> str:
        return f"<FakeNode {self.name} {self.role}{'' if self.alive else ' dead'}>"

    @property
    def id(self) -> str:
        """Return the node's id, 40 hexadecimal digits."""
        return self._record.id

    @property
    def host(self) -> str:
        """Return the address the node listens on."""
        return self.server.host

    @property
    def port(self) -> int:
        """Return the port; 0 until the node was started, if a free one was asked for."""
        return self.server.port

    @property
    def name(self) -> str:
        """Return `host:port`."""
        return f"{self.host}:{self.port}"

    @property
    def role(self) -> str:
        """Return `primary` or `replica`."""
        return "primary" if self._record.primary is None else "replica"

    @property
    def alive(self) -> bool:
        """Tell whether the node accepts connections."""
        return self.server.running


class FakeCluster:
    """A cluster of primaries with replicas, its slots shared out evenly.

    `async with FakeCluster(primaries=3, replicas=1) as cluster:` starts every node on a free port, or on
    `port` and those after it. Nodes agree at once on what happens; nothing fails over unless told to. With a
    `replication_lag` in seconds, what a primary did not pass on in time is lost when it is killed.
    """

    def __init__(
        self,
        primaries: int = 3,
        replicas: int = 1,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        password: str | None = None,
        version: str = "7.4.0",
        replication_lag: float = 0.0,
        clock: Clock | None = None,
        seed: int | None = None,
    ) -> None:
        if primaries < 1 or replicas < 0:
            raise ValueError(
                f"a cluster of {primaries} primaries with {replicas} replicas each makes no sense"
            )
        self.clock = Clock() if clock is None else clock
        self._random = random.Random(seed)
        self._settings = ServerSettings(version=version, password=password, databases=1, mode="cluster")
        self._topology = Topology([])
        self.nodes: list[FakeNode] = []
        count = primaries * (1 + replicas)
        for number in range(count):
            self._add_node(host, port + number if port else 0)
        self._groups = [ReplicationGroup(node.server, lag=replication_lag) for node in self.nodes[:primaries]]
        for number, node in enumerate(self.nodes[primaries:]):
            node._record.primary = self.nodes[number % primaries]._record
        self._topology.owners = [self.nodes[slot * primaries // SLOTS]._record for slot in range(SLOTS)]

    def __repr__(self) -> str:
        return f"<FakeCluster {', '.join(map(repr, self.nodes))}>"

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    @property
    def primaries(self) -> list[FakeNode]:
        """Return the nodes that are primaries now."""
        return [node for node in self.nodes if node._record.primary is None]

    @property
    def replicas(self) -> list[FakeNode]:
        """Return the nodes that are replicas now."""
        return [node for node in self.nodes if node._record.primary is not None]

    @property
    def url(self) -> str:
        """Return the address of a living node, by which a client can find the others."""
        return next((node for node in self.nodes if node.alive), self.nodes[0]).server.url

    def replicas_of(self, primary: FakeNode) -> list[FakeNode]:
        """Return a node's replicas, dead ones included."""
        return [node for node in self.nodes if node._record.primary is primary._record]

    def owner_of(self, key: str | bytes) -> FakeNode:
        """Return the primary that owns a key's slot."""
        owner = self._topology.owners[key_slot(key.encode() if isinstance(key, str) else key)]
        return next(node for node in self.nodes if node._record is owner)

    def slots_of(self, node: FakeNode) -> list[int]:
        """Return the slots a node owns, in order."""
        return self._topology.slots_of(node._record)

    async def start(self) -> None:
        """Start every node and let the replicas follow their primaries."""
        try:
            for node in self.nodes:
                await self._start_node(node)
        except BaseException:
            await self.stop()
            raise
        for replica in self.replicas:
            self._group_of(replica).attach(replica.server)
        for node in self.nodes:
            node.server._shell.broadcast = functools.partial(self._broadcast, node)

    async def stop(self) -> None:
        """Stop every node."""
        for node in self.nodes:
            node.server._shell.shut()
        for node in self.nodes:
            await node.server.stop()

    async def failover(self, primary: FakeNode, *, to: FakeNode | None = None) -> FakeNode:
        """Promote a replica, the first living one unless given; return it.

        A primary that is alive hands over everything and becomes a replica, as with CLUSTER FAILOVER; of a
        dead one all agree that it failed, and what it did not replicate is lost.
        """
        chosen = to or next((node for node in self.replicas_of(primary) if node.alive), None)
        if chosen is None or chosen not in self.replicas_of(primary):
            raise ValueError(f"{primary.name} has no living replica to take over")
        group = self._group_of(primary)
        if primary.alive:
            group.catch_up(chosen.server)
        group.promote(chosen.server)
        self._topology.promote(chosen._record)
        if primary.alive:
            group.attach(primary.server)
        else:
            self._topology.set_failed(primary._record, failed=True)
        self._revise()
        return chosen

    async def kill(self, node: FakeNode) -> None:
        """Stop a node as a crash would. The others notice nothing until `mark_failed` or `failover`."""
        await node.server.stop()
        group = self._group_of(node)
        if group.primary is node.server:
            group.lose_primary()
        else:
            group.detach(node.server)

    def mark_failed(self, node: FakeNode) -> None:
        """Let the others agree that a node is dead: without its slots the cluster is down."""
        self._topology.set_failed(node._record, failed=True)
        self._revise()

    async def restart(self, node: FakeNode, *, lose_data: bool = True) -> None:
        """Start a killed node again, on its port; a replica, or a primary that was replaced, copies its primary."""
        if lose_data:
            node.server.clear()
        await self._start_node(node)
        self._topology.set_failed(node._record, failed=False)
        group = self._group_of(node)
        if group.primary is node.server:
            group.reattach()
        else:
            group.attach(node.server)
        self._revise()

    async def migrate_slots(self, slots: Iterable[int], to: FakeNode) -> None:
        """Move slots with their keys, one key at a time, while clients go on working."""
        for slot in slots:
            self.begin_migration(slot, to)
            while self.move_keys(slot, 1):
                await _give_way()
            self.finish_migration(slot)

    def begin_migration(self, slot: int, to: FakeNode) -> None:
        """Open a slot: from now on its owner sends clients after keys it does not have (ASK)."""
        if to.role != "primary":
            raise ValueError(f"{to.name} is a replica and cannot own slots")
        if self._topology.owners[slot] is not to._record:
            self._topology.migrating[slot] = to._record

    def move_keys(self, slot: int, count: int | None = None) -> int:
        """Move keys of an open slot, all unless `count` says how many; return how many there were to move."""
        target = self._topology.migrating.get(slot)
        if target is None:
            return 0
        source, taker = (
            next(node.server for node in self.nodes if node._record is record)
            for record in (self._topology.owners[slot], target)
        )
        moving = list(_keys_in(source, slot, count))
        for key in moving:
            _move(key, source, taker)
        return len(moving)

    def finish_migration(self, slot: int) -> None:
        """Close an open slot: its new owner is known to all. Keys that were not moved are lost to clients."""
        target = self._topology.migrating.get(slot)
        if target is not None:
            self._topology.assign(slot, target)
            self._revise()

    def _add_node(self, host: str, port: int) -> None:
        record = ClusterNode(id=f"{self._random.getrandbits(160):040x}", host=host, port=port)
        self._topology.nodes.append(record)
        engine = Engine(replace(self._settings, seed=self._random.getrandbits(64)), DATA_SERVER)
        engine.state.cluster = Membership(record, self._topology)
        self.nodes.append(FakeNode(record, FakeServer._around(engine, host, port, self.clock)))

    async def _start_node(self, node: FakeNode) -> None:
        await node.server.start()
        node._record.port = node.server.port

    def _group_of(self, node: FakeNode) -> ReplicationGroup:
        """Return the shard a node belongs to, by the topology: a node that was replaced belongs to its successor."""
        leader = node._record.primary or node._record
        server = next(each.server for each in self.nodes if each._record is leader)
        return next(group for group in self._groups if group.primary is server)

    def _broadcast(self, origin: FakeNode, messages: list[Published]) -> None:
        """Let clients of the other nodes hear what is published on one; shard channels stay in their shard."""
        shard = origin._record.primary or origin._record
        for node in self.nodes:
            same_shard = node._record is shard or node._record.primary is shard
            heard = [each for each in messages if same_shard or not each.sharded]
            if node is not origin and heard:
                node.server._shell.publish(heard)

    def _revise(self) -> None:
        for node in self.nodes:
            node.server._shell.revise()


async def _give_way() -> None:
    """Let clients have their turn between two keys."""
    await asyncio.sleep(0)


def _keys_in(server: FakeServer, slot: int, count: int | None) -> Iterator[bytes]:
    """Return up to `count` keys of a slot, None for all."""
    in_slot = (key for key in server.db[0] if key_slot(key) == slot)
    return itertools.islice(in_slot, count)


def _move(key: bytes, source: FakeServer, target: FakeServer) -> None:
    """Move a key with its expiry; no client sees it on both servers, or on neither."""
    old, new = (server._engine.state.keyspace[0] for server in (source, target))
    value = old.get(key)
    if value is not None:
        new.put(key, value, expires_at=old.expiry(key))
        old.delete(key)
    target._shell.settle()
    source._shell.settle()
