"""A Redis in the test's own process: one fake server, as its user sees it."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

from ._engine.engine import Engine
from ._engine.families import DATA_SERVER
from ._engine.settings import ServerSettings
from ._shell import Shell
from ._snapshot import Snapshot, restore_snapshot, take_snapshot
from ._startable import Startable
from .clock import Clock
from .database import DatabaseView
from .faults import Faults
from .log import DEFAULT_LIMIT, CommandLog

if TYPE_CHECKING:
    import ssl

    from typing_extensions import Self


@dataclass(frozen=True, slots=True)
class ClientView:
    """One connected client, as the server sees it at this moment."""

    id: int
    address: str
    name: str
    user: str
    database: int
    protocol: int
    blocked: bool


class FakeServer(Startable):
    """A server that speaks RESP2 and RESP3 on a real loopback socket, in pure Python.

    `async with FakeServer() as server:` starts it on a free port and stops it afterwards; plain `with` does so
    in a thread of its own, for synchronous tests; `start` and `stop` do the same by hand and may be repeated.
    Data survives a stop; `restart` may lose it. Listens on loopback addresses only.

    `password` is what clients must say first, `users` maps further user names to passwords, `version` decides
    which commands exist and what INFO and HELLO say. `unixsocket` is the path of a socket file to serve as
    well. With a `tls` context the port speaks TLS, or a second port does if there is a `tls_port` (0: any
    free one). With `steerable` clients may arm faults, by the command FAULT. The log keeps the last
    `log_limit` requests, None keeps all.
    """

    unixsocket: str | None = None
    tls_port: int | None = None
    _tls: ssl.SSLContext | None = None

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        password: str | None = None,
        users: dict[str, str] | None = None,
        version: str = "7.4.0",
        databases: int = 16,
        max_clients: int = 10_000,
        unixsocket: str | None = None,
        tls: ssl.SSLContext | None = None,
        tls_port: int | None = None,
        clock: Clock | None = None,
        seed: int | None = None,
        steerable: bool = False,
        log_limit: int | None = DEFAULT_LIMIT,
    ) -> None:
        settings = ServerSettings(
            version=version,
            password=password,
            users=dict(users or {}),
            databases=databases,
            max_clients=max_clients,
            seed=seed,
        )
        self._assemble(Engine(settings, DATA_SERVER), host, port, clock, log_limit)
        if tls_port is not None and tls is None:
            raise ValueError("a port for TLS needs a TLS context")
        self._tls, self.unixsocket, self.tls_port = tls, unixsocket, tls_port
        if steerable:
            self.make_steerable()

    @classmethod
    def _around(cls, engine: Engine, host: str, port: int, clock: Clock) -> Self:
        """Make a server of an engine that is more, or other, than a lone data server."""
        server = cls.__new__(cls)
        server._assemble(engine, host, port, clock)
        return server

    def _assemble(
        self, engine: Engine, host: str, port: int, clock: Clock | None, log_limit: int | None = DEFAULT_LIMIT
    ) -> None:
        self.host = _checked_loopback(host)
        self.port = port
        self.clock = Clock() if clock is None else clock
        self.log = CommandLog(log_limit)
        self.faults = Faults(self.clock.now)
        self._settings = engine.state.settings
        self._engine = engine
        self._shell = Shell(engine, self.clock, self.log, self.faults)

    def __repr__(self) -> str:
        state = "running" if self.running else "stopped"
        return f"<FakeServer {self.host}:{self.port} {state}, {len(self.connections)} connections>"

    @property
    def url(self) -> str:
        """Return the address as clients take it, password included."""
        tls = self._tls is not None and self.tls_port is None
        return self._spelled("rediss" if tls else "redis", self.port)

    @property
    def tls_url(self) -> str:
        """Return the address of the port that speaks TLS; raises ValueError if none does."""
        if self._tls is None:
            raise ValueError("this server has no TLS context")
        return self._spelled("rediss", self.port if self.tls_port is None else self.tls_port)

    @property
    def unix_url(self) -> str:
        """Return the address of the socket file; raises ValueError if there is none."""
        if self.unixsocket is None:
            raise ValueError("this server has no socket file")
        return f"unix://{self._credentials}{self.unixsocket}"

    @property
    def running(self) -> bool:
        """Tell whether the server accepts connections."""
        return self._shell.running

    @property
    def connections(self) -> tuple[ClientView, ...]:
        """Return who is connected now, oldest first."""
        return self.clock.home.do(self._connections)

    @property
    def connections_received(self) -> int:
        """Return how many connections there were, those of the past included."""
        return self._engine.state.connections_received

    def _connections(self) -> tuple[ClientView, ...]:
        return tuple(
            ClientView(
                id=session.id,
                address=session.address,
                name=session.name.decode("latin-1"),
                user=session.user.decode("latin-1"),
                database=session.database,
                protocol=session.protocol,
                blocked=self._shell.is_blocked(session),
            )
            for session in self._shell.sessions
        )

    @property
    def db(self) -> tuple[DatabaseView, ...]:
        """Return the numbered databases, each a mapping: `server.db[0]["k"]`."""
        return tuple(
            DatabaseView(database, self._shell.within, lambda: self.clock.microseconds() // 1000)
            for database in self._engine.state.keyspace.databases
        )

    async def start(self) -> None:
        """Begin to accept connections, unless it already does; raise OSError if the port is taken."""
        if self.running:
            return
        try:
            await self._listen()
        except BaseException:
            await self.stop()
            raise
        self._engine.state.port = self.port
        self._engine.state.started_at = self.clock.microseconds()

    async def stop(self) -> None:
        """Drop every client and stop listening; return once all sockets are closed. Keeps the port number."""
        self._shell.shut()
        await self._shell.closed()

    async def restart(self, *, lose_data: bool = True) -> None:
        """Stop and start on the same port, by default without the data: nothing is persisted."""
        await self.stop()
        if lose_data:
            self.clear()
        await self.start()

    def clear(self) -> None:
        """Remove every key of every database."""
        self._shell.within(self._flush)

    def reset(self) -> None:
        """Make the server as good as new: no keys, faults, log or clients; time runs on from where it is."""
        self.clear()
        self.faults.clear()
        self.clock.resume()
        self.drop_connections()
        self.log.clear()

    def snapshot(self) -> Snapshot:
        """Copy all keys as they are now; `restore` brings them back."""
        return self._shell.within(lambda: take_snapshot(self._engine.state.keyspace))

    def restore(self, snapshot: Snapshot) -> None:
        """Put all keys back; those whose time has come meanwhile are gone."""
        self._shell.within(lambda: restore_snapshot(self._engine.state.keyspace, snapshot))

    @contextlib.contextmanager
    def savepoint(self) -> Iterator[Snapshot]:
        """Put all keys back at the end of the block, however it ends."""
        snapshot = self.snapshot()
        try:
            yield snapshot
        finally:
            self.restore(snapshot)

    def make_steerable(self) -> None:
        """Let clients arm faults, by the command FAULT."""
        self._shell.steerable = True

    def drop_connections(self) -> int:
        """Cut every client's connection without a word; return how many there were. New ones are accepted."""
        return self.clock.home.do(self._shell.drop_connections)

    @contextlib.asynccontextmanager
    async def refusing_connections(self) -> AsyncIterator[None]:
        """Listen nowhere during the block, so that connecting fails; those who are connected stay."""
        self._shell.refuse()
        try:
            yield
        finally:
            if self.running:
                await self._listen()

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until a condition holds: `await server.until(lambda: len(server.connections) == 2)`.

        It is asked after every command and every connection that comes or goes, so there is no need to poll.
        Waits for ever if need be. In a synchronous test it is `server.wait_until(...)`.
        """
        await self.clock.home.wait(lambda: self._shell.until(condition))

    def wait_until(self, condition: Callable[[], bool], *, timeout: float = 10.0) -> None:
        """Wait as `until` does, where nothing can be awaited; raises TimeoutError after so many seconds."""
        self.run(self._shell.until(condition), timeout=timeout)

    async def assert_nothing_open(self, *, timeout: float = 1.0) -> None:
        """Fail if clients are still connected; those that are just leaving have so many seconds to do so."""
        try:
            await asyncio.wait_for(self.until(lambda: not self._shell.sessions), timeout)
        except asyncio.TimeoutError:  # not yet the same as the builtin one in Python 3.10
            left = "\n  ".join(map(str, self.connections))
            raise AssertionError(f"These connections were left open:\n  {left}") from None

    def assert_faults_fired(self) -> None:
        """Fail if an armed fault never struck."""
        self.faults.assert_all_fired()

    def describe_log(self) -> str:
        """Tell of the server and the last commands it was asked for."""
        return f"{self!r}\n{self.log.recent()}"

    async def _listen(self) -> None:
        # The name may mean two addresses, which would get two different free ports.
        address = "127.0.0.1" if self.host == "localhost" else self.host
        tls_too = self._tls is not None and self.tls_port is not None
        self.port = await self._shell.listen(address, self.port, None if tls_too else self._tls)
        if tls_too:
            self.tls_port = await self._shell.listen(address, self.tls_port or 0, self._tls)
        if self.unixsocket is not None:
            await self._shell.listen_unix(self.unixsocket)

    def _flush(self) -> None:
        for database in self._engine.state.keyspace.databases:
            database.flush()

    @property
    def _credentials(self) -> str:
        password = self._settings.password
        return "" if password is None else f":{quote(password, safe='')}@"

    def _spelled(self, scheme: str, port: int) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{scheme}://{self._credentials}{host}:{port}"


def _checked_loopback(host: str) -> str:
    """Return a host this kit may listen on: it has no security and stays on this machine."""
    if host != "localhost" and not _is_loopback(host):
        raise ValueError(f"a fake server listens on loopback addresses only, not on {host!r}")
    return host


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
