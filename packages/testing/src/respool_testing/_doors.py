"""The doors of one fake server: where it listens, who is connected, and waiting for what clients do."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

from ._startable import Startable

if TYPE_CHECKING:
    import ssl

    from ._engine.engine import Engine
    from ._shell import Shell
    from .clock import Clock


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


class Doors(Startable):
    """What `FakeServer` offers of its connections; who derives from it provides the server behind the doors."""

    host: str
    port: int
    clock: Clock
    unixsocket: str | None = None
    tls_port: int | None = None
    _tls: ssl.SSLContext | None = None
    _engine: Engine
    _shell: Shell

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

    async def _listen(self) -> None:
        # The name may mean two addresses, which would get two different free ports.
        address = "127.0.0.1" if self.host == "localhost" else self.host
        tls_too = self._tls is not None and self.tls_port is not None
        self.port = await self._shell.listen(address, self.port, None if tls_too else self._tls)
        if tls_too:
            self.tls_port = await self._shell.listen(address, self.tls_port or 0, self._tls)
        if self.unixsocket is not None:
            await self._shell.listen_unix(self.unixsocket)

    @property
    def _credentials(self) -> str:
        password = self._engine.state.settings.password
        return "" if password is None else f":{quote(password, safe='')}@"

    def _spelled(self, scheme: str, port: int) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{scheme}://{self._credentials}{host}:{port}"


def checked_loopback(host: str) -> str:
    """Return a host this kit may listen on: it has no security and stays on this machine."""
    if host != "localhost" and not _is_loopback(host):
        raise ValueError(f"a fake server listens on loopback addresses only, not on {host!r}")
    return host


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
