"""The servers behind fake sentinels: who really is the primary of each service, and how that changes.

Does what it is told; when and why is the sentinels' business.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from ._engine.messages import Published
from ._network import Network
from ._replication import Replicator

if TYPE_CHECKING:
    from collections.abc import Callable

    from .server import FakeServer


class Services:
    """Primaries with their replicas, by the name of the service."""

    def __init__(self, network: Network, ordered: Callable[[], None]) -> None:
        self.replicator = Replicator(network.hears)
        self.primaries: dict[str, FakeServer] = {}
        self.members: dict[str, list[FakeServer]] = {}
        self.servers: list[FakeServer] = []
        self._network = network
        self._ordered = ordered

    def add(self, name: str, servers: list[FakeServer]) -> None:
        """Take in the servers of a service, the primary first; none of them has been started."""
        for server in servers:
            self._network.join(server)
            server._engine.state.replication.obey = functools.partial(self._obey, server)
        self.servers += servers
        self.primaries[name], self.members[name] = servers[0], servers

    def connect(self, name: str) -> None:
        """Let the replicas of a service follow its primary."""
        for replica in self.members[name]:
            if replica is not self.primaries[name]:
                self.replicator.follow(replica, self.primaries[name])
        self._spread_messages(name)

    def at(self, address: tuple[str, int]) -> FakeServer | None:
        """Return the server at an address."""
        return next((each for each in self.servers if (each.host, each.port) == address), None)

    def promote(self, name: str, chosen: FakeServer) -> None:
        """Let a replica take writes; the old primary, if alive, goes on taking them too."""
        if self._network.hears(chosen, self.primaries[name]):
            self.replicator.catch_up(chosen)
        self.replicator.lead(chosen)
        self.primaries[name] = chosen
        chosen._shell.revise()
        chosen.drop_connections()

    def reconfigure(self, name: str) -> None:
        """Let the other replicas follow the new primary; they drop their clients."""
        primary = self.primaries[name]
        for server in self.members[name]:
            if self.replicator.primary_of(server) not in (None, primary):
                self.replicator.follow(server, primary)
                server.drop_connections()
        self._spread_messages(name)

    def demote(self, name: str, server: FakeServer) -> bool:
        """Turn an old primary into a replica, if it can be reached; its own writes are lost."""
        primary = self.primaries[name]
        if server is primary or not self._network.hears(server, primary):
            return False
        self.replicator.follow(server, primary)
        server.drop_connections()
        self._spread_messages(name)
        return True

    def strayed(self) -> list[tuple[str, FakeServer]]:
        """Return the servers that still believe to be primaries and could be told otherwise."""
        return [
            (name, server)
            for name, primary in self.primaries.items()
            for server in self.members[name]
            if server is not primary and self.replicator.primary_of(server) is None
            if self._network.hears(server, primary)
        ]

    def _obey(self, server: FakeServer, address: tuple[str, int] | None) -> None:
        """Let a server follow whom a client told it to."""
        primary = None if address is None else self.at(address)
        if primary is not None:
            self.replicator.follow(server, primary)
        else:
            self.replicator.lead(server)
            if address is not None:
                server._engine.state.replication.seek(address)
        self._ordered()

    def _spread_messages(self, name: str) -> None:
        """Let clients of the replicas hear what is published on the primary."""
        primary = self.primaries[name]
        for server in self.members[name]:
            server._shell.broadcast = (
                functools.partial(self._broadcast, primary) if server is primary else None
            )

    def _broadcast(self, primary: FakeServer, messages: list[Published]) -> None:
        for server in self.servers:
            if self.replicator.primary_of(server) is primary and self._network.hears(server, primary):
                server._shell.publish(messages)
