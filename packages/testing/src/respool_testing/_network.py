"""Who reaches whom among some fake servers: which of them hang, and which are on different sides of a partition.

Knows nothing of what the servers do with that. Stopped servers reach nobody.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable
from typing import TYPE_CHECKING

from ._engine.globs import matches
from ._stall import StallingShell, everybody

if TYPE_CHECKING:
    from ._engine.session import Session
    from .server import FakeServer


class Network:
    """The connections between servers, and between servers and their clients."""

    def __init__(self) -> None:
        self._servers: dict[FakeServer, StallingShell] = {}
        self._hung: set[FakeServer] = set()
        self._sides: dict[FakeServer, int] = {}

    def join(self, server: FakeServer) -> StallingShell:
        """Connect a server that has not been started, and give it a shell that can be stalled; return that."""
        shell = StallingShell(server._engine, server.clock, server.log, server.faults)
        server._shell = self._servers[server] = shell
        return shell

    def leave(self, server: FakeServer) -> None:
        """Forget a server."""
        del self._servers[server]
        self._hung.discard(server)
        self._sides.pop(server, None)

    def up(self, server: FakeServer) -> bool:
        """Tell whether a server runs and does its work."""
        return server.running and server not in self._hung

    def hung(self, server: FakeServer) -> bool:
        """Tell whether a server accepts connections and does nothing."""
        return server in self._hung

    def hears(self, one: FakeServer, other: FakeServer) -> bool:
        """Tell whether two servers can reach each other."""
        together = self._sides.get(one, 0) == self._sides.get(other, 0)
        return together and self.up(one) and self.up(other)

    def hang(self, server: FakeServer) -> None:
        """Let a server hear nobody and say nothing."""
        self._hung.add(server)
        self._servers[server].stall(everybody)

    def revive(self, server: FakeServer) -> None:
        """Let the other servers hear one again; its clients wait for `serve_clients`."""
        self._hung.discard(server)

    def serve_clients(self, server: FakeServer) -> None:
        """Let clients of a server that does not hang be heard again."""
        if server not in self._hung:
            self._servers[server].go_on()

    def partition(self, groups: Iterable[Iterable[FakeServer]]) -> None:
        """Part servers into groups; those not named form one more."""
        self._sides = {server: side for side, group in enumerate(groups, 1) for server in group}

    def cut_off(self, server: FakeServer, clients: str) -> None:
        """Let a server hear clients no more whose names match a glob."""
        if server not in self._hung:
            self._servers[server].stall(functools.partial(_is_named, clients.encode()))

    def heal(self) -> None:
        """Let every server reach every other one that does not hang."""
        self._sides.clear()


def _is_named(pattern: bytes, session: Session) -> bool:
    return matches(pattern, session.name)
