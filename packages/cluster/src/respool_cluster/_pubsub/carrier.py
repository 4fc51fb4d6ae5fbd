"""Who carries the subscriptions of one subscriber in a cluster: a station at each node that it has to listen at.

What is wanted is remembered as what it is, and brought to where `Places` says whenever the cluster changes or a node
sends it on. Nothing here waits: what was said last is what is done.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Container, Iterable, Mapping
from functools import partial
from typing import TypeVar

from respool import ConnectionPool, RetryPolicy
from respool.errors import MovedError, RedisClusterError, RedisError, ResponseError
from respool.lowlevel import PASSING, Intake, Station, Subscription
from respool_cluster._map.node import Node
from respool_cluster._map.topology import Topology
from respool_cluster._pubsub.places import Elsewhere, Place, Places, slot_of_shard
from respool_cluster._routing.guide import Guide

G = TypeVar("G")

BACKOFF = RetryPolicy(base=0.02, cap=0.2)
"""Between two attempts at a node; each has the cluster looked at, so this is how long a promotion goes unnoticed."""

SILENCE_SECONDS = 1.0
"""Silence after which a node is asked for a sign of life; without one the others are soon asked about it."""


class ClusterCarrier:
    """Carries each subscription at a node that hears it, and follows it where its slot goes."""

    def __init__(self, guide: Guide, intake: Intake) -> None:
        self._guide = guide
        self._intake = intake
        self._places = Places()
        self._stations: dict[Place, Station] = {}
        self._retiring: set[asyncio.Task[None]] = set()
        self._any_node: Node | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._trouble = ""

    @property
    def is_connected(self) -> bool:
        """Whether messages of all that is listened to can arrive now."""
        return bool(self._stations) and all(station.is_connected for station in self._stations.values())

    @property
    def stream_timeout(self) -> float:
        """Seconds within which nodes have to confirm."""
        return self._guide.patience

    def describe(self) -> str:
        """Return what is wrong, if anything is."""
        return "the cluster" if self.is_connected or not self._trouble else f"the cluster ({self._trouble})"

    # ---- what to carry

    async def assign(self, subscriptions: Iterable[Subscription]) -> None:
        """Carry these from now on, as soon as the cluster is known."""
        self._loop = asyncio.get_running_loop()
        places = {each: self._places[each] or self._best(each) for each in subscriptions}
        for place, group in _grouped(places).items():
            self._places.put(group, place)
            self._station_at(place).assign(group)

    def withdraw(self, subscriptions: Iterable[Subscription]) -> None:
        """Carry these no longer."""
        for place, group in _grouped(self._places.remove(subscriptions)).items():
            self._stations[place].withdraw(group)
            self._retire_if_idle(place)

    async def aclose(self) -> None:
        """Give all connections back."""
        self._retire_all()
        if self._retiring:
            await asyncio.wait(self._retiring)

    # ---- following the cluster

    def follow(self, topology: Topology, changed: Container[int]) -> None:
        """Bring what belongs to slots that have changed to where it belongs now."""
        if self._loop is not asyncio.get_running_loop():
            return  # it was used in another, which is gone
        if self._any_node is not None and self._any_node not in topology.nodes():
            self._stations[Elsewhere.ANYWHERE].hang_up()
        self._bring(self._places.in_slots(changed), "the slot went to another node")

    def _bring(self, subscriptions: Iterable[Subscription], reason: str) -> None:
        for place, group in _grouped({each: self._best(each) for each in subscriptions}).items():
            self._move(group, place, reason)

    def _best(self, subscription: Subscription) -> Place:
        here = self._places[subscription]
        stays = here is not None and self._stations[here].is_connected
        return self._places.best(subscription, self._guide.topology, stays=stays)

    def _move(self, subscriptions: Iterable[Subscription], place: Place, reason: str) -> None:
        """Listen to these at a place, and nowhere else. What was heard elsewhere may miss something: that is told."""
        for old, group in _grouped(self._places.of(subscriptions)).items():
            if old == place:
                continue
            station = self._stations[old]
            missed = {each: reason if station.was_heard(each) else None for each in group}
            station.drop(group)
            self._retire_if_idle(old)
            self._places.put(group, place)
            for why, each in _grouped(missed).items():
                self._station_at(place).assign(each, why)

    # ---- stations

    def _station_at(self, place: Place) -> Station:
        station = self._stations.get(place)
        if station is None:
            station = self._stations[place] = Station(
                partial(self._find_pool, place),
                self._intake,
                self,
                backoff=BACKOFF,
                silence_seconds=SILENCE_SECONDS,
                batch=slot_of_shard,
            )
        return station

    async def _find_pool(self, place: Place) -> ConnectionPool:
        if isinstance(place, Node):
            return self._guide.pool_of(place)
        if place is Elsewhere.NOWHERE:
            await self._guide.look()
            raise RedisClusterError("a slot that is listened to is served by no node of the cluster")
        topology = await self._guide.known()
        primaries = [shard.primary for shard in topology.shards]
        others = [node for node in primaries if node != self._any_node]
        self._any_node = random.choice(others or primaries)
        return self._guide.pool_of(self._any_node)

    def _place_of(self, station: Station) -> Place | None:
        return next((place for place, each in self._stations.items() if each is station), None)

    def _retire_if_idle(self, place: Place) -> None:
        station = self._stations.get(place)
        if station is not None and station.is_idle:
            self._retire(place)

    def _retire(self, place: Place) -> None:
        if place is Elsewhere.ANYWHERE:
            self._any_node = None
        task = asyncio.get_running_loop().create_task(self._stations.pop(place).aclose())
        self._retiring.add(task)
        task.add_done_callback(self._retiring.discard)

    def _retire_all(self) -> None:
        self._places = Places()
        for place in list(self._stations):
            self._retire(place)

    # ---- what stations cannot do

    def on_unreachable(self, station: Station, error: RedisError) -> None:
        """Have the cluster looked at. Fail who subscribes in a cluster that was never there, or was let in nowhere."""
        self._trouble = str(error)
        place = self._place_of(station)
        if place is None:
            return
        here = self._places.at(place)
        if self._guide.topology is None or not isinstance(error, (*PASSING, RedisClusterError)):
            self._refuse(station, here, error)
        elif place is Elsewhere.NOWHERE:
            self._places.forgive(here)
            self._bring(here, self._trouble)
        else:
            self._look_and_bring(here)

    def on_lost(self, station: Station, reason: str) -> None:
        """Remember why, and have the cluster looked at."""
        self._trouble = reason
        place = self._place_of(station)
        if place is not None:
            self._retire_if_idle(place)
            self._look_and_bring(self._places.at(place))

    def on_ended(self, station: Station, subscription: Subscription) -> None:
        """Leave it at that: the node will say where the slot went when it is asked again."""
        self._places.forgive([subscription])

    def on_refused(
        self, station: Station, subscriptions: frozenset[Subscription], error: ResponseError
    ) -> None:
        """Listen where the node says that the slot is; fail who subscribes to what no node allows."""
        place = self._place_of(station)
        if not isinstance(error, MovedError) or not isinstance(place, Node):
            self._refuse(station, subscriptions, error)
        elif any(slot_of_shard(each) != error.slot_id for each in subscriptions):
            station.hang_up()  # it answered something else, and who knows which answers belong to what
        else:
            self._send_on(subscriptions, error, place)

    def on_idle(self, station: Station) -> None:
        """Give its connection back: there may be many nodes."""
        place = self._place_of(station)
        if place is not None:
            self._retire(place)

    def on_broken(self, station: Station, error: BaseException) -> None:
        """Tell who reads."""
        self._retire_all()
        self._intake.end(error)

    def _send_on(self, subscriptions: Iterable[Subscription], error: MovedError, asked: Node) -> None:
        self._places.count_hop(subscriptions)
        node = self._guide.learn(error, asked)  # which brings most of them there at once
        for each in subscriptions:
            if self._places[each] == asked:
                self._move([each], self._places.sent_on(each, node), f"the slot went to {node}")

    def _look_and_bring(self, subscriptions: list[Subscription]) -> None:
        self._guide.want()
        self._places.forgive(subscriptions)
        self._bring(subscriptions, self._trouble)

    def _refuse(self, station: Station, subscriptions: Iterable[Subscription], error: RedisError) -> None:
        for each in subscriptions:
            if station.was_heard(each):
                raise error
            self._intake.joining.fail(each, error)


def _grouped(groups: Mapping[Subscription, G]) -> dict[G, list[Subscription]]:
    found: dict[G, list[Subscription]] = {}
    for subscription, group in groups.items():
        found.setdefault(group, []).append(subscription)
    return found
