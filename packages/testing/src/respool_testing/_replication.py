"""Carries changes from fake servers to those that follow them.

A new link copies everything at once, as a full synchronisation does. What a primary has changed and not yet
passed on is lost when the link breaks: that is how a failover loses acknowledged writes. While two servers
merely cannot hear each other, what is under way waits, as it would in the sockets of real ones.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

from ._engine.acknowledging import answer_waiting
from ._engine.replication import Change, ReplicaRecord, copy_keyspace

if TYPE_CHECKING:
    from .clock import Timer
    from .server import FakeServer

Hears: TypeAlias = "Callable[[FakeServer, FakeServer], bool]"


class Link:
    """One replica's link to its primary, for as long as both of them live."""

    def __init__(self, primary: FakeServer, replica: FakeServer) -> None:
        self.primary = primary
        self.replica = replica
        self.record = ReplicaRecord((replica.host, replica.port))
        self.silent = False
        self._lives = self._present_lives()
        self._under_way: list[Timer] = []
        self._arrived_in_silence: list[Callable[[], None]] = []

    @property
    def broken(self) -> bool:
        """Tell whether one of the two has stopped, even if it has started again."""
        stopped = not (self.primary.running and self.replica.running)
        return stopped or self._lives != self._present_lives()

    def copy(self) -> None:
        """Let the replica have everything its primary has, and nothing else."""
        origin, follower = self.primary._engine.state, self.replica._engine.state
        origin.replication.replicas.append(self.record)
        follower.replication.follow(origin.replication, (self.primary.host, self.primary.port))
        self.record.offset = origin.replication.offset
        copy_keyspace(origin.keyspace, follower.keyspace)
        follower.shelf.announced = origin.shelf.texts()
        self.replica._shell.revise()

    def carry(self, changes: list[Change], offset: int, lag: float) -> None:
        """Bring changes over, at once or after some seconds of the clock, and never before earlier ones."""
        arrive = functools.partial(self._arrive, changes, offset)
        self._under_way = [timer for timer in self._under_way if not timer.cancelled]
        if not lag and not self._under_way:
            arrive()
            return
        clock = self.primary.clock
        earliest = max((timer.when for timer in self._under_way), default=0)
        when = max(clock.microseconds() + round(lag * 1_000_000), earliest)
        self._under_way.append(clock.call_at(when, arrive))

    def catch_up(self) -> None:
        """Let everything that is under way arrive now."""
        self.hear_again()
        for timer in self._under_way:
            timer.run()

    def hear_again(self) -> None:
        """End a silence: what was sent meanwhile arrives."""
        self.silent = False
        arrived, self._arrived_in_silence = self._arrived_in_silence, []
        for arrive in arrived:
            arrive()

    def cut(self) -> None:
        """Carry nothing more; what is under way is lost."""
        for timer in self._under_way:
            timer.cancel()
        self._arrived_in_silence.clear()
        replicas = self.primary._engine.state.replication.replicas
        if self.record in replicas:
            replicas.remove(self.record)
        self.replica._engine.state.replication.link_up = False

    def _arrive(self, changes: list[Change], offset: int) -> None:
        if self.silent:
            self._arrived_in_silence.append(functools.partial(self._arrive, changes, offset))
            return
        self.record.offset = offset
        clock, shell = self.primary.clock, self.replica._shell
        shell.perform(shell.engine.apply(changes, offset, clock.microseconds()))
        origin = self.primary._engine.state
        answer_waiting(origin)
        self.primary._shell.perform(origin.outbox.take())

    def _present_lives(self) -> tuple[int, int]:
        return self.primary._shell.life, self.replica._shell.life


class Replicator:
    """Who follows whom among some servers. `hears` tells whether two of them can reach each other now.

    `lag` is how many seconds a change is under way; `lags` says otherwise for single replicas.
    """

    def __init__(self, hears: Hears, *, lag: float = 0.0) -> None:
        self.lag = lag
        self.lags: dict[FakeServer, float] = {}
        self._hears = hears
        self._wanted: dict[FakeServer, FakeServer] = {}
        self._links: dict[FakeServer, Link] = {}

    def primary_of(self, server: FakeServer) -> FakeServer | None:
        """Return whom a server was told to follow; None for a primary."""
        return self._wanted.get(server)

    def linked(self, server: FakeServer) -> bool:
        """Tell whether a replica has a link to its primary."""
        return server in self._links and not self._links[server].broken

    def lead(self, server: FakeServer) -> None:
        """Let a server follow nobody, with the data it has."""
        if self._wanted.pop(server, None) is not None:
            self._cut(server)
        server._engine.state.replication.lead()
        self._listen_to(server)

    def follow(self, server: FakeServer, primary: FakeServer) -> None:
        """Let a server follow another, from a full copy of its data, once they can reach each other."""
        self._cut(server)
        self._wanted[server] = primary
        server._engine.state.replication.seek((primary.host, primary.port))
        self._listen_to(server)
        self._listen_to(primary)
        self._refresh(server, primary)
        server._shell.revise()

    def refresh(self) -> None:
        """Take in who can reach whom by now."""
        for server, primary in self._wanted.items():
            self._refresh(server, primary)

    def catch_up(self, replica: FakeServer) -> None:
        """Let a replica have everything its primary has."""
        if replica in self._links:
            self._links[replica].catch_up()

    def forget(self, server: FakeServer) -> None:
        """Let a server neither follow nor be followed."""
        self._wanted.pop(server, None)
        self._cut(server)
        for replica in [each for each, primary in self._wanted.items() if primary is server]:
            del self._wanted[replica]
            self._cut(replica)

    def _refresh(self, server: FakeServer, primary: FakeServer) -> None:
        link = self._links.get(server)
        if link is not None and link.broken:
            self._cut(server)
            link = None
        reachable = primary.running and server.running and self._hears(server, primary)
        if link is None:
            if reachable:
                link = self._links[server] = Link(primary, server)
                link.copy()
        elif not reachable:
            link.silent = True
        elif link.silent:
            link.hear_again()

    def _cut(self, server: FakeServer) -> None:
        link = self._links.pop(server, None)
        if link is not None:
            link.cut()

    def _listen_to(self, server: FakeServer) -> None:
        server._shell.forward = functools.partial(self._forward, server)

    def _forward(self, origin: FakeServer, changes: list[Change]) -> None:
        offset = origin._engine.state.replication.offset
        for server, link in list(self._links.items()):
            # Two servers told to follow each other would send their changes round for ever.
            if link.primary is origin and self._wanted.get(origin) is not server:
                link.carry(changes, offset, self.lags.get(server, self.lag))
