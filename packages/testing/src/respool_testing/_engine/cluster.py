"""What one node of a cluster believes: who else there is, who leads whom, and who owns which slot.

Plain state with the simplest changes to it. What nodes tell each other is in `gossip`, whom they give up on in
`failure`, whom they promote in `election`, and where a request belongs in `routing`. Times are milliseconds.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from .slots import EVERY_SLOT, SLOTS, spans_in
from .slots import key_slot as key_slot

if TYPE_CHECKING:
    from .parcels import Parcel


@dataclass(slots=True, eq=False)
class Endpoint:
    """Where a node is, and what it calls itself: behind NAT it announces another address than its own."""

    host: str
    port: int = 0
    announced_host: str = ""
    announced_port: int = 0
    hostname: str = ""

    @property
    def ip(self) -> str:
        """Return the address that the others know."""
        return self.announced_host or self.host

    @property
    def client_port(self) -> int:
        """Return the port that the others know."""
        return self.announced_port or self.port

    def answers_to(self, host: str, port: int) -> bool:
        """Tell whether somebody who names an address means this one."""
        hosts = {self.host, self.ip, self.hostname} | ({"localhost"} if self.host == "127.0.0.1" else set())
        return host in hosts and port in (self.port, self.client_port)


@dataclass(slots=True, eq=False)
class KnownNode:
    """A node as another one knows it. A replica has a primary, by its id.

    `suspected` is what the observer thinks by itself, `failed_at` when a majority came to agree; `reports` are
    the primaries that told it of a suspicion, and when.
    """

    id: str
    place: Endpoint
    shard: str
    primary: str | None = None
    epoch: int = 0
    slots: int = 0
    offset: int = 0
    silent_since: int | None = None
    suspected: bool = False
    failed_at: int | None = None
    reports: dict[str, int] = field(default_factory=dict)
    voted_at: int | None = None

    @property
    def failed(self) -> bool:
        """Tell whether a majority holds the node for dead."""
        return self.failed_at is not None

    @property
    def votes(self) -> bool:
        """Tell whether the node has a say: it is a primary with slots."""
        return self.primary is None and self.slots != 0


class Neighbours(Protocol):
    """What a node's commands need of the network it is in."""

    def stir(self) -> None:
        """Let the others hear soon that something about this node has changed."""

    def meet(self, host: str, port: int) -> None:
        """Get to know the node at an address, and everybody it knows."""

    def forced_failover(self, way: str) -> None:
        """Take the primary's place: `planned`, by `force`, or by `takeover` without a vote."""

    def hand_over(self, host: str, port: int, parcels: list[Parcel], *, replace: bool) -> str | None:
        """Give keys to the node at an address; return its complaint, if any."""


@dataclass(slots=True)
class Election:
    """A replica's wish to be elected, and when it will stand for it (again)."""

    at: int


class Membership:
    """One node's view of its cluster. `options` are the node's settings, as CONFIG GET tells them."""

    def __init__(self, me: KnownNode, options: Mapping[str, str]) -> None:
        self.me = me
        self.nodes: dict[str, KnownNode] = {me.id: me}
        self.owners: list[KnownNode | None] = [None] * SLOTS
        # Slots that this node's shard had and another node got, be it of the same shard: a failover counts.
        self.changed_hands = 0
        # Slots that their owner claims no more: it stays their owner until somebody else does, whatever the epochs.
        self.unclaimed = 0
        self.migrating: dict[int, str] = {}
        self.importing: dict[int, str] = {}
        self.epoch = 0
        self.voted_epoch = 0
        self.healthy = False
        # Whether it heard too few primaries to trust itself, and when that last ended.
        self.outnumbered = False
        self.rejoined_at: int | None = None
        self.forgotten: dict[str, int] = {}
        self.election: Election | None = None
        self.neighbours: Neighbours | None = None
        # Whether this node gives up on those that are silent for too long.
        self.watchful = True
        self._options = options

    def __repr__(self) -> str:
        return f"<Membership of {self.me.id[:8]}: {len(self.nodes)} nodes, epoch {self.epoch}>"

    def option(self, name: str, default: str) -> str:
        """Return one of the node's settings."""
        return self._options.get(name, default)

    @property
    def endpoint_type(self) -> str:
        """Return how clients are told of nodes: by `ip`, by `hostname`, or by an `unknown-endpoint`."""
        return self.option("cluster-preferred-endpoint-type", "ip")

    @property
    def timeout(self) -> int:
        """Return after how many milliseconds of silence a node is suspected."""
        return int(self.option("cluster-node-timeout", "15000"))

    @property
    def leader(self) -> KnownNode:
        """Return the primary of this node's shard, which may be the node itself."""
        return self.me if self.me.primary is None else self.nodes.get(self.me.primary, self.me)

    def others(self) -> Iterator[KnownNode]:
        """Return everybody else."""
        return (node for node in self.nodes.values() if node is not self.me)

    def primaries(self) -> list[KnownNode]:
        """Return the nodes that are no replicas."""
        return [node for node in self.nodes.values() if node.primary is None]

    def replicas_of(self, primary: KnownNode) -> list[KnownNode]:
        """Return a node's replicas."""
        return [node for node in self.nodes.values() if node.primary == primary.id]

    def voters(self) -> list[KnownNode]:
        """Return the primaries that have slots."""
        return [node for node in self.nodes.values() if node.votes]

    @property
    def majority(self) -> int:
        """Return how many primaries must agree."""
        return len(self.voters()) // 2 + 1

    def serves(self, slot: int) -> bool:
        """Tell whether a slot belongs to this node's shard."""
        return self.owners[slot] is self.leader

    def give(self, slots: int, node: KnownNode) -> None:
        """Hold a node for the owner of slots."""
        self.take(slots)
        node.slots |= slots
        for first, last in spans_in(slots):
            self.owners[first : last + 1] = [node] * (last - first + 1)

    def take(self, slots: int) -> None:
        """Hold slots for nobody's."""
        for node in self.nodes.values():
            if node.shard == self.me.shard:
                self.changed_hands |= node.slots & slots
            node.slots &= ~slots
        self.unclaimed &= ~slots
        for first, last in spans_in(slots):
            self.owners[first : last + 1] = [None] * (last - first + 1)

    def covered(self) -> bool:
        """Tell whether each slot has an owner that is not held for dead."""
        served = 0
        for node in self.nodes.values():
            served |= 0 if node.failed else node.slots
        return served == EVERY_SLOT

    def know(self, node_id: str, place: Endpoint) -> KnownNode:
        """Take in a node that was met."""
        if node_id not in self.nodes:
            self.nodes[node_id] = KnownNode(node_id, place, shard=node_id)
        return self.nodes[node_id]

    def forget(self, node: KnownNode) -> None:
        """Know a node no more."""
        self.take(node.slots)
        del self.nodes[node.id]

    def follow(self, primary: KnownNode) -> None:
        """Become a node's replica; slots that were on the move are no longer this node's business."""
        self.take(self.me.slots)
        self.me.primary, self.me.shard = primary.id, primary.shard
        self.migrating.clear()
        self.importing.clear()
        self.election = None

    def lead(self, epoch: int | None = None) -> None:
        """Become a primary, in the old one's place if this is a replica and won an epoch."""
        before, self.me.primary = self.leader, None
        self.election = None
        if epoch is not None:
            self.me.epoch = epoch
            self.epoch = max(self.epoch, epoch)
            self.give(before.slots, self.me)
        elif before is not self.me:
            self.me.shard = self.me.id

    def bump_epoch(self) -> bool:
        """Get the greatest epoch of all, without asking anybody; tell whether that took a change."""
        greatest = max(self.epoch, *(node.epoch for node in self.nodes.values()))
        if self.me.epoch and self.me.epoch == greatest:
            return False
        self.epoch = self.me.epoch = greatest + 1
        return True
