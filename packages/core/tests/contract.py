"""Words that the contract's tests share: how to ask, what a server tells of a client, a pool for any server."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, TypeAlias, TypeVar

from respool import BaseConnection, ConnectionPool
from respool.lowlevel import ValueT
from respool_testing import Endpoint, RawConnection

Connect: TypeAlias = Callable[..., BaseConnection]
Protocol: TypeAlias = Literal[2, 3]
Pool = TypeVar("Pool", bound=ConnectionPool)


async def ask(
    connection: BaseConnection,
    command: bytes,
    *args: ValueT,
    decode: bool | None = None,
    encoding: str | None = None,
    timeout: float | None = None,
) -> object:
    """Send one request and return its reply."""
    request = await connection.create_request(
        command, *args, decode=decode, encoding=encoding, timeout=timeout
    )
    return await request


async def seen(witness: RawConnection, connection: BaseConnection) -> dict[str, str]:
    """Return what the server tells of a connection, by the fields of CLIENT LIST."""
    assert connection.client_id is not None
    told = await witness.call("CLIENT", "LIST", "ID", connection.client_id)
    assert isinstance(told, bytes)
    pairs = (field.partition("=") for field in told.decode().split())
    return {name: value for name, _, value in pairs}


async def kill(witness: RawConnection, connection: BaseConnection) -> None:
    """Have the server hang up on a connection."""
    assert connection.client_id is not None
    assert await witness.call("CLIENT", "KILL", "ID", connection.client_id) == 1


def pool_of(endpoint: Endpoint, kind: type[Pool], **options: object) -> Pool:
    """Make a pool of connections to a server, over its transport."""
    chosen = {"connection_class": endpoint.connection_class, **endpoint.options, **options}
    return kind(**chosen)  # type: ignore[arg-type]  # the caller's own
