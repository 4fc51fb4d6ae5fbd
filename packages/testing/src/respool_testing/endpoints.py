"""Ways to reach a server: over TCP, a unix socket or TLS, the same for fake and real ones."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from .raw import RawConnection
from .real import ServerProcess
from .server import FakeServer

if TYPE_CHECKING:
    from respool import BaseConnection

    from ._certificate import Certificate
    from ._fleet import Running

Transport: TypeAlias = Literal["tcp", "unix", "tls"]
TRANSPORTS: Final[tuple[Transport, ...]] = ("tcp", "unix", "tls")


@dataclass(frozen=True)
class Endpoint:
    """One server as it is reached over one transport.

    `version` is the server's, as numbers. `host` and `port` lead there over TCP and TLS, `path` over a unix
    socket; `certificate` is there for TLS alone.
    """

    server: FakeServer | ServerProcess
    version: tuple[int, ...]
    transport: Transport
    host: str
    port: int
    path: str
    certificate: Certificate | None = None

    @property
    def is_fake(self) -> bool:
        """Tell whether the server is one of ours."""
        return isinstance(self.server, FakeServer)

    @property
    def url(self) -> str:
        """Return the address as clients take it."""
        return self.url_of()

    def url_of(self, credentials: str = "", **query: object) -> str:
        """Return the address with credentials, written `user:password`, and options in its query."""
        who = f"{credentials}@" if credentials else ""
        if self.certificate is not None:
            query["ssl_ca_certs"] = self.certificate.files.authority
        asked = "&".join(f"{name}={value}" for name, value in query.items())
        scheme = {"tcp": "redis", "tls": "rediss", "unix": "unix"}[self.transport]
        where = self.path if self.transport == "unix" else f"{self.host}:{self.port}"
        return f"{scheme}://{who}{where}" + (f"?{asked}" if asked else "")

    @property
    def connection_class(self) -> type[BaseConnection]:
        """Return the class of respool's connections over this transport."""
        from respool import Connection, UnixDomainSocketConnection

        return UnixDomainSocketConnection if self.transport == "unix" else Connection

    @property
    def options(self) -> dict[str, object]:
        """Return what the constructor of `connection_class` has to be given."""
        if self.transport == "unix":
            return {"path": self.path}
        options: dict[str, object] = {"host": self.host, "port": self.port}
        return options if self.certificate is None else {**options, "ssl_context": self.certificate.trust}

    def raw(self) -> RawConnection:
        """Return a raw connection to the server over the same transport, not yet open."""
        trust = None if self.certificate is None else self.certificate.trust
        return RawConnection(
            self.host, self.port, path=self.path if self.transport == "unix" else None, tls=trust
        )

    def add_user(self, name: str, password: str) -> None:
        """Let one more user in, who may do everything."""
        if isinstance(self.server, FakeServer):
            self.server._settings.users[name] = password
        else:
            self.server.call("ACL", "SETUSER", name, "on", f">{password}", "~*", "&*", "+@all")


@asynccontextmanager
async def fake_endpoint(transport: Transport, certificate: Certificate | None) -> AsyncIterator[Endpoint]:
    """Run a fresh fake server that is reached over one transport."""
    shown = certificate if transport == "tls" else None
    with TemporaryDirectory(prefix="respool-") as folder:
        path = str(Path(folder, "sock"))
        async with FakeServer(
            tls=shown.served if shown else None, unixsocket=path if transport == "unix" else None
        ) as server:
            version = server._settings.version_numbers
            yield Endpoint(server, version, transport, server.host, server.port, path, shown)


def real_endpoint(running: Running, transport: Transport, certificate: Certificate | None) -> Endpoint:
    """Return one way to a real server that runs."""
    server = running.server
    tls = transport == "tls"
    port, shown = (running.tls_port, certificate) if tls else (server.port, None)
    return Endpoint(server, running.brand.version, transport, server.host, port, running.path, shown)
