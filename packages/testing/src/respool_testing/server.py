"""A Redis in the test's own process: one fake server, as its user sees it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

from ._doors import ClientView as ClientView
from ._doors import Doors, checked_loopback
from ._engine.engine import Engine
from ._engine.families import DATA_SERVER
from ._engine.settings import ServerSettings
from ._shell import Shell
from ._snapshot import Snapshot, restore_snapshot, take_snapshot
from .clock import Clock
from .database import DatabaseView
from .faults import Faults
from .log import DEFAULT_LIMIT, CommandLog

if TYPE_CHECKING:
    import ssl

    from typing_extensions import Self


class FakeServer(Doors):
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
        self.host = checked_loopback(host)
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
    def db(self) -> tuple[DatabaseView, ...]:
        """Return the numbered databases, each a mapping: `server.db[0]["k"]`."""
        return tuple(
            DatabaseView(database, self._shell.within, lambda: self.clock.microseconds() // 1000)
            for database in self._engine.state.keyspace.databases
        )

    async def restart(self, *, lose_data: bool = True) -> None:
        """Stop and start on the same port, by default without the data: nothing is persisted.

        Scripts are forgotten either way, functions with the data.
        """
        await self.stop()
        self._lose(data=lose_data)
        await self.start()

    def clear(self) -> None:
        """Remove every key of every database."""
        self._shell.within(self._flush)

    def reset(self) -> None:
        """Make the server as good as new: no keys, scripts, faults, log, clients or options; time runs on."""
        self.clear()
        self._engine.state.shelf.clear()
        self._engine.state.forget_options()
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

    def assert_faults_fired(self) -> None:
        """Fail if an armed fault never struck."""
        self.faults.assert_all_fired()

    def describe_log(self) -> str:
        """Tell of the server and the last commands it was asked for."""
        return f"{self!r}\n{self.log.recent()}"

    def _lose(self, *, data: bool) -> None:
        """Forget what a process forgets when it ends, with its data or without."""
        self._engine.state.shelf.scripts.clear()
        if data:
            self.clear()
            self._engine.state.shelf.clear()

    def _flush(self) -> None:
        for database in self._engine.state.keyspace.databases:
            database.flush()
