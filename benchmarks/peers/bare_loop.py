"""The bare loop as a peer: what the others could cost at the least."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Sequence

from benchmarks.bare import Bare
from benchmarks.bare_cluster import BareCluster
from benchmarks.peers.door import Address, Calls, Client, Connections, NotOffered


async def _connect(at: Address) -> Bare:
    _, bare = await asyncio.get_running_loop().create_connection(Bare, at.host, at.port)
    return bare


class BareClient:
    """One `Bare` connection."""

    def __init__(self, bare: Bare) -> None:
        self._bare = bare

    def get(self, key: str, /) -> Awaitable[object]:
        return self._bare.call("GET", key)

    def set(self, key: str, value: bytes, /) -> Awaitable[object]:
        return self._bare.call("SET", key, value)

    async def pipeline(self, keys: Sequence[str]) -> Sequence[object]:
        calls = [self._bare.call("GET", key) for key in keys]
        return [await call for call in calls]

    async def close(self) -> None:
        self._bare.close()


class BareClusterClient:
    """A `BareCluster`."""

    def __init__(self, cluster: BareCluster) -> None:
        self._cluster = cluster
        self.get = cluster.get
        self.set = cluster.set

    async def close(self) -> None:
        self._cluster.close()


class BareConnections:
    """`Bare` connections; no handshake."""

    def __init__(self, at: Address) -> None:
        self._at = at

    async def take(self) -> object:
        return await _connect(self._at)

    async def give_back(self, connection: object) -> None:
        raise NotOffered("it has no pool")

    async def drop(self, connection: object) -> None:
        assert isinstance(connection, Bare)
        connection.close()

    async def close(self) -> None:
        pass


class BareLoop:
    """`asyncio.Protocol` and hiredis."""

    module = "asyncio, hiredis"

    async def open(self, at: Address, tasks: int) -> Client:
        return BareClient(await _connect(at))

    async def open_cluster(self, nodes: Sequence[Address], tasks: int) -> Calls:
        return BareClusterClient(await BareCluster.connect(nodes[0].host, nodes[0].port))

    async def connections(self, at: Address, most: int) -> Connections:
        return BareConnections(at)


PEER = BareLoop()
