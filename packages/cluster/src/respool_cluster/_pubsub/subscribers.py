"""The subscribers of one client: made here, told when the cluster changes, and closed with the client."""

from __future__ import annotations

from typing import Generic, TypeVar
from weakref import WeakSet

from respool import PubSub
from respool.lowlevel import Intake, RequestMaker
from respool_cluster._map.slot import SLOTS
from respool_cluster._map.topology import Topology
from respool_cluster._pubsub.carrier import ClusterCarrier
from respool_cluster._routing.guide import Guide

T = TypeVar("T")


class Subscribers(Generic[T]):
    """Keeps them for as long as somebody uses them, or something arrives for them."""

    def __init__(self, guide: Guide, maker: RequestMaker) -> None:
        self._guide = guide
        self._maker = maker
        self._all: WeakSet[PubSub[T]] = WeakSet()
        self._carriers: WeakSet[ClusterCarrier] = WeakSet()
        self._known: Topology | None = None

    def make(self, max_messages: int) -> PubSub[T]:
        """Return a subscriber to nothing yet."""
        subscriber: PubSub[T] = PubSub(self._carry, self._maker, max_messages)
        self._all.add(subscriber)
        return subscriber

    def _carry(self, intake: Intake) -> ClusterCarrier:
        carrier = ClusterCarrier(self._guide, intake)
        self._carriers.add(carrier)
        return carrier

    def follow(self, topology: Topology) -> None:
        """Have everybody listen where slots are served now."""
        known, self._known = self._known, topology
        carriers = list(self._carriers)
        changed = topology.changed_since(known) if carriers and known is not None else range(SLOTS)
        for carrier in carriers if changed else ():
            carrier.follow(topology, changed)

    async def aclose(self) -> None:
        """Close all."""
        for subscriber in list(self._all):
            await subscriber.aclose()
