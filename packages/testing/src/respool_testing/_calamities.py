"""What can befall the members of a deployment, and how it ends: crashes, hanging, networks that part.

What the others make of it is theirs; here it only happens, and they are told to look.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Generic, TypeVar

from ._network import Network
from ._startable import Startable

if TYPE_CHECKING:
    from .server import FakeServer

Member = TypeVar("Member")


class Calamities(Startable, Generic[Member]):
    """A deployment whose members can be killed, hung and cut off, by themselves or from each other."""

    async def kill(self, member: Member) -> None:
        """Stop a member as a crash would. The others notice when it has been silent for long enough."""
        self._ways.revive(self._server_of(member))
        await self._server_of(member).stop()
        self._look()

    def hang(self, member: Member) -> None:
        """Let a member accept connections and never answer, as a stopped process would, until `resume`."""
        self._ways.hang(self._server_of(member))
        self._look()

    def resume(self, member: Member) -> None:
        """Let a member that hung go on: it serves what clients have sent meanwhile, unless they left."""
        self._ways.revive(self._server_of(member))
        self._catch_up()
        self._ways.serve_clients(self._server_of(member))

    def partition(self, *groups: Iterable[Member]) -> None:
        """Part members into groups that cannot hear each other; those not named form one more.

        Clients still reach all of them. `heal` makes one network of all again.
        """
        self._ways.partition([self._server_of(member) for member in group] for group in groups)
        self._look()

    def cut_off(self, *members: Member, clients: str = "*") -> None:
        """Let clients not reach some members, as if the network dropped their packets; members still can.

        `clients` is a glob for the names they have set; those without a name match `*` only.
        """
        for member in members:
            self._ways.cut_off(self._server_of(member), clients)

    def heal(self) -> None:
        """End every partition, among members and towards clients; who missed something learns it from the others."""
        self._ways.heal()
        self._catch_up()
        for server in self._everybody():
            self._ways.serve_clients(server)

    async def assert_nothing_open(self, *, timeout: float = 1.0) -> None:
        """Fail if clients are still connected anywhere; those that are just leaving have so many seconds."""
        for server in self._everybody():
            await server.assert_nothing_open(timeout=timeout)

    @property
    def _ways(self) -> Network:
        """Return who can reach whom."""
        raise NotImplementedError

    def _server_of(self, member: Member) -> FakeServer:
        raise NotImplementedError

    def _everybody(self) -> list[FakeServer]:
        raise NotImplementedError

    def _look(self) -> None:
        """Let all members take notice of what has changed."""
        raise NotImplementedError

    def _catch_up(self) -> None:
        """Let those who were out of reach learn what they missed."""
        raise NotImplementedError
