"""respool, by its public API and with its defaults: deadlines, statistics and pool included."""

from __future__ import annotations

from collections.abc import Sequence

import respool
import respool_cluster
from benchmarks.peers.door import Address, Calls, Client, Connections


class OurClient:
    """A `Redis` on the pool that it makes for itself."""

    def __init__(self, at: Address) -> None:
        self._redis = respool.Redis(at.host, at.port)
        self.get = self._redis.get
        self.set = self._redis.set

    async def pipeline(self, keys: Sequence[str]) -> Sequence[object]:
        async with self._redis.pipeline(transaction=False) as pipe:
            for key in keys:
                pipe.get(key)
            return await pipe.execute()

    async def close(self) -> None:
        await self._redis.aclose()


class OurClusterClient:
    """A `RedisCluster` with its defaults."""

    def __init__(self, nodes: Sequence[Address]) -> None:
        self._redis = respool_cluster.RedisCluster([respool_cluster.Node(at.host, at.port) for at in nodes])
        self.get = self._redis.get
        self.set = self._redis.set

    async def close(self) -> None:
        await self._redis.aclose()


class OurConnections:
    """A `ConnectionPool`."""

    def __init__(self, at: Address, most: int) -> None:
        self._pool = respool.ConnectionPool(host=at.host, port=at.port, max_connections=most)

    async def take(self) -> object:
        return await self._pool.get_connection()

    async def give_back(self, connection: object) -> None:
        assert isinstance(connection, respool.BaseConnection)
        self._pool.release(connection)

    async def drop(self, connection: object) -> None:
        assert isinstance(connection, respool.BaseConnection)
        connection.disconnect()
        self._pool.release(connection)

    async def close(self) -> None:
        self._pool.disconnect()


class Ours:
    """respool."""

    module = "respool"

    async def open(self, at: Address, tasks: int) -> Client:
        return OurClient(at)

    async def open_cluster(self, nodes: Sequence[Address], tasks: int) -> Calls:
        return OurClusterClient(nodes)

    async def connections(self, at: Address, most: int) -> Connections:
        return OurConnections(at, most)


PEER = Ours()
