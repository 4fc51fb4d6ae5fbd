"""What every peer must be able to do to be measured: make a client, and take connections one by one."""

from __future__ import annotations

from collections.abc import Awaitable, Sequence
from dataclasses import dataclass
from typing import Protocol


class NotOffered(Exception):
    """A client has no such thing; the message says what it has instead."""


@dataclass(frozen=True)
class Address:
    """Where the server listens."""

    host: str
    port: int


class Calls(Protocol):
    """One client, as its users hold it: shared by all tasks."""

    def get(self, key: str, /) -> Awaitable[object]:
        """Return what is to be awaited for one GET. Cheap where the client's own method is stored here."""

    def set(self, key: str, value: bytes, /) -> Awaitable[object]: ...

    async def close(self) -> None: ...


class Client(Calls, Protocol):
    """A client of one server."""

    async def pipeline(self, keys: Sequence[str]) -> Sequence[object]:
        """Send one GET for each key together, without a transaction; return the replies."""


class Connections(Protocol):
    """The connections of one peer, held one by one, as its own pool does."""

    async def take(self) -> object:
        """Return a connection for the caller alone, its handshake done; open one if none is idle."""

    async def give_back(self, connection: object) -> None:
        """Let the connection be idle. Raises `NotOffered` where there is no pool."""

    async def drop(self, connection: object) -> None:
        """Close a connection that was taken."""

    async def close(self) -> None: ...


class Peer(Protocol):
    """One library."""

    module: str
    """What its users import: words that may follow `import`."""

    async def open(self, at: Address, tasks: int) -> Client:
        """Make a client that `tasks` tasks will use at once."""

    async def open_cluster(self, nodes: Sequence[Address], tasks: int) -> Calls:
        """Make a client of a cluster, of which `nodes` are known, that `tasks` tasks will use at once."""

    async def connections(self, at: Address, most: int) -> Connections:
        """Make a pool of at most `most` connections, none of which is open yet."""
