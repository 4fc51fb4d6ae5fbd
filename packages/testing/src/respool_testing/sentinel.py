"""Primaries, their replicas and the sentinels that watch them, all fake, with failover by itself and on command."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from ._calamities import Calamities
from ._engine.chance import make_random
from ._engine.engine import Engine
from ._engine.families import SENTINEL
from ._engine.replication import Address
from ._engine.sentinel import Instance, SentinelView
from ._engine.sentinel_rules import described
from ._engine.settings import ServerSettings
from ._failover import AT_ONCE as AT_ONCE
from ._failover import LIKE_REAL as LIKE_REAL
from ._failover import FailoverTiming as FailoverTiming
from ._network import Network
from ._startable import consecutive
from ._waiting import Waiting
from ._watchtower import Watchtower
from .clock import Clock
from .server import FakeServer

if TYPE_CHECKING:
    import ssl

TILT_SECONDS = 30.0


class FakeSentinel(Calamities[FakeServer]):
    """A service under the name `service`: one primary, some replicas, and sentinels that watch them.

    `async with FakeSentinel("mymaster", replicas=2, sentinels=3) as deployment:` starts everything on free
    ports. A server that is silent for `down_after` seconds of the clock is held for down; when `quorum`
    sentinels (by default the majority) hold the primary for down, one of them is elected and fails over, as
    real ones do. With `down_after=None` nothing is detected by itself.

    `timing` says when the steps of a failover happen, by default all at once; `LIKE_REAL` is what real
    sentinels take. The steps (`promote`, `announce`, `demote`) can also be taken one by one, to hold the
    deployment in a state that real ones only pass through. With a `replication_lag` in seconds, what a
    primary did not pass on in time is lost when it is replaced. With a `tls` context all speak TLS.
    """

    def __init__(
        self,
        service: str = "mymaster",
        *,
        replicas: int = 1,
        sentinels: int = 3,
        host: str = "127.0.0.1",
        port: int = 0,
        password: str | None = None,
        sentinel_password: str | None = None,
        version: str = "7.4.0",
        replication_lag: float = 0.0,
        quorum: int | None = None,
        down_after: float | None = 30.0,
        failover_timeout: float = 180.0,
        timing: FailoverTiming = AT_ONCE,
        tls: ssl.SSLContext | None = None,
        clock: Clock | None = None,
        seed: int | None = None,
    ) -> None:
        if sentinels < 1 or replicas < 0:
            raise ValueError(f"{sentinels} sentinels with {replicas} replicas make no deployment")
        self.service = service
        self.clock = Clock() if clock is None else clock
        self._random = make_random(seed)
        self._waiting = Waiting()
        self._host, self._password, self._version = host, password, version
        self._sentinel_password, self._tls, self._first_lag = sentinel_password, tls, replication_lag
        self._make_tower = functools.partial(
            Watchtower,
            self.clock,
            timing,
            down_after,
            failover_timeout,
            quorum=sentinels // 2 + 1 if quorum is None else quorum,
        )
        # Sentinels come first, so that the port somebody asks for is one a client can be given.
        ports = list(consecutive(port, sentinels + 1 + replicas))
        self._assemble(ports[:sentinels], ports[sentinels:])

    def _assemble(self, sentinel_ports: Iterable[int], server_ports: Iterable[int]) -> None:
        """Make the sentinels and servers that the deployment begins with, none of them started."""
        self._tower = self._make_tower()
        self._tower.services.replicator.lag = self._first_lag
        self._tower.after = self._waiting.notify
        self.sentinels = [self._new_sentinel(port) for port in sentinel_ports]
        self._tower.services.add(self.service, [self._new_server(port) for port in server_ports])

    def __repr__(self) -> str:
        return f"<FakeSentinel {self.service} primary={self.primary!r} sentinels={self.sentinel_addresses}>"

    @property
    def primary(self) -> FakeServer:
        """Return the server that is the primary now, whatever the sentinels say."""
        return self.primary_of(self.service)

    @property
    def replicas(self) -> list[FakeServer]:
        """Return all the other servers of the service, alive or dead."""
        return self.replicas_of(self.service)

    @property
    def sentinel_addresses(self) -> list[tuple[str, int]]:
        """Return where the sentinels are, as clients take it."""
        return [(sentinel.host, sentinel.port) for sentinel in self.sentinels]

    @property
    def timing(self) -> FailoverTiming:
        """Return when the steps of a failover happen; may be set at any time."""
        return self._tower.timing

    @timing.setter
    def timing(self, timing: FailoverTiming) -> None:
        self._tower.timing = timing

    @property
    def replication_lag(self) -> float:
        """Return how many seconds a change takes to the replicas; may be set at any time."""
        return self._tower.services.replicator.lag

    @replication_lag.setter
    def replication_lag(self, seconds: float) -> None:
        self._tower.services.replicator.lag = seconds

    def lag(self, replica: FakeServer, seconds: float) -> None:
        """Let changes take so long to one replica; ends what `replication_lag` says for it."""
        self._tower.services.replicator.lags[replica] = seconds

    def primary_of(self, service: str) -> FakeServer:
        """Return the primary of a service."""
        return self._tower.services.primaries[service]

    def replicas_of(self, service: str) -> list[FakeServer]:
        """Return all the other servers of a service, alive or dead."""
        return [
            each for each in self._tower.services.members[service] if each is not self.primary_of(service)
        ]

    async def start(self) -> None:
        """Start every server and every sentinel; all agree on who is who."""
        try:
            for server in self._everybody():
                await server.start()
        except BaseException:
            await self.stop()
            raise
        self._tower.open = True
        self._tower.begin(self.service)

    async def stop(self) -> None:
        """Stop everything."""
        self._tower.close()
        for server in self._everybody():
            server._shell.shut()
        for server in self._everybody():
            await server.stop()

    async def reset(self) -> None:
        """Make the deployment as good as new: its first shape, on the same ports, without keys, faults and clients.

        Servers and sentinels are new ones, those of before are gone. Time runs on where it is.
        """
        await self.stop()
        self.clock.resume()
        members = self._tower.services.members[self.service]
        self._assemble([each.port for each in self.sentinels], [each.port for each in members])
        await self.start()

    async def add_service(self, name: str, *, replicas: int = 1) -> FakeServer:
        """Let the same sentinels watch another service; return its primary."""
        servers = [self._new_server(0) for _ in range(1 + replicas)]
        self._tower.services.add(name, servers)
        for server in servers:
            await server.start()
        self._tower.begin(name)
        return servers[0]

    async def failover(
        self,
        *,
        to: FakeServer | None = None,
        service: str | None = None,
        timing: FailoverTiming | None = None,
    ) -> FakeServer:
        """Fail over to a replica, the best one unless given, and return it, whether the primary lives or not.

        Returns at once. With the default timing everything is done by then: every sentinel has announced it,
        and the old primary is a replica. As with real ones, servers that change their primary drop their
        clients.
        """
        name = service or self.service
        self._tower.beat()
        chosen = self._checked_replica(name, to)
        if not self._tower.network.up(self.primary_of(name)):
            self.mark_down(self.primary_of(name))
        leader = next((each for each in self._tower.lookouts.values() if each.awake), None)
        if leader is None:
            raise ValueError(f"no sentinel is there to fail {name} over")
        self._tower.council.new_epoch(leader)
        self._tower.fail_over(leader, leader.view.services[name], chosen, timing)
        self._tower.beat()
        return chosen

    def promote(self, replica: FakeServer | None = None) -> FakeServer:
        """Make a replica, the best one unless given, the primary; no sentinel tells of it yet.

        The old primary, if alive, goes on taking writes that will be lost.
        """
        chosen = self._checked_replica(self.service, replica)
        self._tower.services.promote(self.service, chosen)
        self._tower.services.reconfigure(self.service)
        return chosen

    def announce(self, sentinel: FakeServer) -> None:
        """Let one sentinel learn who the primary is, and tell its subscribers if that is news (+switch-master)."""
        lookout = self._tower.lookouts[sentinel]
        for name, primary in self._tower.services.primaries.items():
            watched, place = lookout.view.services[name], (primary.host, primary.port)
            if watched.primary.address != place:
                epoch = max(self._tower.council.latest_epoch(), watched.epoch + 1)
                lookout.switch(watched, place, epoch, learned_from=None)
            lookout.look(watched)

    def demote(self, server: FakeServer) -> None:
        """Turn an old primary into a replica of the new one; its clients are dropped, its own writes lost."""
        name = next(each for each, members in self._tower.services.members.items() if server in members)
        if server is self.primary_of(name):
            raise ValueError(f"{server!r} is the primary: promote another one first")
        self._tower.demote(name, server)
        self._tower.beat()

    def mark_down(self, server: FakeServer) -> None:
        """Let every sentinel find a server, or a fellow sentinel, down and tell its subscribers (+sdown, +odown).

        Holds whatever the network says, until `restart`.
        """
        self._tower.declared_down.add(server)
        now = self._tower.now()
        for lookout in self._tower.lookouts.values():
            for watched in lookout.view.services.values():
                instance = watched.find((server.host, server.port))
                if instance is not None and not instance.down and lookout.awake:
                    instance.silent_since = instance.down_since = now
                    lookout.tell("+sdown", described(watched, instance))
        self._tower.council.agree()

    async def restart(self, server: FakeServer, *, lose_data: bool = True) -> None:
        """Start a killed server or sentinel again on its port; a server that was replaced follows the primary."""
        server._lose(data=lose_data and server not in self.sentinels)
        self._tower.declared_down.discard(server)
        await server.start()
        self._tower.recover()

    def freeze_view(self, sentinel: FakeServer) -> None:
        """Let a sentinel learn nothing any more: what it tells grows stale, until `thaw_view`."""
        self._tower.lookouts[sentinel].view.frozen = True

    def thaw_view(self, sentinel: FakeServer) -> None:
        """Let a sentinel with a frozen view learn again."""
        self._tower.lookouts[sentinel].view.frozen = False
        self._tower.recover()

    def lie(self, sentinel: FakeServer, primary: Address) -> None:
        """Let a sentinel name another primary than there is, and learn nothing any more until `thaw_view`."""
        self.freeze_view(sentinel)
        watched = self._tower.lookouts[sentinel].view.services[self.service]
        watched.promoted = watched.find(primary) or Instance("master", primary, "")

    def tilt(self, sentinel: FakeServer, seconds: float = TILT_SECONDS) -> None:
        """Let a sentinel enter TILT: for some seconds it detects nothing and takes part in nothing."""
        lookout = self._tower.lookouts[sentinel]
        lookout.view.tilt_since = self._tower.now()
        lookout.tell("+tilt", "#tilt mode entered")
        self._tower.later(seconds, functools.partial(self._end_tilt, sentinel))

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until a condition holds: `await deployment.until(lambda: deployment.primary is other)`.

        It is asked whenever the sentinels have looked. Waits for ever if need be.
        """
        await self.clock.home.wait(lambda: self._waiting.until(condition))

    @property
    def _ways(self) -> Network:
        return self._tower.network

    def _server_of(self, member: FakeServer) -> FakeServer:
        return member

    def _look(self) -> None:
        self._tower.beat()

    def _catch_up(self) -> None:
        self._tower.recover()

    def _everybody(self) -> list[FakeServer]:
        return [*self.sentinels, *self._tower.services.servers]

    def _checked_replica(self, name: str, chosen: FakeServer | None) -> FakeServer:
        """Return the replica to promote; raise ValueError if it cannot be."""
        tower = self._tower
        replica = chosen or tower.best_replica(name)
        if (
            replica is None
            or not replica.running
            or tower.services.replicator.primary_of(replica) is not self.primary_of(name)
        ):
            raise ValueError(f"no living replica of {name} to promote")
        return replica

    def _end_tilt(self, sentinel: FakeServer) -> None:
        lookout = self._tower.lookouts[sentinel]
        lookout.view.tilt_since = None
        lookout.tell("-tilt", "#tilt mode exited")
        self._tower.recover()

    def _new_sentinel(self, port: int) -> FakeServer:
        settings = ServerSettings(
            version=self._version,
            password=self._sentinel_password,
            mode="sentinel",
            databases=1,
            seed=self._random.getrandbits(64),
        )
        engine = Engine(settings, SENTINEL)
        view = engine.state.sentinel = SentinelView(id=engine.state.run_id)
        server = FakeServer._around(engine, self._host, port, self.clock)
        server._tls = self._tls
        self._tower.add_sentinel(server, view)
        return server

    def _new_server(self, port: int) -> FakeServer:
        return FakeServer(
            host=self._host,
            port=port,
            password=self._password,
            version=self._version,
            tls=self._tls,
            clock=self.clock,
            seed=self._random.getrandbits(64),
        )
