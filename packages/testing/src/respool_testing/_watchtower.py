"""Some fake sentinels and what they watch: lets them look, agree, elect one of them, and fail over.

Sentinels do not ping all the time: they look when something changes, and a timer of the clock wakes them for
what time alone brings about.
"""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ._engine.messages import Published
from ._engine.sentinel import Instance, SentinelView, Watched
from ._engine.sentinel_rules import best_replica, described, majority, may_fail_over, next_moment, vote
from ._failover import AT_ONCE, Failover, FailoverTiming
from ._lookout import Lookout, Surroundings
from ._network import Network
from ._replication import Replicator

if TYPE_CHECKING:
    from .clock import Clock, Timer
    from .server import FakeServer


@dataclass(slots=True, eq=False)
class Watchtower:
    """The sentinels of a deployment. `primaries` says who really is the primary of each service."""

    clock: Clock
    timing: FailoverTiming = AT_ONCE
    down_after: float | None = 30.0
    failover_timeout: float = 180.0
    quorum: int = 2
    open: bool = False
    after: Callable[[], None] = lambda: None
    network: Network = field(default_factory=Network)
    primaries: dict[str, FakeServer] = field(default_factory=dict)
    members: dict[str, list[FakeServer]] = field(default_factory=dict)
    lookouts: dict[FakeServer, Lookout] = field(default_factory=dict)
    declared_down: set[FakeServer] = field(default_factory=set)
    replicator: Replicator = field(init=False)
    _around: Surroundings = field(init=False)
    _timers: list[Timer] = field(default_factory=list)
    _alarm: Timer | None = None
    _soon: asyncio.Handle | None = None

    def __post_init__(self) -> None:
        self.replicator = Replicator(self.network.hears)
        self._around = Surroundings(self.network, self.replicator, [], [], self.declared_down)

    @property
    def servers(self) -> list[FakeServer]:
        """Return all servers that are watched."""
        return self._around.servers

    @property
    def sentinels(self) -> list[FakeServer]:
        """Return the sentinels."""
        return self._around.sentinels

    def add_sentinel(self, server: FakeServer, view: SentinelView) -> None:
        """Take in a sentinel that has not been started."""
        self.network.join(server)
        self.sentinels.append(server)
        self.lookouts[server] = Lookout(server, view, self._around, self.now)
        view.deployment = Door(self, self.lookouts[server])

    def add_service(self, name: str, servers: list[FakeServer]) -> None:
        """Take in the servers of a service, the primary first; none of them has been started."""
        for server in servers:
            self.network.join(server)
            self.servers.append(server)
            replication = server._engine.state.replication
            replication.obey = functools.partial(self._obey, server)
        self.primaries[name], self.members[name] = servers[0], servers

    def begin(self, name: str) -> None:
        """Let replicas follow their primary, and every sentinel watch the service."""
        primary = self.primaries[name]
        for replica in self.members[name][1:]:
            self.replicator.follow(replica, primary)
        self._spread_messages(name)
        seconds = 30.0 if self.down_after is None else self.down_after
        for lookout in self.lookouts.values():
            watched = lookout.watch(name, primary, self.quorum)
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
        self.replicator.refresh()
        for lookout in self._awake():
            for watched in list(lookout.view.services.values()):
                lookout.look(watched)
        self.agree()
        for lookout in self._awake():
            for watched in list(lookout.view.services.values()):
                if may_fail_over(watched, self.now()):
                    self._stand_for_leader(lookout, watched)
        self._set_alarm()
        self.after()

    def recover(self) -> None:
        """Let sentinels that missed something learn it, and demote who still believes to be the primary."""
        for lookout in self._awake():
            for watched in list(lookout.view.services.values()):
                self._catch_up(lookout, watched)
        for name, primary in self.primaries.items():
            for server in self.members[name]:
                strayed = server is not primary and self.replicator.primary_of(server) is None
                if strayed and self.network.hears(server, primary):
                    self.later(self.timing.demotion, functools.partial(self.demote, name, server))
        self.beat()

    def agree(self) -> None:
        """Let sentinels that hold a primary for down ask the others (+odown, -odown)."""
        for lookout in self._awake():
            for watched in lookout.view.services.values():
                agreeing = self._agreeing(lookout, watched)
                down = watched.primary.down and agreeing >= watched.quorum
                if down and watched.agreed_down_since is None:
                    watched.agreed_down_since = self.now()
                    votes = f" #quorum {agreeing}/{watched.quorum}"
                    lookout.tell("+odown", described(watched, watched.primary) + votes)
                elif not down and watched.agreed_down_since is not None:
                    watched.agreed_down_since = None
                    lookout.tell("-odown", described(watched, watched.primary))

    def fail_over(
        self, leader: Lookout, watched: Watched, chosen: FakeServer, timing: FailoverTiming | None = None
    ) -> None:
        """Let a sentinel that was elected carry a failover out, step by step."""
        timing, old = timing or self.timing, self.primaries[watched.name]
        instance = watched.find((chosen.host, chosen.port))
        assert instance is not None, "a sentinel knows whom it promotes"
        failover = Failover(
            leader=leader,
            watched=watched,
            chosen=instance,
            epoch=leader.view.epoch,
            fellows=[each for each in self.lookouts.values() if each is not leader],
            promote=functools.partial(self.promote, watched.name, chosen),
            reconfigure=functools.partial(self.reconfigure, watched.name),
            demote=functools.partial(self.demote, watched.name, old),
        )
        for seconds, step in failover.steps(timing):
            self.later(seconds, step)

    def promote(self, name: str, chosen: FakeServer) -> None:
        """Let a replica take writes; the old primary, if alive, goes on taking them too."""
        if self.network.hears(chosen, self.primaries[name]):
            self.replicator.catch_up(chosen)
        self.replicator.lead(chosen)
        self.primaries[name] = chosen
        chosen._shell.revise()
        chosen.drop_connections()

    def reconfigure(self, name: str) -> None:
        """Let the other replicas follow the new primary."""
        primary = self.primaries[name]
        for server in self.members[name]:
            if self.replicator.primary_of(server) not in (None, primary):
                self.replicator.follow(server, primary)
                server.drop_connections()
        self._spread_messages(name)

    def demote(self, name: str, server: FakeServer) -> None:
        """Turn an old primary into a replica, if it can be reached; its own writes are lost."""
        primary = self.primaries[name]
        if server is primary or not self.network.hears(server, primary):
            return
        self.replicator.follow(server, primary)
        server.drop_connections()
        self._spread_messages(name)
        teller = next((each for each in self._awake() if each.hears_server(server)), None)
        if teller is not None:
            watched = teller.view.services[name]
            instance = watched.find((server.host, server.port))
            if instance is not None:
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
        for lookout in self._awake():
            watched = lookout.view.services[name]
            best = best_replica(watched)
            if best is not None:
                return self._around.server_at(best.address)
        return None

    def latest_epoch(self) -> int:
        """Return the greatest epoch any sentinel knows."""
        return max(lookout.view.epoch for lookout in self.lookouts.values())

    def new_epoch(self, lookout: Lookout) -> int:
        """Let a sentinel begin a new epoch."""
        lookout.view.epoch = self.latest_epoch() + 1
        lookout.tell("+new-epoch", str(lookout.view.epoch))
        return lookout.view.epoch

    def _act(self, act: Callable[[], None]) -> None:
        act()
        self.beat()

    def _awake(self) -> list[Lookout]:
        return [each for each in self.lookouts.values() if each.awake]

    def _agreeing(self, lookout: Lookout, watched: Watched) -> int:
        """Return how many sentinels that one can ask hold the same primary for down, itself included."""
        others = (each.view.services.get(watched.name) for each in self._reached_by(lookout))
        same = [
            each for each in others if each is not None and each.primary.address == watched.primary.address
        ]
        return watched.primary.down + sum(each.primary.down for each in same)

    def _reached_by(self, lookout: Lookout) -> Iterable[Lookout]:
        return [each for each in self._awake() if each is not lookout and each.hears(lookout)]

    def _stand_for_leader(self, lookout: Lookout, watched: Watched) -> None:
        """Ask the other sentinels for their votes, and lead the failover if there are enough of them."""
        epoch, primary = self.new_epoch(lookout), watched.primary
        watched.failover_at = self.now()
        lookout.tell("+try-failover", described(watched, primary))
        votes = sum(
            self._votes(each, watched.name, lookout, epoch) for each in [lookout, *self._reached_by(lookout)]
        )
        if votes < max(watched.quorum, majority(watched)):
            lookout.tell("-failover-abort-not-elected", described(watched, primary))
            return
        best = best_replica(watched)
        chosen = None if best is None else self._around.server_at(best.address)
        if chosen is None:
            lookout.tell("-failover-abort-no-good-slave", described(watched, primary))
            return
        self.later(self.timing.election, functools.partial(self.fail_over, lookout, watched, chosen))

    def _votes(self, voter: Lookout, name: str, candidate: Lookout, epoch: int) -> bool:
        watched = voter.view.services.get(name)
        if watched is None:
            return False
        if epoch > voter.view.epoch:
            voter.tell("+new-epoch", str(epoch))
        leader, voted = vote(voter.view, watched, candidate.view.id, epoch)
        if voted == epoch:
            voter.tell("+vote-for-leader", f"{leader} {epoch}")
            watched.failover_at = self.now()
        return leader == candidate.view.id and voted == epoch

    def _catch_up(self, lookout: Lookout, watched: Watched) -> None:
        """Let a sentinel learn from another that knows a later state of a service."""
        watched.promoted = None if watched.promoted not in watched.replicas else watched.promoted
        for fellow in self._reached_by(lookout):
            theirs = fellow.view.services.get(watched.name)
            if theirs is None or theirs.promoted is not None:
                continue
            newer = theirs.epoch > watched.epoch and theirs.primary.address != watched.primary.address
            if newer:
                lookout.switch(watched, theirs.primary.address, theirs.epoch, learned_from=fellow)

    def _set_alarm(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
        if self.down_after is None:
            return
        moments = [next_moment(each.view) for each in self._awake()]
        first = min((each for each in moments if each is not None and each > self.now()), default=None)
        if first is not None:
            self._alarm = self.clock.call_at(first * 1000, self.beat)

    def _obey(self, server: FakeServer, address: tuple[str, int] | None) -> None:
        """Let a server follow whom a client told it to."""
        primary = None if address is None else self._around.server_at(address)
        if address is None:
            self.replicator.lead(server)
        elif primary is not None:
            self.replicator.follow(server, primary)
        else:
            self.replicator.lead(server)
            server._engine.state.replication.seek(address)
        self.soon()

    def _spread_messages(self, name: str) -> None:
        """Let clients of the replicas hear what is published on the primary."""
        for server in self.members[name]:
            server._shell.broadcast = None
        primary = self.primaries[name]
        primary._shell.broadcast = functools.partial(self._broadcast, primary)

    def _broadcast(self, primary: FakeServer, messages: list[Published]) -> None:
        for server in self.servers:
            if self.replicator.primary_of(server) is primary and self.network.hears(server, primary):
                server._shell.publish(messages)


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
        best: Instance | None = best_replica(watched)
        chosen = None if best is None else tower._around.server_at(best.address)
        if chosen is None or service not in tower.primaries:
            return "NOGOODSLAVE No suitable replica to promote"
        tower.new_epoch(lookout)
        lookout.tell("+try-failover", described(watched, watched.primary))
        tower.fail_over(lookout, watched, chosen)
        return None
