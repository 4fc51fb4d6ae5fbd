"""Carries changes from one fake server to those that follow it.

Attaching copies everything at once, as a full synchronisation does. What a primary has changed and not yet
passed on is lost when the link is cut: that is how a failover loses acknowledged writes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ._engine.replication import KeyChange, ReplicaRecord, copy_keyspace

if TYPE_CHECKING:
    from .clock import Timer
    from .server import FakeServer


class Link:
    """One replica's link to its primary; a change is under way for `lag` seconds of the clock."""

    def __init__(self, primary: FakeServer, replica: FakeServer, lag: float) -> None:
        self.replica = replica
        self.record = ReplicaRecord((replica.host, replica.port))
        self._clock = primary.clock
        self._lag = lag
        self._under_way: list[Timer] = []

    def carry(self, changes: list[KeyChange], offset: int) -> None:
        """Bring changes over, at once or after the lag."""
        if not self._lag:
            self._arrive(changes, offset)
            return
        when = self._clock.microseconds() + round(self._lag * 1_000_000)
        self._under_way = [timer for timer in self._under_way if not timer.cancelled]
        self._under_way.append(self._clock.call_at(when, lambda: self._arrive(changes, offset)))

    def catch_up(self) -> None:
        """Let everything that is under way arrive now."""
        for timer in self._under_way:
            timer.run()

    def cut(self) -> None:
        """Carry nothing more; what is under way is lost."""
        for timer in self._under_way:
            timer.cancel()

    def _arrive(self, changes: list[KeyChange], offset: int) -> None:
        self.record.offset = offset
        shell = self.replica._shell
        shell.perform(shell.engine.apply(changes, offset, self._clock.microseconds()))


class ReplicationGroup:
    """A primary and its replicas; each server in it is told what to say of itself in ROLE and INFO."""

    def __init__(self, primary: FakeServer, *, lag: float = 0.0) -> None:
        self.lag = lag
        self._links: dict[FakeServer, Link] = {}
        self._lead(primary)

    @property
    def replicas(self) -> list[FakeServer]:
        """Return the servers that follow the primary."""
        return list(self._links)

    def attach(self, replica: FakeServer) -> None:
        """Let a server follow the primary, from a full copy of its data."""
        self.detach(replica)
        link = self._links[replica] = Link(self.primary, replica, self.lag)
        origin, follower = self.primary._engine.state, replica._engine.state
        origin.replication.replicas.append(link.record)
        follower.replication.follow(origin.replication, (self.primary.host, self.primary.port))
        link.record.offset = origin.replication.offset
        copy_keyspace(origin.keyspace, follower.keyspace)
        replica._shell.revise()

    def detach(self, replica: FakeServer) -> None:
        """Cut a server off: it keeps what it has, and remains a replica whose link is down."""
        link = self._links.pop(replica, None)
        if link is not None:
            link.cut()
            self.primary._engine.state.replication.replicas.remove(link.record)
            replica._engine.state.replication.link_up = False

    def catch_up(self, replica: FakeServer) -> None:
        """Let a replica have everything its primary has."""
        self._links[replica].catch_up()

    def promote(self, replica: FakeServer) -> FakeServer:
        """Make a replica the primary of all the others; return the old primary, which is left alone."""
        old, others = self.primary, [each for each in self.replicas if each is not replica]
        for each in self.replicas:
            self.detach(each)
        old._shell.forward = None
        self._lead(replica)
        for each in others:
            self.attach(each)
        return old

    def reattach(self) -> None:
        """Let every replica copy the primary afresh, after it came back with other data or none."""
        for replica in self.replicas:
            self.attach(replica)

    def lose_primary(self) -> None:
        """Tell the replicas that their primary does not answer."""
        for replica in self.replicas:
            replica._engine.state.replication.link_up = False

    def _lead(self, primary: FakeServer) -> None:
        self.primary = primary
        primary._engine.state.replication.lead()
        primary._shell.forward = self._forward

    def _forward(self, changes: list[KeyChange]) -> None:
        offset = self.primary._engine.state.replication.offset
        for link in self._links.values():
            link.carry(changes, offset)
