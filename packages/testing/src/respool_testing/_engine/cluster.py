"""What a cluster's nodes know of each other, and where a request belongs.

All nodes of a fake cluster share one `Topology`, as if their gossip took no time. Routing follows
https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/
"""

from __future__ import annotations

import binascii
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from .errors import CommandError
from .keyspace import Database

SLOTS: Final = 16_384


def key_slot(key: bytes) -> int:
    """Return a key's slot: CRC16 of the key, or of what stands in its first braces if anything does."""
    start = key.find(b"{")
    end = key.find(b"}", start + 1) if start >= 0 else -1
    if end > start + 1:
        key = key[start + 1 : end]
    return binascii.crc_hqx(key, 0) % SLOTS


@dataclass(slots=True, eq=False)
class ClusterNode:
    """One node as the others know it; a replica has a primary. `failed` is what a majority has agreed on."""

    id: str
    host: str
    port: int = 0
    primary: ClusterNode | None = None
    failed: bool = False
    epoch: int = 0

    @property
    def address(self) -> str:
        """Return the address in the form of a redirection."""
        return f"{self.host}:{self.port}"


@dataclass(slots=True)
class Topology:
    """The nodes, who owns which slot, and which slots are on the move (slot -> target)."""

    nodes: list[ClusterNode]
    owners: list[ClusterNode | None] = field(default_factory=lambda: [None] * SLOTS)
    migrating: dict[int, ClusterNode] = field(default_factory=dict)
    epoch: int = 0
    _down: bool | None = None

    def primaries(self) -> list[ClusterNode]:
        """Return the nodes that are no replicas."""
        return [node for node in self.nodes if node.primary is None]

    def replicas_of(self, primary: ClusterNode) -> list[ClusterNode]:
        """Return a node's replicas."""
        return [node for node in self.nodes if node.primary is primary]

    def slots_of(self, node: ClusterNode) -> list[int]:
        """Return the slots a node owns, in order."""
        return [slot for slot, owner in enumerate(self.owners) if owner is node]

    def is_down(self) -> bool:
        """Tell whether some slot has no living owner; then no node serves any key."""
        if self._down is None:  # asked with every request, so it is remembered
            self._down = any(owner is None or owner.failed for owner in self.owners)
        return self._down

    def set_failed(self, node: ClusterNode, *, failed: bool) -> None:
        """Let the others agree that a node is dead, or alive again."""
        node.failed = failed
        self._down = None

    def promote(self, replica: ClusterNode) -> None:
        """Give a replica everything its primary had; the old primary and its other replicas follow it."""
        old = replica.primary
        if old is None:
            raise ValueError(f"{replica.address} is a primary already")
        self.owners = [replica if owner is old else owner for owner in self.owners]
        self.migrating = {slot: replica if to is old else to for slot, to in self.migrating.items()}
        for other in [old, *self.replicas_of(old)]:
            other.primary = replica
        replica.primary = None
        self.epoch += 1
        replica.epoch = self.epoch
        self._down = None

    def assign(self, slot: int, node: ClusterNode) -> None:
        """Make a node the owner of a slot."""
        self.owners[slot] = node
        self.migrating.pop(slot, None)
        self._down = None


@dataclass(slots=True)
class Membership:
    """One server's part in a cluster."""

    me: ClusterNode
    topology: Topology

    def serves(self, slot: int) -> bool:
        """Tell whether a slot belongs to this server's shard."""
        return self.topology.owners[slot] is (self.me.primary or self.me)


@dataclass(frozen=True, slots=True)
class Asked:
    """What routing needs to know of a request; shard channels stand in for keys that no database holds."""

    keys: Sequence[bytes]
    read_only: bool
    asking: bool
    replica_reads: bool
    channels: bool = False


def route(membership: Membership, database: Database, asked: Asked) -> None:
    """Return if a request belongs here; raise the redirection or refusal a node would answer otherwise."""
    if not asked.keys:
        return
    slot = _single_slot(asked.keys)
    me, topology = membership.me, membership.topology
    owner = topology.owners[slot]
    if owner is None:
        raise CommandError("CLUSTERDOWN Hash slot not served")
    if topology.is_down():
        raise CommandError("CLUSTERDOWN The cluster is down")
    missing = [] if asked.channels else [key for key in asked.keys if key not in database]
    target = topology.migrating.get(slot)
    if owner is me:
        if target is not None and missing:
            _send_after(slot, target, split=len(missing) < len(asked.keys))
        return
    if target is me and asked.asking:
        if missing and len(asked.keys) > 1:
            raise _try_again()
        return
    if me.primary is owner and (asked.channels or (asked.replica_reads and asked.read_only)):
        return
    raise CommandError(f"MOVED {slot} {owner.address}")


def slot_ranges(slots: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Join ascending slots to (first, last) ranges."""
    start = previous = None
    for slot in slots:
        if start is None or previous is None:
            start = slot
        elif slot != previous + 1:
            yield start, previous
            start = slot
        previous = slot
    if start is not None and previous is not None:
        yield start, previous


def _single_slot(keys: Sequence[bytes]) -> int:
    slots = {key_slot(key) for key in keys}
    if len(slots) > 1:
        raise CommandError("CROSSSLOT Keys in request don't hash to the same slot")
    return slots.pop()


def _send_after(slot: int, target: ClusterNode, *, split: bool) -> None:
    """Send a client after keys that have left already, unless only some of them have."""
    raise _try_again() if split else CommandError(f"ASK {slot} {target.address}")


def _try_again() -> CommandError:
    return CommandError("TRYAGAIN Multiple keys request during rehashing of slot")
