"""Which slots a node has for good and which are on their way, as it says of itself; and how far a scan has come.

Words and numbers only. A slot is done when all keys of a node were seen that had it before and after, and was not
giving it away. Where a slot is on its way, its keys travel in one direction: whoever saw all keys of the node that
gives, and then all of the node that gets, has seen them all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from respool.replies import ClusterNode
from respool_cluster._map.node import Node
from respool_cluster._map.slot import SLOTS
from respool_cluster._map.topology import Topology


@dataclass(frozen=True)
class Holding:
    """What a node says of itself, and where it says that others are."""

    id: str = ""
    slots: frozenset[int] = frozenset()
    """Those it neither gives nor gets."""
    leaving: dict[int, str] = field(default_factory=dict)
    """Slots that it gives, and the id of who gets them."""
    coming: frozenset[int] = frozenset()
    others: dict[str, Node] = field(default_factory=dict)
    """Addresses by id."""

    def concerns(self, slots: set[int]) -> bool:
        """Tell whether the node may have keys of any of these slots."""
        return not slots.isdisjoint(self.slots) or any(
            each in slots for each in (*self.leaving, *self.coming)
        )


def read_holding(nodes: Sequence[ClusterNode], asked: Node) -> Holding:
    """Read a reply to CLUSTER NODES from the node `asked`, whose host stands for an empty one."""
    others = {node.id: _address(node.address, asked) for node in nodes}
    myself = next((node for node in nodes if "myself" in node.flags), None)
    if myself is None:
        return Holding(others=others)
    slots: set[int] = set()
    leaving: dict[int, str] = {}
    coming: set[int] = set()
    for word in myself.slots:
        first, arrow, last = _parts(word)
        if arrow == "->-":
            leaving[int(first)] = last
        elif arrow == "-<-":
            coming.add(int(first))
        else:
            slots.update(range(int(first), int(last or first) + 1))
    return Holding(myself.id, frozenset(slots - leaving.keys()), leaving, frozenset(coming), others)


def _parts(word: str) -> tuple[str, str, str]:
    """Part `0-5460`, `93`, `[93->-id]` and `[93-<-id]` at what stands in the middle."""
    moving = word.strip("[]")
    arrow = "->-" if "->-" in moving else "-<-" if "-<-" in moving else "-"
    return moving.partition(arrow)


def _address(told: str, asked: Node) -> Node:
    host, _, port = told.partition("@")[0].rpartition(":")
    return Node(host or asked.host, int(port or 0))


class Progress:
    """Which slots are not done yet, and whom to see next."""

    def __init__(self) -> None:
        self.pending = set(range(SLOTS))
        self._half: dict[int, Node] = {}
        """Slots that are done at the node that gives them, and the node that gets them."""

    def next_node(self, topology: Topology) -> Node | None:
        """Return whom to see next; None where nobody serves what is left."""
        if self._half:
            return next(iter(self._half.values()))
        shards = (topology.slots[slot] for slot in sorted(self.pending))
        return next((shard.primary for shard in shards if shard is not None), None)

    def forget(self, node: Node) -> None:
        """Take note that a node failed while it was seen: what it was to get is asked for anew at whoever gives it."""
        self._half = {slot: target for slot, target in self._half.items() if target != node}

    def seen(self, node: Node, before: Holding, after: Holding, topology: Topology) -> bool:
        """Take note that all keys of a node were seen between `before` and `after`; tell whether that helped."""
        got = {slot for slot, target in self._half.items() if target == node}
        done = self.pending & ((before.slots & after.slots) | (got & (after.slots | after.coming)))
        self.pending -= done
        for slot in got:
            del self._half[slot]
        addresses = {**after.others, **{id: known for known, id in topology.ids.items()}}
        half = {
            slot: addresses[id]
            for slot, id in after.leaving.items()
            if slot in self.pending and id in addresses and (slot in before.slots or slot in before.leaving)
        }
        self._half.update(half)
        return bool(done or half)
