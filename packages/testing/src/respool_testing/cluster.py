"""A cluster of fake servers: real ports, real redirections, failover and live slot migration on command."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from ._bus import Bus
from ._calamities import Calamities
from ._engine.chance import make_random
from ._engine.cluster import Endpoint
from ._engine.failure import hold_for_failed
from ._engine.messages import Published
from ._engine.settings import ServerSettings
from ._engine.slots import key_slot, slots_in
from ._founding import found
from ._network import Network
from ._node import FakeNode as FakeNode
from ._startable import consecutive
from ._stations import Stations, introduce
from ._survey import Survey
from ._waiting import Waiting
from .clock import Clock
from .faults import FaultsOfMany

if TYPE_CHECKING:
    import ssl

    from .server import FakeServer

# So many slots without keys change hands before the nodes tell each other, which takes longer than the rest.
EMPTY_AT_ONCE = 256

EndpointType: TypeAlias = Literal["ip", "hostname", "unknown"]
_ENDPOINTS: Final[dict[EndpointType, str]] = {
    "ip": "ip",
    "hostname": "hostname",
    "unknown": "unknown-endpoint",
}


class FakeCluster(Calamities[FakeNode]):
    """A cluster of primaries with replicas, its slots shared out evenly.

    `async with FakeCluster(primaries=3, replicas=1) as cluster:` starts every node on a free port, or on
    `port` and those after it. News travels at once; what takes time takes the time of the clock, so that a
    test can freeze it and move it: a node that is silent for `node_timeout` seconds is held for dead by the
    others, and a replica of it is elected, as in a real cluster. With `node_timeout=None` nothing fails over
    unless told to.

    With a `replication_lag` in seconds, what a primary did not pass on in time is lost when it is replaced.
    `endpoint_type` says how nodes are called in redirections and maps: by IP, by the host name they announce,
    or not at all, which means the host the client has asked. `joined=False` starts nodes that know nobody and
    own nothing, for somebody else to make a cluster of. With a `tls` context every node speaks TLS.
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
        node_timeout: float | None = 15.0,
        endpoint_type: EndpointType = "ip",
        joined: bool = True,
        tls: ssl.SSLContext | None = None,
        clock: Clock | None = None,
        seed: int | None = None,
    ) -> None:
        if primaries < 1 or replicas < 0:
            raise ValueError(
                f"a cluster of {primaries} primaries with {replicas} replicas each makes no sense"
            )
        self.clock = Clock() if clock is None else clock
        self._random = make_random(seed)
        self._settings = ServerSettings(version=version, password=password, databases=1, mode="cluster")
        self._host, self._endpoint_type, self._node_timeout = host, endpoint_type, node_timeout
        self._tls, self._first_lag = tls, replication_lag
        self._leaders = primaries if joined else 0
        self._waiting = Waiting()
        self._ports = list(consecutive(port, primaries * (1 + replicas)))
        self._assemble()

    def _assemble(self) -> None:
        """Make the nodes that the cluster begins with, none of them started."""
        self._network = Network()
        self._stations = Stations(self._network)
        self._bus = Bus(self._stations, self.clock, self._random, self._first_lag)
        self._bus.after = self._waiting.notify
        self.nodes: list[FakeNode] = [self._new_node(port) for port in self._ports]
        self._survey = Survey(self.nodes, self._network)
        self._first = tuple(self.nodes)
        if self._leaders:
            found(self.nodes, self._leaders)

    def __repr__(self) -> str:
        return f"<FakeCluster {', '.join(map(repr, self.nodes))}>"

    @property
    def primaries(self) -> list[FakeNode]:
        """Return the nodes that are primaries now; not one that failed and was replaced."""
        return [node for node in self.nodes if self._survey.is_primary(node)]

    @property
    def replicas(self) -> list[FakeNode]:
        """Return all the other nodes."""
        return [node for node in self.nodes if not self._survey.is_primary(node)]

    @property
    def url(self) -> str:
        """Return the address of a living node, by which a client can find the others."""
        return next((node for node in self.nodes if node.alive), self.nodes[0]).server.url

    @property
    def replication_lag(self) -> float:
        """Return how many seconds a change takes to the replicas; may be set at any time."""
        return self._bus.replicator.lag

    @replication_lag.setter
    def replication_lag(self, seconds: float) -> None:
        self._bus.replicator.lag = seconds

    def lag(self, replica: FakeNode, seconds: float) -> None:
        """Let changes take so long to one replica; ends what `replication_lag` says for it."""
        self._bus.replicator.lags[replica.server] = seconds

    def replicas_of(self, primary: FakeNode) -> list[FakeNode]:
        """Return a node's replicas, dead ones included."""
        records = ((node, self._survey.record(node)) for node in self.nodes)
        return [node for node, record in records if record.primary == primary.id]

    def owner_of(self, key: str | bytes) -> FakeNode:
        """Return the primary that owns a key's slot; raise LookupError if none does."""
        return self._survey.owner(key_slot(key.encode() if isinstance(key, str) else key))

    def slots_of(self, node: FakeNode) -> list[int]:
        """Return the slots a node owns, in order."""
        return list(slots_in(self._survey.record(node).slots))

    @property
    def faults(self) -> FaultsOfMany:
        """Return the faults of all nodes together: what is armed here is armed on each, hits are added up."""
        return FaultsOfMany([node.server.faults for node in self.nodes])

    async def start(self) -> None:
        """Start every node and let the replicas follow their primaries."""
        try:
            for node in self.nodes:
                await self._start_node(node)
        except BaseException:
            await self.stop()
            raise
        self._bus.open = True
        self._bus.beat()

    async def stop(self) -> None:
        """Stop every node."""
        self._bus.close()
        for node in self.nodes:
            node._shell.shut()
        for node in self.nodes:
            await node.server.stop()

    async def reset(self) -> None:
        """Make the cluster as good as new: its first shape, on the same ports, without keys, faults and clients.

        Nodes are new ones, those of before are gone. Time runs on where it is.
        """
        await self.stop()
        self._ports = [node.port for node in self._first]
        self.clock.resume()
        self._assemble()
        await self.start()

    async def failover(self, primary: FakeNode, *, to: FakeNode | None = None) -> FakeNode:
        """Promote a replica, the first living one unless given; return it.

        A primary that is alive hands over everything and becomes a replica, as with CLUSTER FAILOVER; of a
        dead one all agree that it failed, and what it did not replicate is lost.
        """
        chosen = to or next((node for node in self.replicas_of(primary) if self._serves(node)), None)
        if chosen is None or chosen not in self.replicas_of(primary):
            raise ValueError(f"{primary.name} has no living replica to take over")
        planned = self._stations.hears(primary._station, chosen._station)
        if not planned:
            self._agree_on_failure(primary)
        if not (planned and self._bus.promote(chosen._station, "planned")):
            self._bus.promote(chosen._station, "takeover")
        self._settle()
        return chosen

    def mark_failed(self, node: FakeNode) -> None:
        """Let the others agree that a node is dead, before its time: without its slots the cluster is down."""
        self._agree_on_failure(node)
        self._bus.beat()

    async def restart(self, node: FakeNode, *, lose_data: bool = True) -> None:
        """Start a killed node again, on its port; a replica, or a primary that was replaced, copies its primary."""
        node.server._lose(data=lose_data)
        await self._start_node(node)
        self._settle()

    async def add_node(
        self, primary: FakeNode | None = None, *, port: int = 0, joined: bool = True
    ) -> FakeNode:
        """Add a node and return it: a replica of some primary, or a primary that owns no slots yet.

        With `joined=False` it knows nobody, until somebody says CLUSTER MEET.
        """
        node = self._new_node(port)
        await self._start_node(node)
        known = next(each for each in self.nodes if self._serves(each))
        self.nodes.append(node)
        if joined:
            introduce(known._station, node._station, self.clock.microseconds() // 1000)
            self._bus.beat()
            if primary is not None:
                view = node._view
                view.follow(view.nodes[primary.id])
        self._bus.beat()
        return node

    async def remove_node(self, node: FakeNode) -> None:
        """Take a node out and stop it; raise ValueError for a primary that owns slots or has replicas."""
        if self.slots_of(node):
            raise ValueError(f"{node.name} owns slots: move them first")
        if self.replicas_of(node):
            raise ValueError(f"{node.name} has replicas: remove them first")
        self.nodes.remove(node)
        self._bus.leave(node._station)
        for other in self.nodes:
            record = other._believes(node)
            if record is not None:
                other._view.forget(record)
        await node.server.stop()
        self._bus.beat()

    async def migrate_slots(self, slots: Iterable[int], to: FakeNode, *, keys_per_step: int = 1) -> None:
        """Move slots with their keys, some keys at a time, while clients go on working."""
        for number, slot in enumerate(slots, 1):
            self.begin_migration(slot, to)
            moved = self.move_keys(slot, keys_per_step)
            if moved or number % EMPTY_AT_ONCE == 0:
                self._bus.beat()
                await _give_way()
            while moved and self.move_keys(slot, keys_per_step):
                await _give_way()
            self._survey.hand_over(slot)
            if moved:
                self._bus.beat()
        self._bus.beat()

    def begin_migration(self, slot: int, to: FakeNode) -> None:
        """Open a slot: from now on its owner sends clients after keys it does not have (ASK)."""
        self._survey.open(slot, to)

    def move_keys(self, slot: int, count: int | None = None) -> int:
        """Move keys of an open slot, all unless `count` says how many; return how many there were to move."""
        return self._survey.move_keys(slot, count)

    def finish_migration(self, slot: int) -> None:
        """Close an open slot: its new owner is known to all. Keys that were not moved are deleted."""
        self._survey.hand_over(slot)
        self._bus.beat()

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until a condition holds: `await cluster.until(lambda: cluster.owner_of("k") is other)`.

        It is asked whenever the nodes have learned something. Waits for ever if need be.
        """
        await self.clock.home.wait(lambda: self._waiting.until(condition))

    def _new_node(self, port: int) -> FakeNode:
        node_id = f"{self._random.getrandbits(160):040x}"
        settings = replace(self._settings, seed=self._random.getrandbits(64))
        node = FakeNode(settings, node_id, Endpoint(self._host, port), self.clock, self._network)
        node.server._tls = self._tls
        node._view.watchful = self._node_timeout is not None
        node._set_up(self._node_timeout, _ENDPOINTS[self._endpoint_type])
        self._bus.join(node._station)
        return node

    async def _start_node(self, node: FakeNode) -> None:
        await node._start()
        node._shell.broadcast = functools.partial(self._broadcast, node)

    @property
    def _ways(self) -> Network:
        return self._network

    def _server_of(self, member: FakeNode) -> FakeServer:
        return member.server

    def _everybody(self) -> list[FakeServer]:
        return [node.server for node in self.nodes]

    def _look(self) -> None:
        self._bus.beat()

    def _catch_up(self) -> None:
        self._bus.beat()

    def _serves(self, node: FakeNode) -> bool:
        return self._network.up(node.server)

    def _agree_on_failure(self, node: FakeNode) -> None:
        now = self.clock.microseconds() // 1000
        for other in self.nodes:
            if other is not node and self._serves(other):
                hold_for_failed(other._view, node.id, now)

    def _settle(self) -> None:
        """Let the news go round; a test that commands something does not wait for a primary to trust itself."""
        self._bus.beat()
        for node in self.nodes:
            node._view.rejoined_at = None
        self._bus.beat()

    def _broadcast(self, origin: FakeNode, messages: list[Published]) -> None:
        """Let clients of the other nodes hear what is published on one; shard channels stay in their shard."""
        for node in self.nodes:
            record = origin._believes(node)
            if node is origin or record is None or not self._stations.hears(origin._station, node._station):
                continue
            same_shard = record.shard == origin._view.me.shard
            heard = [each for each in messages if same_shard or not each.sharded]
            if heard:
                node._shell.publish(heard)


async def _give_way() -> None:
    """Let clients have their turn between two keys."""
    await asyncio.sleep(0)
