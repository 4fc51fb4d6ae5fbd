"""A primary, its replicas and the sentinels that watch them, all fake, with failover on command."""

from __future__ import annotations

import random
from types import TracebackType
from typing import TYPE_CHECKING

from ._engine.engine import Engine
from ._engine.families import SENTINEL
from ._engine.messages import Published
from ._engine.sentinel import Instance, SentinelView, Watched
from ._engine.settings import ServerSettings
from ._replication import Replicator
from .clock import Clock
from .server import FakeServer

if TYPE_CHECKING:
    from typing_extensions import Self


class FakeSentinel:
    """A service under the name `service`: one primary, some replicas, and sentinels with the default quorum.

    `async with FakeSentinel("mymaster", replicas=2, sentinels=3) as deployment:` starts everything on free
    ports. Nothing is detected by itself: `failover` does all a real failover does, and its steps (`promote`,
    `announce`, `demote`) can be taken one by one to hold the deployment in a state that real ones only pass
    through. With a `replication_lag` in seconds, what a primary did not pass on in time is lost when it is
    killed.
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
        clock: Clock | None = None,
        seed: int | None = None,
    ) -> None:
        if sentinels < 1 or replicas < 0:
            raise ValueError(f"{sentinels} sentinels with {replicas} replicas make no deployment")
        self.service = service
        self.clock = Clock() if clock is None else clock
        self._random = random.Random(seed)
        ports = iter(
            range(port, port + 1 + replicas + sentinels) if port else [0] * (1 + replicas + sentinels)
        )
        # Sentinels come first, so that the port somebody asks for is one a client can be given.
        self.sentinels = [
            self._new_sentinel(host, next(ports), sentinel_password, version) for _ in range(sentinels)
        ]
        self._servers = [
            FakeServer(
                host=host,
                port=next(ports),
                password=password,
                version=version,
                clock=self.clock,
                seed=self._random.getrandbits(64),
            )
            for _ in range(1 + replicas)
        ]
        self._group = _Group(self._servers, replication_lag)
        self._epoch = 0

    def __repr__(self) -> str:
        return f"<FakeSentinel {self.service} primary={self.primary!r} sentinels={self.sentinel_addresses}>"

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    @property
    def primary(self) -> FakeServer:
        """Return the server that is the primary now, whatever the sentinels say."""
        return self._group.primary

    @property
    def replicas(self) -> list[FakeServer]:
        """Return all the other servers, alive or dead."""
        return [server for server in self._servers if server is not self.primary]

    @property
    def sentinel_addresses(self) -> list[tuple[str, int]]:
        """Return where the sentinels are, as clients take it."""
        return [(sentinel.host, sentinel.port) for sentinel in self.sentinels]

    async def start(self) -> None:
        """Start every server and every sentinel; all agree on who is who."""
        try:
            for server in [*self._servers, *self.sentinels]:
                await server.start()
        except BaseException:
            await self.stop()
            raise
        for replica in self.replicas:
            self._group.attach(replica)
        self._spread_messages()
        for sentinel in self.sentinels:
            self._look_around(sentinel)

    async def stop(self) -> None:
        """Stop everything."""
        for server in [*self.sentinels, *self._servers]:
            server._shell.shut()
        for server in [*self.sentinels, *self._servers]:
            await server.stop()

    async def failover(self, *, to: FakeServer | None = None) -> FakeServer:
        """Promote a replica, let every sentinel announce it, and demote the old primary; return the new one.

        As in a real one, the servers that change their primary drop their clients.
        """
        old = self.primary
        if not old.running:
            self.mark_down(old)
        promoted = self.promote(to)
        for sentinel in self.sentinels:
            self.announce(sentinel)
        if old.running:
            self.demote(old)
        return promoted

    def promote(self, replica: FakeServer | None = None) -> FakeServer:
        """Make a replica, the first living one unless given, the primary; no sentinel tells of it yet.

        The old primary, if alive, goes on taking writes that will be lost.
        """
        chosen = replica or next((each for each in self.replicas if each.running), None)
        if chosen is None or chosen not in self._group.replicas:
            raise ValueError(f"no living replica of {self.service} to promote")
        if self.primary.running:
            self._group.catch_up(chosen)
        self._group.promote(chosen)
        self._spread_messages()
        self._epoch += 1
        for server in self._servers:
            if server is chosen or server in self._group.replicas:
                server.drop_connections()
        return chosen

    def announce(self, sentinel: FakeServer) -> None:
        """Let one sentinel learn who the primary is, and tell its subscribers if that is news (+switch-master)."""
        old = self._watched_by(sentinel).primary
        self._look_around(sentinel)
        watched = self._watched_by(sentinel)
        if watched.primary.address != old.address:
            words = [self.service, *map(str, old.address), *map(str, watched.primary.address)]
            self._publish(sentinel, "+switch-master", " ".join(words))
            for replica in watched.replicas:
                self._publish(sentinel, "+slave", self._described("slave", replica, watched))

    def demote(self, server: FakeServer) -> None:
        """Turn an old primary into a replica of the new one; its clients are dropped, its own writes lost."""
        if server is self.primary:
            raise ValueError(f"{server!r} is the primary: promote another one first")
        self._group.attach(server)
        server.drop_connections()
        for sentinel in self.sentinels:
            self._look_around(sentinel)
            watched = self._watched_by(sentinel)
            described = self._described("slave", _instance(server), watched)
            self._publish(sentinel, "+convert-to-slave", described)

    async def kill(self, server: FakeServer) -> None:
        """Stop a server or a sentinel as a crash would; no sentinel notices until `mark_down` or `failover`."""
        await server.stop()
        if server is self.primary:
            self._group.lose_primary()
        elif server in self._servers:
            self._group.detach(server)

    def mark_down(self, server: FakeServer) -> None:
        """Let every sentinel find a server, or a fellow sentinel, down and tell its subscribers (+sdown, +odown)."""
        for sentinel in self.sentinels:
            watched = self._watched_by(sentinel)
            kind, instance = _find(watched, (server.host, server.port))
            if instance is not None and not instance.down:
                instance.down, instance.link_up = True, False
                described = self._described(kind, instance, watched)
                self._publish(sentinel, "+sdown", described)
                if kind == "master":
                    votes = f" #quorum {len(self.sentinels)}/{watched.quorum}"
                    self._publish(sentinel, "+odown", described + votes)

    async def restart(self, server: FakeServer, *, lose_data: bool = True) -> None:
        """Start a killed server or sentinel again on its port; a server follows the present primary."""
        if lose_data and server in self._servers:
            server.clear()
        await server.start()
        if server is self.primary:
            self._group.reattach()
        elif server in self._servers:
            self._group.attach(server)
        for sentinel in self.sentinels:
            self._look_around(sentinel)

    def _new_sentinel(self, host: str, port: int, password: str | None, version: str) -> FakeServer:
        settings = ServerSettings(
            version=version,
            password=password,
            mode="sentinel",
            databases=1,
            seed=self._random.getrandbits(64),
        )
        engine = Engine(settings, SENTINEL)
        engine.state.sentinel = SentinelView(id=engine.state.run_id)
        return FakeServer._around(engine, host, port, self.clock)

    def _look_around(self, sentinel: FakeServer) -> None:
        """Let a sentinel see everything as it is now."""
        others = [each for each in self.sentinels if each is not sentinel]
        _view(sentinel).services[self.service] = Watched(
            name=self.service,
            primary=_instance(self.primary),
            quorum=len(self.sentinels) // 2 + 1,
            replicas=[_instance(each, link_up=each in self._group.replicas) for each in self.replicas],
            sentinels=[_instance(each) for each in others],
            epoch=self._epoch,
        )

    def _watched_by(self, sentinel: FakeServer) -> Watched:
        return _view(sentinel).services[self.service]

    def _publish(self, sentinel: FakeServer, channel: str, message: str) -> None:
        sentinel._shell.publish([Published(channel.encode(), message.encode())])

    def _described(self, kind: str, instance: Instance, watched: Watched) -> str:
        """Describe an instance as sentinels do in their messages."""
        host, port = instance.address
        described = f"{kind} {instance.name} {host} {port}"
        if kind == "master":
            return f"{kind} {self.service} {host} {port}"
        return f"{described} @ {self.service} {' '.join(map(str, watched.primary.address))}"

    def _spread_messages(self) -> None:
        """Let clients of the replicas hear what is published on the primary."""
        for server in self._servers:
            server._shell.broadcast = None
        self.primary._shell.broadcast = self._broadcast

    def _broadcast(self, messages: list[Published]) -> None:
        for replica in self._group.replicas:
            replica._shell.publish(messages)


class _Group:
    """A primary and those that follow it."""

    def __init__(self, servers: list[FakeServer], lag: float) -> None:
        self.primary = servers[0]
        self._servers = servers
        self._replicator = Replicator(lambda one, other: True, lag=lag)
        self._replicator.lead(self.primary)

    @property
    def replicas(self) -> list[FakeServer]:
        return [
            each
            for each in self._servers
            if self._replicator.primary_of(each) is self.primary and each.running
        ]

    def attach(self, replica: FakeServer) -> None:
        self._replicator.follow(replica, self.primary)

    def detach(self, replica: FakeServer) -> None:
        self._replicator.refresh()

    def lose_primary(self) -> None:
        self._replicator.refresh()

    def reattach(self) -> None:
        self._replicator.refresh()

    def catch_up(self, replica: FakeServer) -> None:
        self._replicator.catch_up(replica)

    def promote(self, replica: FakeServer) -> None:
        others = [each for each in self.replicas if each is not replica]
        self._replicator.lead(replica)
        self.primary = replica
        for each in others:
            self.attach(each)


def _view(sentinel: FakeServer) -> SentinelView:
    view = sentinel._engine.state.sentinel
    assert view is not None, f"{sentinel!r} is no sentinel"
    return view


def _instance(server: FakeServer, *, link_up: bool = True) -> Instance:
    return Instance(
        address=(server.host, server.port),
        run_id=server._engine.state.run_id,
        down=not server.running,
        link_up=link_up,
    )


def _find(watched: Watched, address: tuple[str, int]) -> tuple[str, Instance | None]:
    """Return what a sentinel knows of an address, and what it takes it for."""
    known = [("master", watched.primary)]
    known += [("slave", each) for each in watched.replicas] + [
        ("sentinel", each) for each in watched.sentinels
    ]
    return next(((kind, each) for kind, each in known if each.address == address), ("", None))
