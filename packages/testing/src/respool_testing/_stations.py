"""Who is in a fake cluster, by server and by view, and who can hear whom. Decides nothing of what they tell."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ._engine.cluster import Membership
from ._network import Network

if TYPE_CHECKING:
    from .server import FakeServer


@dataclass(slots=True, eq=False)
class Station:
    """A node on the bus: its server and its view."""

    server: FakeServer
    view: Membership


@dataclass(slots=True)
class Stations:
    """The nodes of a cluster on their network, in the order they came."""

    network: Network
    all: list[Station] = field(default_factory=list)

    def hears(self, one: Station, other: Station) -> bool:
        """Tell whether two nodes can reach each other."""
        return self.network.hears(one.server, other.server)

    def up(self) -> list[Station]:
        """Return the nodes that run and do not hang."""
        return [each for each in self.all if self.network.up(each.server)]

    def listeners(self, speaker: Station) -> list[Station]:
        """Return the nodes that know a speaker and can hear it."""
        me = speaker.view.me.id
        return [
            each
            for each in self.all
            if each is not speaker and me in each.view.nodes and self.hears(each, speaker)
        ]

    def at(self, host: str, port: int) -> Station | None:
        """Return the node at an address."""
        return next((each for each in self.all if each.view.me.place.answers_to(host, port)), None)

    def named(self, node_id: str | None) -> Station | None:
        """Return the node with an id."""
        return next((each for each in self.all if each.view.me.id == node_id), None)


def introduce(one: Station, other: Station, now: int) -> None:
    """Let two nodes know each other, unless one of them was told to forget the other."""
    for each, new in ((one, other), (other, one)):
        if each.view.forgotten.get(new.view.me.id, 0) > now:
            return
    one.view.know(other.view.me.id, other.view.me.place)
    other.view.know(one.view.me.id, one.view.me.place)
