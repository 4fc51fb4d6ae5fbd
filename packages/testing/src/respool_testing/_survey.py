"""How a fake cluster really is, as far as its nodes agree: what those know whose view is the most recent."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import TYPE_CHECKING

from ._engine.parcels import packed, unpack
from ._engine.slots import key_slot, slot_set

if TYPE_CHECKING:
    from ._engine.cluster import KnownNode
    from ._network import Network
    from ._node import FakeNode


class Survey:
    """A look at some nodes from above, and slots moved between them as an administrator would."""

    def __init__(self, nodes: list[FakeNode], network: Network) -> None:
        self._nodes = nodes
        self._network = network

    def record(self, node: FakeNode) -> KnownNode:
        """Return what is known of a node where the news is most recent."""
        return self._truth()._believes(node) or node._view.me

    def is_primary(self, node: FakeNode) -> bool:
        """Tell whether a node is a primary; one that failed and was replaced is none any more."""
        record = self.record(node)
        return record.primary is None and not (record.failed and not record.slots)

    def owner(self, slot: int) -> FakeNode:
        """Return the node that owns a slot; raise LookupError if none does."""
        owner = self._truth()._view.owners[slot]
        node = None if owner is None else next((each for each in self._nodes if each.id == owner.id), None)
        if node is None:
            raise LookupError(f"slot {slot} has no owner")
        return node

    def target(self, slot: int) -> FakeNode | None:
        """Return where an open slot goes to."""
        return next((node for node in self._nodes if slot in node._view.importing), None)

    def open(self, slot: int, target: FakeNode) -> None:
        """Let a slot's owner send clients to another node after keys it does not have."""
        if not self.is_primary(target):
            raise ValueError(f"{target.name} is a replica and cannot own slots")
        source = self.owner(slot)
        if source is not target:
            source._view.migrating[slot] = target.id
            target._view.importing[slot] = source.id

    def move_keys(self, slot: int, count: int | None) -> int:
        """Move up to `count` keys of an open slot, None for all; return how many."""
        source, target = self.owner(slot), self.target(slot)
        if target is None:
            return 0
        moving = list(_keys_in(source, slot, count))
        for key in moving:
            _move(key, source, target)
        return len(moving)

    def hand_over(self, slot: int) -> None:
        """Let an open slot's target own it; the others have yet to hear of it."""
        target = self.target(slot)
        if target is not None:
            target._view.importing.pop(slot, None)
            target._view.give(slot_set([slot]), target._view.me)
            target._view.bump_epoch()

    def _truth(self) -> FakeNode:
        """Return a node whose view is the most recent: among those that serve, if any does."""
        return max(
            self._nodes, key=lambda node: (self._network.up(node.server), node.healthy, node._view.epoch)
        )


def _keys_in(node: FakeNode, slot: int, count: int | None) -> Iterator[bytes]:
    in_slot = (key for key in node.server.db[0] if key_slot(key) == slot)
    return itertools.islice(in_slot, count)


def _move(key: bytes, source: FakeNode, target: FakeNode) -> None:
    """Move a key with its expiry; no client sees it on both servers, or on neither."""
    old, new = (node.server._engine.state.keyspace[0] for node in (source, target))
    parcel = packed(old, key)
    if parcel is not None:
        unpack(new, parcel, replace=True)
        old.delete(key)
    target.server._shell.settle()
    source.server._shell.settle()
