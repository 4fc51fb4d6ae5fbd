"""What connects the nodes of a fake cluster: who reaches whom, and doing what their views decide.

Nodes do not ping each other all the time. As long as everybody is heard, nothing happens; when that changes, or
something that one of them has to tell, all of them exchange what they know until nobody learns anything new.
A timer of the clock wakes them for what time alone brings about: suspicion, elections, forgiveness.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ._engine.cluster import Membership
from ._engine.election import stand, vote
from ._engine.errors import CommandError
from ._engine.failure import hold_for_failed, judge, next_moment, review
from ._engine.gossip import absorb, claim_of
from ._engine.parcels import Parcel, unpack
from ._engine.routing import Asked, route
from ._engine.slots import key_slot
from ._network import Network
from ._replication import Replicator

if TYPE_CHECKING:
    from .clock import Clock, Timer
    from .server import FakeServer

# So often at most news goes round before time goes on; it is a bound against mistakes, not a limit met.
ROUNDS = 20
UNREACHABLE = "IOERR error or timeout writing to target instance"


@dataclass(slots=True, eq=False)
class Station:
    """A node on the bus: its server and its view."""

    server: FakeServer
    view: Membership


@dataclass(slots=True)
class Bus:
    """What some nodes tell each other over a network."""

    network: Network
    clock: Clock
    chance: random.Random
    lag: float = 0.0
    stations: list[Station] = field(default_factory=list)
    open: bool = False
    after: Callable[[], None] = lambda: None
    _timer: Timer | None = None
    _soon: asyncio.Handle | None = None
    replicator: Replicator = field(init=False)

    def __post_init__(self) -> None:
        self.replicator = Replicator(self.network.hears, lag=self.lag)

    def join(self, station: Station) -> None:
        """Connect a node."""
        self.stations.append(station)
        station.view.neighbours = Door(self, station)

    def leave(self, station: Station) -> None:
        """Take a node off the network for good."""
        self.stations.remove(station)
        self.replicator.forget(station.server)
        self.network.leave(station.server)

    def close(self) -> None:
        """Let nothing happen any more."""
        self.open = False
        for pending in (self._timer, self._soon):
            if pending is not None:
                pending.cancel()
        self._timer = self._soon = None

    def hears(self, one: Station, other: Station) -> bool:
        """Tell whether two nodes can reach each other."""
        return self.network.hears(one.server, other.server)

    def soon(self) -> None:
        """Let the news go round once the present command has been answered."""
        if self.open and self._soon is None:
            self._soon = asyncio.get_running_loop().call_soon(self.beat)

    def beat(self) -> None:
        """Let everybody learn what they can at this moment, and act on it."""
        self._soon = None
        now = self._now()
        self._notice_silence(now)
        for _ in range(ROUNDS):
            if not self._exchange(now) | self._decide(now):
                break
        self._act()
        self._set_timer(now)
        self.after()

    def introduce(self, one: Station, other: Station) -> None:
        """Let two nodes know each other, unless one of them was told to forget the other."""
        now = self._now()
        for each, new in ((one, other), (other, one)):
            if each.view.forgotten.get(new.view.me.id, 0) > now:
                return
        one.view.know(other.view.me.id, other.view.me.place)
        other.view.know(one.view.me.id, one.view.me.place)

    def meet(self, station: Station, host: str, port: int) -> None:
        """Introduce a node to the one at an address, if there is one."""
        other = self.at(host, port)
        if other is not None and other is not station and self.hears(station, other):
            station.view.forgotten.pop(other.view.me.id, None)
            other.view.forgotten.pop(station.view.me.id, None)
            self.introduce(station, other)

    def at(self, host: str, port: int) -> Station | None:
        """Return the node at an address."""
        return next((each for each in self.stations if each.view.me.place.answers_to(host, port)), None)

    def named(self, node_id: str | None) -> Station | None:
        """Return the node with an id."""
        return next((each for each in self.stations if each.view.me.id == node_id), None)

    def promote(self, station: Station, way: str) -> bool:
        """Let a replica take over, by `planned`, `force` or `takeover`; tell whether it was elected."""
        view, primary = station.view, self.named(station.view.me.primary)
        if way == "planned" and primary is not None and self.hears(station, primary):
            self.replicator.catch_up(station.server)
        if way == "takeover":
            view.bump_epoch()
            view.lead(view.me.epoch)
            return True
        view.epoch += 1
        return self._elect(station, view.epoch, forced=True)

    def hand_over(
        self, station: Station, host: str, port: int, parcels: list[Parcel], replace: bool
    ) -> str | None:
        """Give keys to the node at an address."""
        target = self.at(host, port)
        if target is None or target is station or not self.hears(station, target):
            return UNREACHABLE
        database = target.server._engine.state.keyspace[0]
        try:
            for parcel in parcels:  # one by one, as if each came with an ASKING of its own
                route(
                    target.view, database, Asked([parcel.key], writes=True, asking=True, replica_reads=False)
                )
                unpack(database, parcel, replace=replace)
        except CommandError as refusal:
            return f"ERR Target instance replied with error: {refusal}"
        finally:
            target.server._shell.settle()
        return None

    def _now(self) -> int:
        return self.clock.microseconds() // 1000

    def _up(self) -> list[Station]:
        return [each for each in self.stations if self.network.up(each.server)]

    def _notice_silence(self, now: int) -> None:
        for station in self.stations:
            station.view.me.offset = station.server._engine.state.replication.offset
            for node in station.view.others():
                other = self.named(node.id)
                if other is not None and self.hears(station, other):
                    node.silent_since = None
                elif node.silent_since is None:
                    node.silent_since = now

    def _exchange(self, now: int) -> bool:
        """Let each node hear each other one once; tell whether somebody learned something."""
        news = False
        for speaker in self._up():
            claim = claim_of(speaker.view)
            for listener in self._listeners(speaker):
                news |= self._learn_of(listener, claim.known)
                heard = absorb(listener.view, claim, now)
                news |= heard.changed
                _drop_keys(listener.server, heard.lost)
                if heard.better is not None:
                    better = claim_of(listener.view, heard.better)
                    news |= absorb(speaker.view, better, now, relayed=True).changed
        return news

    def _listeners(self, speaker: Station) -> list[Station]:
        """Return the nodes that know a speaker and can hear it."""
        me = speaker.view.me.id
        return [
            each
            for each in self.stations
            if each is not speaker and me in each.view.nodes and self.hears(each, speaker)
        ]

    def _learn_of(self, listener: Station, known: Iterable[str]) -> bool:
        """Let a node meet those that others talk of."""
        # In an order of their own: that of a set differs from process to process.
        unknown = [self.named(each) for each in sorted(known) if each not in listener.view.nodes]
        before = len(listener.view.nodes)
        for other in unknown:
            if other is not None and self.hears(listener, other):
                self.introduce(listener, other)
        return len(listener.view.nodes) != before

    def _decide(self, now: int) -> bool:
        """Let each node make up its mind; tell whether somebody came to a new conclusion."""
        news = False
        for station in self._up():
            before = {node.id for node in station.view.others() if node.failed}
            news |= judge(station.view, now)
            failed = {node.id for node in station.view.others() if node.failed} - before
            for listener in self._listeners(station):
                for each in sorted(failed):
                    news |= hold_for_failed(listener.view, each, now)
            epoch = stand(station.view, now, self.chance)
            if epoch is not None:
                news |= self._elect(station, epoch)
        return news

    def _elect(self, station: Station, epoch: int, *, forced: bool = False) -> bool:
        """Ask everybody for a vote; let the replica lead if most primaries are for it."""
        view, now = station.view, self._now()
        votes = sum(
            vote(listener.view, view.me.id, epoch, now, forced=forced)
            for listener in self._listeners(station)
        )
        if votes >= view.majority:
            view.lead(epoch)
        return votes >= view.majority

    def _act(self) -> None:
        """Let every server be what its view says, and look again at who waits there."""
        now = self._now()
        leads, follows = self._to_change()
        for station in leads:  # first, lest two servers follow each other for a moment
            self.replicator.lead(station.server)
        for station, primary in follows:
            self.replicator.follow(station.server, primary.server)
        self.replicator.refresh()
        for station in self.stations:
            review(station.view, now)
            if station.server.running:
                station.server._shell.revise()

    def _to_change(self) -> tuple[list[Station], list[tuple[Station, Station]]]:
        """Return which servers must lead from now on, and which must follow whom."""
        leads: list[Station] = []
        follows: list[tuple[Station, Station]] = []
        for station in self.stations:
            primary, followed = (
                self.named(station.view.me.primary),
                self.replicator.primary_of(station.server),
            )
            if primary is None:
                if followed is not None or station.server._shell.forward is None:
                    leads.append(station)
            elif followed is not primary.server:
                follows.append((station, primary))
        return leads, follows

    def _set_timer(self, now: int) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        moments = [next_moment(each.view, now) for each in self._up()]
        first = min((each for each in moments if each is not None), default=None)
        if first is not None and self.open:
            self._timer = self.clock.call_at(max(first, now) * 1000, self.beat)


class Door:
    """A node's own door to the bus: what its commands may ask of it."""

    def __init__(self, bus: Bus, station: Station) -> None:
        self._bus = bus
        self._station = station

    def stir(self) -> None:
        self._bus.soon()

    def meet(self, host: str, port: int) -> None:
        self._bus.meet(self._station, host, port)
        self._bus.soon()

    def forced_failover(self, way: str) -> None:
        self._bus.promote(self._station, way)
        self._bus.soon()

    def hand_over(self, host: str, port: int, parcels: list[Parcel], *, replace: bool) -> str | None:
        return self._bus.hand_over(self._station, host, port, parcels, replace)


def _drop_keys(server: FakeServer, lost: int) -> None:
    """Delete what a node holds of slots that are no longer its own."""
    if lost:
        database = server._engine.state.keyspace[0]
        for key in [each for each in database if lost >> key_slot(each) & 1]:
            database.delete(key)
        server._shell.settle()
