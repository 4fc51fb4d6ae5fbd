"""redis-py's asyncio client with hiredis. Each task that waits holds a connection of its pool, so that is let grow."""

from __future__ import annotations

from collections.abc import Sequence

import redis.asyncio

from benchmarks.peers.door import Address, Calls, Client, Connections


class RedisPyClient:
    """A `redis.asyncio.Redis` on the pool that it makes for itself."""

    def __init__(self, at: Address, tasks: int) -> None:
        self._redis = redis.asyncio.Redis(host=at.host, port=at.port, max_connections=tasks + 1)
        self.get = self._redis.get
        self.set = self._redis.set

    async def pipeline(self, keys: Sequence[str]) -> Sequence[object]:
        async with self._redis.pipeline(transaction=False) as pipe:
            for key in keys:
                pipe.get(key)
            replies: list[object] = await pipe.execute()
            return replies

    async def close(self) -> None:
        await self._redis.aclose()


class RedisPyClusterClient:
    """A `redis.asyncio.RedisCluster`, whose pools, one for each node, are let grow too."""

    def __init__(self, nodes: Sequence[Address], tasks: int) -> None:
        self._redis = redis.asyncio.RedisCluster(
            host=nodes[0].host, port=nodes[0].port, max_connections=tasks + 1
        )
        self.get = self._redis.get
        self.set = self._redis.set

    async def close(self) -> None:
        await self._redis.aclose()


class RedisPyConnections:
    """A `redis.asyncio.ConnectionPool`."""

    def __init__(self, at: Address, most: int) -> None:
        self._pool = redis.asyncio.ConnectionPool(host=at.host, port=at.port, max_connections=most)

    async def take(self) -> object:
        connection: object = await self._pool.get_connection()
        return connection

    async def give_back(self, connection: object) -> None:
        await self._pool.release(connection)

    async def drop(self, connection: object) -> None:
        assert isinstance(connection, redis.asyncio.Connection)
        await connection.disconnect()
        await self._pool.release(connection)

    async def close(self) -> None:
        await self._pool.aclose()


class RedisPy:
    """redis-py."""

    module = "redis.asyncio"

    async def open(self, at: Address, tasks: int) -> Client:
        return RedisPyClient(at, tasks)

    async def open_cluster(self, nodes: Sequence[Address], tasks: int) -> Calls:
        return RedisPyClusterClient(nodes, tasks)

    async def connections(self, at: Address, most: int) -> Connections:
        return RedisPyConnections(at, most)


PEER = RedisPy()
