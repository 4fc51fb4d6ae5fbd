"""Who serves which slot, as far as we know. Values that never change: every lesson makes a new topology.

Read from CLUSTER SLOTS (https://redis.io/docs/latest/commands/cluster-slots/), corrected by MOVED.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import compress, count
from operator import is_not
from types import MappingProxyType

from respool_cluster._map.node import ManagedNode, Node
from respool_cluster._map.slot import SLOTS

UNNAMED = "?"
"""The host of a node that is to be called by its name and has none."""

_TELLS_NOTHING = frozenset({None, "", b"", UNNAMED, UNNAMED.encode()})


@dataclass(frozen=True)
class Shard:
    """A primary and its replicas, which serve the same slots."""

    primary: Node
    replicas: tuple[Node, ...] = ()

    def nodes(self) -> tuple[Node, ...]:
        """Return its nodes, the primary first."""
        return (self.primary, *self.replicas)

    def promoted(self, node: Node) -> Shard:
        """Return this shard with one of its replicas as the primary, and the old primary as a replica."""
        return Shard(node, (self.primary, *(each for each in self.replicas if each != node)))


@dataclass(frozen=True)
class Topology:
    """The shards of a cluster by slot. None where a slot is served by nobody."""

    slots: tuple[Shard | None, ...]
    ids: Mapping[Node, str] = field(default_factory=dict, compare=False)
    """What the nodes call themselves, as far as they said."""

    epochs: Mapping[Node, int] = field(default_factory=dict, compare=False)
    """The config epoch of each node, at least; empty where none were told."""

    @cached_property
    def shards(self) -> tuple[Shard, ...]:
        """Return every shard once, in the order of its first slot."""
        # By identity: hashing a shard for each of its slots would take longer than everything else here.
        return tuple({id(shard): shard for shard in self.slots if shard is not None}.values())

    def nodes(self) -> tuple[Node, ...]:
        """Return every node once."""
        return tuple(dict.fromkeys(node for shard in self.shards for node in shard.nodes()))

    @property
    def is_whole(self) -> bool:
        """Whether every slot is served."""
        return None not in self.slots

    def managed(self, shard: Shard) -> list[ManagedNode]:
        """Describe the nodes of a shard, the primary first."""
        primary, *replicas = shard.nodes()
        return [
            ManagedNode(*primary, "primary", self.ids.get(primary)),
            *(ManagedNode(*each, "replica", self.ids.get(each)) for each in replicas),
        ]

    @cached_property
    def by_name(self) -> Mapping[str, ManagedNode]:
        """Return every node by its name."""
        described = (node for shard in self.shards for node in self.managed(shard))
        return MappingProxyType({node.name: node for node in described})

    @cached_property
    def by_slot(self) -> Mapping[int, Sequence[ManagedNode]]:
        """Return the nodes of each slot that is served, the primary first."""
        described = {shard: self.managed(shard) for shard in self.shards}
        served = {slot: described[shard] for slot, shard in enumerate(self.slots) if shard is not None}
        return MappingProxyType(served)

    def moved(self, slot: int, node: Node) -> Topology:
        """Return what a MOVED teaches: `node` serves `slot`.

        A replica of the slot's own shard was promoted, then, so all slots of the shard are its.
        """
        old = self.slots[slot]
        if old is not None and node == old.primary:
            return self
        epochs = self._epochs_after(old, node)
        if old is not None and node in old.replicas:
            new = old.promoted(node)
            slots = tuple(new if shard is old else shard for shard in self.slots)
            return replace(self, slots=slots, epochs=epochs)
        new = next((shard for shard in self.shards if shard.primary == node), Shard(node))
        return replace(self, slots=(*self.slots[:slot], new, *self.slots[slot + 1 :]), epochs=epochs)

    def _epochs_after(self, old: Shard | None, node: Node) -> Mapping[Node, int]:
        """Return the epochs, given that `node` took over from `old`: it has a greater one."""
        if old is None or not self.epochs:
            return self.epochs
        least = self.epochs.get(old.primary, 0) + 1
        return {**self.epochs, node: max(self.epochs.get(node, 0), least)}

    def changed_since(self, earlier: Topology) -> set[int]:
        """Return the slots that had another shard, or another primary or replicas in it."""
        # Shards that are the same are one object, with few exceptions.
        others = compress(count(), map(is_not, self.slots, earlier.slots))
        return {slot for slot in others if self.slots[slot] != earlier.slots[slot]}

    def moved_since(self, earlier: Topology) -> set[int]:
        """Return the slots that had another primary, or none, or have none now."""
        changed = self.changed_since(earlier)
        return {slot for slot in changed if _primary(self.slots[slot]) != _primary(earlier.slots[slot])}

    def with_epochs(self, epochs: Mapping[str, int]) -> Topology:
        """Return the same with the config epochs of nodes, which are given by id."""
        known = {node: epochs[name] for node, name in self.ids.items() if name in epochs}
        return replace(self, epochs=known)


def _primary(shard: Shard | None) -> Node | None:
    return None if shard is None else shard.primary


def parse_slots(reply: object, asked: Node, known: Topology | None = None) -> Topology:
    """Read a reply to CLUSTER SLOTS from the node `asked`, whose host stands for an empty one.

    Shards that are `known` are the same objects again, so that what has changed is told from the rest at once. Raises
    `ValueError` for what is no such reply, and for one that serves no slot at all.
    """
    ranges = list(_ranges(reply))
    if not ranges:
        raise ValueError("it serves no slots")
    slots: list[Shard | None] = [None] * SLOTS
    shards = {shard.nodes(): shard for shard in known.shards} if known is not None else {}
    book = _AddressBook(asked)
    for first, last, nodes in ranges:
        members = tuple([book.find(each) for each in nodes])
        shard = shards.get(members)
        if shard is None:
            shard = shards[members] = Shard(members[0], members[1:])
        slots[first : last + 1] = [shard] * (last + 1 - first)
    return Topology(tuple(slots), book.ids)


def _ranges(reply: object) -> Iterator[tuple[int, int, Sequence[object]]]:
    for each in _as_list(reply):
        first, last, *nodes = _as_list(each)
        if not (isinstance(first, int) and isinstance(last, int) and 0 <= first <= last < SLOTS and nodes):
            raise ValueError(f"not a range of slots: {each!r}")
        yield first, last, nodes


class _AddressBook:
    """The nodes that a reply describes, each read once: a cluster may tell of them for every slot again."""

    def __init__(self, asked: Node) -> None:
        self.ids: dict[Node, str] = {}
        self._asked = asked
        self._nodes: dict[tuple[object, object], Node] = {}

    def find(self, described: object) -> Node:
        """Return the address in a description."""
        host, port, *more = _as_list(described)
        if not (host is None or isinstance(host, (bytes, str))) or not isinstance(port, int):
            raise ValueError(f"not an address of a node: {described!r}")
        # A host that tells nothing may stand for several.
        node = None if host in _TELLS_NOTHING else self._nodes.get((host, port))
        return node or self._read(host, port, more)

    def _read(self, host: bytes | str | None, port: int, more: Sequence[object]) -> Node:
        name = host.decode(errors="replace") if isinstance(host, bytes) else host
        if name == UNNAMED:
            name = _address(more[1:])
        node = self._nodes[host, port] = Node(name or self._asked.host, port)
        if more and isinstance(more[0], bytes):  # told since Redis 4
            self.ids[node] = more[0].decode(errors="replace")
        return node


def _address(more: Sequence[object]) -> str | None:
    """Return the address that stands behind a node's id, among names and values."""
    words = [word.decode(errors="replace") for word in _words(more) if isinstance(word, bytes)]
    return dict(zip(words[::2], words[1::2], strict=False)).get("ip")


def _words(more: Sequence[object]) -> Sequence[object]:
    """Return names and values one behind the other: RESP3 may tell them as a map."""
    if more and isinstance(more[0], dict):
        return [word for pair in more[0].items() for word in pair]
    return more[0] if more and isinstance(more[0], list) else ()


def _as_list(value: object) -> list[object]:
    if not isinstance(value, list):
        raise ValueError(f"not a reply to CLUSTER SLOTS: {value!r}")
    return value
