"""What moves the nodes of a fake cluster: when news goes round, and doing what their views decide.

Nodes do not ping each other all the time. As long as everybody is heard, nothing happens; when that changes, or
something that one of them has to tell, all of them exchange what they know until nobody learns anything new.
A timer of the clock wakes them for what time alone brings about: suspicion, elections, forgiveness.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ._engine.errors import CommandError
from ._engine.failure import next_moment, review
from ._engine.parcels import Parcel, unpack
from ._engine.routing import Asked, route
from ._replication import Replicator
from ._round import decide, elect, exchange, notice_silence
from ._stations import Station, Stations, introduce

if TYPE_CHECKING:
    from .clock import Clock, Timer

# So often at most news goes round before time goes on; it is a bound against mistakes, not a limit met.
ROUNDS = 20
UNREACHABLE = "IOERR error or timeout writing to target instance"


@dataclass(slots=True)
class Bus:
    """What lets some nodes talk, at the right time, and act."""

    stations: Stations
    clock: Clock
    chance: random.Random
    lag: float = 0.0
    open: bool = False
    after: Callable[[], None] = lambda: None
    _timer: Timer | None = None
    _soon: asyncio.Handle | None = None
    replicator: Replicator = field(init=False)

    def __post_init__(self) -> None:
        self.replicator = Replicator(self.stations.network.hears, lag=self.lag)

    def join(self, station: Station) -> None:
        """Connect a node."""
        self.stations.all.append(station)
        station.view.neighbours = Door(self, station)

    def leave(self, station: Station) -> None:
        """Take a node off the network for good."""
        self.stations.all.remove(station)
        self.replicator.forget(station.server)
        self.stations.network.leave(station.server)

    def close(self) -> None:
        """Let nothing happen any more."""
        self.open = False
        for pending in (self._timer, self._soon):
            if pending is not None:
                pending.cancel()
        self._timer = self._soon = None

    def soon(self) -> None:
        """Let the news go round once the present command has been answered."""
        if self.open and self._soon is None:
            self._soon = asyncio.get_running_loop().call_soon(self.beat)

    def beat(self) -> None:
        """Let everybody learn what they can at this moment, and act on it."""
        self._soon = None
        now = self._now()
        notice_silence(self.stations, now)
        for _ in range(ROUNDS):
            if not exchange(self.stations, now) | decide(self.stations, now, self.chance):
                break
        self._act()
        self._set_timer(now)
        self.after()

    def meet(self, station: Station, host: str, port: int) -> None:
        """Introduce a node to the one at an address, if there is one."""
        other = self.stations.at(host, port)
        if other is not None and other is not station and self.stations.hears(station, other):
            station.view.forgotten.pop(other.view.me.id, None)
            other.view.forgotten.pop(station.view.me.id, None)
            introduce(station, other, self._now())

    def promote(self, station: Station, way: str) -> bool:
        """Let a replica take over, by `planned`, `force` or `takeover`; tell whether it was elected."""
        view, primary = station.view, self.stations.named(station.view.me.primary)
        if way == "planned" and primary is not None and self.stations.hears(station, primary):
            self.replicator.catch_up(station.server)
        if way == "takeover":
            view.bump_epoch()
            view.lead(view.me.epoch)
            return True
        view.epoch += 1
        return elect(self.stations, station, view.epoch, self._now(), forced=True)

    def hand_over(
        self, station: Station, host: str, port: int, parcels: list[Parcel], replace: bool
    ) -> str | None:
        """Give keys to the node at an address."""
        target = self.stations.at(host, port)
        if target is None or target is station or not self.stations.hears(station, target):
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

    def _act(self) -> None:
        """Let every server be what its view says, and look again at who waits there."""
        now = self._now()
        leads, follows = self._to_change()
        for station in leads:  # first, lest two servers follow each other for a moment
            self.replicator.lead(station.server)
        for station, primary in follows:
            self.replicator.follow(station.server, primary.server)
        self.replicator.refresh()
        for station in self.stations.all:
            review(station.view, now)
            if station.server.running:
                station.server._shell.revise()

    def _to_change(self) -> tuple[list[Station], list[tuple[Station, Station]]]:
        """Return which servers must lead from now on, and which must follow whom."""
        leads: list[Station] = []
        follows: list[tuple[Station, Station]] = []
        for station in self.stations.all:
            primary, followed = (
                self.stations.named(station.view.me.primary),
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
        moments = [next_moment(each.view, now) for each in self.stations.up()]
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
