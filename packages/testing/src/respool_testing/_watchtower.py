"""Some fake sentinels and what they watch: lets them look, agree, elect one of them, and fail over.

Sentinels do not ping all the time: they look when something changes, and a timer of the clock wakes them for
what time alone brings about.
"""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ._council import Council
from ._engine.sentinel import SentinelView, Watched
from ._engine.sentinel_rules import best_replica, described, may_fail_over, next_moment
from ._failover import AT_ONCE, Failover, FailoverTiming
from ._lookout import Lookout, Surroundings
from ._network import Network
from ._services import Services

if TYPE_CHECKING:
    from .clock import Clock, Timer
    from .server import FakeServer

DEFAULT_DOWN_AFTER = 30.0


@dataclass(slots=True, eq=False)
class Watchtower:
    """The sentinels of a deployment at work. Times are seconds of the clock."""

    clock: Clock
    timing: FailoverTiming = AT_ONCE
    down_after: float | None = DEFAULT_DOWN_AFTER
    failover_timeout: float = 180.0
    quorum: int = 2
    open: bool = False
    after: Callable[[], None] = lambda: None
    network: Network = field(default_factory=Network)
    council: Council = field(default_factory=Council)
    lookouts: dict[FakeServer, Lookout] = field(default_factory=dict)
    declared_down: set[FakeServer] = field(default_factory=set)
    services: Services = field(init=False)
    _around: Surroundings = field(init=False)
    _timers: list[Timer] = field(default_factory=list)
    _alarm: Timer | None = None
    _soon: asyncio.Handle | None = None

    def __post_init__(self) -> None:
        self.services = Services(self.network, self.soon)
        self._around = Surroundings(
            self.network, self.services.replicator, self.services.servers, [], self.declared_down
        )

    def add_sentinel(self, server: FakeServer, view: SentinelView) -> None:
        """Take in a sentinel that has not been started."""
        self.network.join(server)
        self._around.sentinels.append(server)
        lookout = self.lookouts[server] = Lookout(server, view, self._around, self.now)
        self.council.lookouts.append(lookout)
        view.watchful = self.down_after is not None
        view.deployment = Door(self, lookout)

    def begin(self, name: str) -> None:
        """Let replicas follow their primary, and every sentinel watch the service."""
        self.services.connect(name)
        seconds = DEFAULT_DOWN_AFTER if self.down_after is None else self.down_after
        for lookout in self.lookouts.values():
            watched = lookout.watch(name, self.services.primaries[name], self.quorum)
            watched.down_after = round(seconds * 1000)
            watched.failover_timeout = round(self.failover_timeout * 1000)
        self.beat()

    def close(self) -> None:
        """Let nothing happen any more."""
        self.open = False
        for pending in (self._alarm, self._soon, *self._timers):
            if pending is not None:
                pending.cancel()
        self._alarm = self._soon = None

    def now(self) -> int:
        """Return the present in milliseconds since the epoch."""
        return self.clock.microseconds() // 1000

    def soon(self) -> None:
        """Let the sentinels look once the present command has been answered."""
        if self.open and self._soon is None:
            self._soon = asyncio.get_running_loop().call_soon(self.beat)

    def beat(self) -> None:
        """Let every sentinel look, and act on what they conclude."""
        self._soon = None
        if not self.open:
            return
        self.services.replicator.refresh()
        for lookout, watched in self._watches():
            lookout.look(watched)
        self.council.agree()
        for lookout, watched in self._watches():
            if may_fail_over(watched, self.now()) and self.council.elect(lookout, watched):
                self._lead(lookout, watched)
        self._set_alarm()
        self.after()

    def recover(self) -> None:
        """Let sentinels that missed something learn it, and demote who still believes to be the primary."""
        for lookout in self.council.awake():
            self.council.catch_up(lookout)
        for name, server in self.services.strayed():
            self.later(self.timing.demotion, functools.partial(self.demote, name, server))
        self.beat()

    def fail_over(
        self, leader: Lookout, watched: Watched, chosen: FakeServer, timing: FailoverTiming | None = None
    ) -> None:
        """Let a sentinel that was elected carry a failover out, step by step."""
        instance = watched.find((chosen.host, chosen.port))
        assert instance is not None, "a sentinel knows whom it promotes"
        name, old = watched.name, self.services.primaries[watched.name]
        failover = Failover(
            leader=leader,
            watched=watched,
            chosen=instance,
            epoch=leader.view.epoch,
            fellows=[each for each in self.lookouts.values() if each is not leader],
            promote=functools.partial(self.services.promote, name, chosen),
            reconfigure=functools.partial(self.services.reconfigure, name),
            demote=functools.partial(self.demote, name, old),
        )
        for seconds, step in failover.steps(timing or self.timing):
            self.later(seconds, step)

    def demote(self, name: str, server: FakeServer) -> None:
        """Turn an old primary into a replica, if it can be reached, and let a sentinel tell of it."""
        if not self.services.demote(name, server):
            return
        teller = next((each for each in self.council.awake() if each.hears_server(server)), None)
        watched = None if teller is None else teller.view.services.get(name)
        instance = None if watched is None else watched.find((server.host, server.port))
        if teller is not None and watched is not None and instance is not None:
            teller.tell("+convert-to-slave", described(watched, instance))

    def later(self, seconds: float, act: Callable[[], None]) -> None:
        """Do something after some seconds of the clock, at once for none; then let the sentinels look."""
        if not seconds:
            act()
            return
        self._timers = [timer for timer in self._timers if not timer.cancelled]
        when = self.clock.microseconds() + round(seconds * 1_000_000)
        self._timers.append(self.clock.call_at(when, functools.partial(self._act, act)))

    def best_replica(self, name: str) -> FakeServer | None:
        """Return the server that sentinels would promote."""
        for lookout in self.council.awake():
            found = self.chosen_by(lookout.view.services[name])
            if found is not None:
                return found
        return None

    def chosen_by(self, watched: Watched) -> FakeServer | None:
        """Return the server that a sentinel would promote."""
        best = best_replica(watched)
        return None if best is None else self.services.at(best.address)

    def _watches(self) -> list[tuple[Lookout, Watched]]:
        """Return every sentinel with every service it watches."""
        return [(each, watched) for each in self.council.awake() for watched in each.view.services.values()]

    def _lead(self, lookout: Lookout, watched: Watched) -> None:
        """Begin the failover that a sentinel was elected for."""
        chosen = self.chosen_by(watched)
        if chosen is None or watched.name not in self.services.primaries:
            lookout.tell("-failover-abort-no-good-slave", described(watched, watched.primary))
            return
        self.later(self.timing.election, functools.partial(self.fail_over, lookout, watched, chosen))

    def _act(self, act: Callable[[], None]) -> None:
        act()
        self.beat()

    def _set_alarm(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
        moments = [next_moment(each.view) for each in self.council.awake()]
        first = min((each for each in moments if each is not None and each > self.now()), default=None)
        if first is not None:
            self._alarm = self.clock.call_at(first * 1000, self.beat)


class Door:
    """A sentinel's own door to the others: what its commands may ask of them."""

    def __init__(self, tower: Watchtower, lookout: Lookout) -> None:
        self._tower = tower
        self._lookout = lookout

    def stir(self) -> None:
        self._tower.soon()

    def tell(self, channel: str, message: str) -> None:
        self._lookout.tell(channel, message)

    def failover(self, service: str) -> str | None:
        lookout, tower = self._lookout, self._tower
        watched = lookout.view.services[service]
        if watched.promoted is not None:
            return "INPROG Failover already in progress"
        chosen = tower.chosen_by(watched)
        if chosen is None or service not in tower.services.primaries:
            return "NOGOODSLAVE No suitable replica to promote"
        tower.council.new_epoch(lookout)
        lookout.tell("+try-failover", described(watched, watched.primary))
        tower.fail_over(lookout, watched, chosen)
        tower.soon()
        return None
