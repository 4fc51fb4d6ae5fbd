"""One fake sentinel at work: it looks at the servers it can reach, and tells its subscribers what it concludes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ._engine.messages import Published
from ._engine.sentinel import Instance, Kind, SentinelView, Watched
from ._engine.sentinel_rules import described, judge

if TYPE_CHECKING:
    from ._network import Network
    from ._replication import Replicator
    from .server import FakeServer


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a sentinel can look at: all servers and sentinels there are, and who reaches and follows whom."""

    network: Network
    replicator: Replicator
    servers: list[FakeServer]
    sentinels: list[FakeServer]
    # Those that a test declared down, whatever the network says.
    declared_down: set[FakeServer]

    def server_at(self, address: tuple[str, int]) -> FakeServer | None:
        """Return the server at an address."""
        return next((each for each in [*self.servers, *self.sentinels] if _place(each) == address), None)


@dataclass(slots=True, eq=False)
class Lookout:
    """A sentinel: its server, what it believes, and what it can see."""

    server: FakeServer
    view: SentinelView
    around: Surroundings
    now: Callable[[], int]

    @property
    def awake(self) -> bool:
        """Tell whether the sentinel runs and trusts itself."""
        return self.around.network.up(self.server) and self.view.acts

    def watch(self, name: str, primary: FakeServer, quorum: int) -> Watched:
        """Begin to watch a service."""
        watched = self.view.services[name] = Watched(name, self._instance("master", primary), quorum)
        return watched

    def look(self, watched: Watched) -> None:
        """See who can be reached by now, and judge."""
        self._discover(watched)
        for instance in watched.instances():
            self._see(watched, instance)
            judged = self.view.watchful or instance.silent_since is None
            event = judge(instance, self.now(), watched.down_after) if judged else None
            if event is not None:
                self.tell(event, described(watched, instance))

    def hears(self, other: Lookout) -> bool:
        """Tell whether two sentinels can reach each other."""
        return self.around.network.hears(self.server, other.server)

    def hears_server(self, server: FakeServer) -> bool:
        """Tell whether the sentinel can reach a server."""
        return self.around.network.hears(self.server, server)

    def switch(
        self, watched: Watched, address: tuple[str, int], epoch: int, *, learned_from: Lookout | None
    ) -> None:
        """Believe that another server is the primary now, and tell everybody."""
        old = watched.primary
        others = [each for each in watched.replicas if each.address != address]
        new = watched.find(address) or self._unknown(address)
        if learned_from is not None:
            host, port = learned_from.server.host, learned_from.server.port
            source = f"sentinel {learned_from.view.id} {host} {port} @ {watched.name}"
            self.tell("+config-update-from", f"{source} {old.address[0]} {old.address[1]}")
        new.kind, old.kind = "master", "slave"
        new.reported = old.reported = None  # whoever is looked at anew has reported nothing yet
        watched.primary, watched.epoch = new, epoch
        watched.replicas = [*others, old]
        watched.promoted = watched.agreed_down_since = None
        self.view.epoch = max(self.view.epoch, epoch)
        words = [watched.name, *map(str, old.address), *map(str, address)]
        self.tell("+switch-master", " ".join(words))
        for replica in watched.replicas:
            self.tell("+slave", described(watched, replica))

    def tell(self, channel: str, message: str) -> None:
        """Publish an event, if the sentinel runs."""
        if self.around.network.up(self.server):
            self.server._shell.publish([Published(channel.encode(), message.encode())])

    def _discover(self, watched: Watched) -> None:
        """Take in replicas that the primary tells of, and other sentinels that watch the same."""
        around, primary = self.around, self.around.server_at(watched.primary.address)
        if primary is None or not around.network.hears(self.server, primary):
            return
        followers = [each for each in around.servers if around.replicator.primary_of(each) is primary]
        known = {each.address for each in watched.instances()}
        for kind, servers in (("slave", followers), ("sentinel", self._fellows(watched))):
            for server in servers:
                if _place(server) not in known:
                    self._meet(watched, "slave" if kind == "slave" else "sentinel", server)

    def _meet(self, watched: Watched, kind: Kind, server: FakeServer) -> None:
        instance = self._instance(kind, server)
        (watched.replicas if kind == "slave" else watched.sentinels).append(instance)
        self.tell(f"+{kind}", described(watched, instance))

    def _fellows(self, watched: Watched) -> Iterable[FakeServer]:
        for server in self.around.sentinels:
            view = server._engine.state.sentinel
            if server is not self.server and view is not None and watched.name in view.services:
                yield server

    def _see(self, watched: Watched, instance: Instance) -> None:
        """Take in what an instance that can be reached says of itself."""
        server, now = self.around.server_at(instance.address), self.now()
        silent = server is None or server in self.around.declared_down
        if server is None or silent or not self.around.network.hears(self.server, server):
            instance.silent_since = now if instance.silent_since is None else instance.silent_since
            return
        state = server._engine.state
        if instance.life != server._shell.life and instance.kind != "sentinel" and instance.run_id:
            self.tell("+reboot", described(watched, instance))
        instance.run_id = _id_of(server)
        instance.life, instance.silent_since = server._shell.life, None
        instance.offset, instance.follows = state.replication.offset, state.replication.primary
        instance.link_up = state.replication.link_up
        if instance.kind != "sentinel":
            self._hear_role(watched, instance, "master" if instance.follows is None else "slave")

    def _hear_role(self, watched: Watched, instance: Instance, role: Kind) -> None:
        """Take in what role an instance reports, and tell if it is another one than before."""
        before, instance.reported = instance.reported or instance.kind, role
        if role != before:
            news = "+role-change" if role == instance.kind else "-role-change"
            self.tell(news, f"{described(watched, instance)} new reported role is {role}")

    def _instance(self, kind: Kind, server: FakeServer) -> Instance:
        return Instance(
            kind=kind,
            address=_place(server),
            run_id=_id_of(server),
            seen_since=self.now(),
            follows=server._engine.state.replication.primary,
            life=server._shell.life,
        )

    def _unknown(self, address: tuple[str, int]) -> Instance:
        server = self.around.server_at(address)
        if server is not None:
            return self._instance("slave", server)
        return Instance("slave", address, "", silent_since=self.now(), seen_since=self.now())


def _place(server: FakeServer) -> tuple[str, int]:
    return server.host, server.port


def _id_of(server: FakeServer) -> str:
    """Return what a server is known by: a sentinel keeps its own id."""
    view = server._engine.state.sentinel
    return server._engine.state.run_id if view is None else view.id
