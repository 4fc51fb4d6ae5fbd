"""Where in a cluster each subscription is listened to. Decides only; nothing is opened or asked from here.

Sharded channels belong to a slot, and are heard at the nodes of its shard; all others are heard at every node
(https://redis.io/docs/latest/develop/pubsub/#sharded-pubsub).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable
from enum import Enum, auto
from typing import TypeAlias

from respool.lowlevel import Kind, Subscription
from respool_cluster._map.node import Node
from respool_cluster._map.slot import key_slot
from respool_cluster._map.topology import Topology
from respool_cluster._routing.verdict import HOPS


class Elsewhere(Enum):
    """Places that are no node in particular."""

    ANYWHERE = auto()
    """At any node, and at another one where that fails."""

    NOWHERE = auto()
    """At none, until the cluster tells who serves the slot."""


Place: TypeAlias = Node | Elsewhere


class Places:
    """The place of each subscription, from when it is first wanted until it is left."""

    def __init__(self) -> None:
        self._places: dict[Subscription, Place] = {}
        self._hops: Counter[Subscription] = Counter()

    def __getitem__(self, subscription: Subscription) -> Place | None:
        return self._places.get(subscription)

    def put(self, subscriptions: Iterable[Subscription], place: Place) -> None:
        """Take note of where these are listened to now."""
        self._places.update(dict.fromkeys(subscriptions, place))

    def of(self, subscriptions: Iterable[Subscription]) -> dict[Subscription, Place]:
        """Return where these are, those of them that are wanted."""
        return {each: self._places[each] for each in subscriptions if each in self._places}

    def remove(self, subscriptions: Iterable[Subscription]) -> dict[Subscription, Place]:
        """Forget what is not wanted any more; return where it was."""
        places = self.of(subscriptions)
        self.forgive(places)
        for each in places:
            del self._places[each]
        return places

    def at(self, place: Place) -> list[Subscription]:
        """Return what is listened to at a place."""
        return [each for each, where in self._places.items() if where == place]

    def in_slots(self, slots: Container[int]) -> list[Subscription]:
        """Return what belongs to any of these slots."""
        return [each for each in self._places if each.kind is Kind.SHARD and key_slot(each.name) in slots]

    def best(self, subscription: Subscription, topology: Topology | None, *, stays: bool) -> Place:
        """Return where one belongs. With `stays` it is heard where it is.

        A replica hears what its primary hears. Going from one to the other would only cost what is said meanwhile.
        """
        if subscription.kind is not Kind.SHARD:
            return Elsewhere.ANYWHERE
        if topology is None or self._hops[subscription] >= HOPS:
            return Elsewhere.NOWHERE
        shard = topology.slots[key_slot(subscription.name)]
        if shard is None:
            return Elsewhere.NOWHERE
        here = self._places.get(subscription)
        return here if stays and isinstance(here, Node) and here in shard.replicas else shard.primary

    # ---- nodes that send us on

    def count_hop(self, subscriptions: Iterable[Subscription]) -> None:
        """Take note that a node sent these on. Sent round in circles, they have to wait."""
        self._hops.update(subscriptions)

    def sent_on(self, subscription: Subscription, node: Node) -> Place:
        """Return where one goes that was sent on to `node`."""
        is_further = self._places.get(subscription) != node and self._hops[subscription] < HOPS
        return node if is_further else Elsewhere.NOWHERE

    def forgive(self, subscriptions: Iterable[Subscription]) -> None:
        """Take note that these were listened to, or have waited: they may be sent on again."""
        for each in subscriptions:
            del self._hops[each]


def slot_of_shard(subscription: Subscription) -> int | None:
    """Return the slot that one belongs to, None for none: one command has subscriptions of one slot."""
    return key_slot(subscription.name) if subscription.kind is Kind.SHARD else None
