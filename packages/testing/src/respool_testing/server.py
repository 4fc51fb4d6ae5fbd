"""A Redis in the test's own process: one fake server, as its user sees it."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING
from urllib.parse import quote

from ._engine.engine import Engine
from ._engine.families import DATA_SERVER
from ._engine.settings import ServerSettings
from ._shell import Shell
from .clock import Clock
from .database import DatabaseView
from .faults import Faults
from .log import CommandLog

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


class FakeServer:
    """A server that speaks RESP2 and RESP3 on a real loopback socket, in pure Python.

    `async with FakeServer() as server:` starts it on a free port and stops it afterwards; `start` and `stop`
    do the same by hand and may be repeated. Data survives a stop; `restart` may lose it. Listens on loopback
    addresses only.

    `password` is what clients must say first, `users` maps further user names to passwords, `version` decides
    which commands exist and what INFO and HELLO say. `unixsocket` is the path of a socket file to serve as
    well; with a `tls` context the port speaks TLS.
    """

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
        clock: Clock | None = None,
        seed: int | None = None,
    ) -> None:
        settings = ServerSettings(
            version=version,
            password=password,
            users=dict(users or {}),
            databases=databases,
            max_clients=max_clients,
            seed=seed,
        )
        self._assemble(Engine(settings, DATA_SERVER), host, port, clock, unixsocket, tls)

    @classmethod
    def _around(cls, engine: Engine, host: str, port: int, clock: Clock) -> Self:
        """Make a server of an engine that is more, or other, than a lone data server."""
        server = cls.__new__(cls)
        server._assemble(engine, host, port, clock)
        return server

    def _assemble(
        self,
        engine: Engine,
        host: str,
        port: int,
        clock: Clock | None,
        unixsocket: str | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.host = _checked_loopback(host)
        self.port = port
        self.unixsocket = unixsocket
        self._tls = tls
        self.clock = Clock() if clock is None else clock
        self.log = CommandLog()
        self._settings = engine.state.settings
        self._engine = engine
        self.faults = Faults()
        self._shell = Shell(engine, self.clock, self.log, self.faults)

    def __repr__(self) -> str:
        state = "running" if self.running else "stopped"
        return f"<FakeServer {self.host}:{self.port} {state}, {len(self.connections)} connections>"

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    @property
    def url(self) -> str:
        """Return the address as clients take it, password included."""
        credentials = (
            "" if self._settings.password is None else f":{quote(self._settings.password, safe='')}@"
        )
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'redis' if self._tls is None else 'rediss'}://{credentials}{host}:{self.port}"

    @property
    def running(self) -> bool:
        """Tell whether the server accepts connections."""
        return self._shell.running

    @property
    def connections(self) -> tuple[ClientView, ...]:
        """Return who is connected now, oldest first."""
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
            DatabaseView(database, self._shell.settle, lambda: self.clock.microseconds() // 1000)
            for database in self._engine.state.keyspace.databases
        )

    async def start(self) -> None:
        """Begin to accept connections, unless it already does; raise OSError if the port is taken."""
        if self.running:
            return
        # The name may mean two addresses, which would get two different free ports.
        address = "127.0.0.1" if self.host == "localhost" else self.host
        self.port = await self._shell.listen(address, self.port, self._tls)
        if self.unixsocket is not None:
            await self._shell.listen_unix(self.unixsocket)
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
        for database in self._engine.state.keyspace.databases:
            database.flush()
        self._shell.settle()

    def drop_connections(self) -> int:
        """Cut every client's connection without a word; return how many there were. New ones are accepted."""
        return self._shell.drop_connections()

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until a condition holds: `await server.until(lambda: len(server.connections) == 2)`.

        It is asked after every command and every connection that comes or goes, so there is no need to poll.
        Waits for ever if need be.
        """
        await self._shell.until(condition)


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
