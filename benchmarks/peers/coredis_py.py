"""coredis. Its client and its pool live in a block of their own, which stays open for the length of a sample."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AsyncExitStack

import coredis
import coredis.connection
import coredis.pool

from benchmarks.peers.door import Address, Calls, Client, Connections


class CoredisClient:
    """A `coredis.Redis`, which multiplexes commands over the connections of its pool by itself; or its cluster's."""

    def __init__(self, redis: coredis.Redis | coredis.RedisCluster) -> None:
        self._block = AsyncExitStack()
        self._redis = redis
        self.get = self._redis.get
        self.set = self._redis.set

    async def start(self) -> None:
        await self._block.enter_async_context(self._redis)

    async def pipeline(self, keys: Sequence[str]) -> Sequence[object]:
        async with self._redis.pipeline(transaction=False) as pipe:
            for key in keys:
                pipe.get(key)
        replies: Sequence[object] = pipe.results
        return replies

    async def close(self) -> None:
        await self._block.aclose()


class CoredisConnections:
    """A `coredis.pool.ConnectionPool`."""

    def __init__(self, at: Address, most: int) -> None:
        self._block = AsyncExitStack()
        self._pool = coredis.pool.ConnectionPool(host=at.host, port=at.port, max_connections=most)

    async def start(self) -> None:
        await self._block.enter_async_context(self._pool)

    async def take(self) -> object:
        connection: object = await self._pool.get_connection()
        return connection

    async def give_back(self, connection: object) -> None:
        self._pool.release(connection)

    async def drop(self, connection: object) -> None:
        assert isinstance(connection, coredis.connection.BaseConnection)
        # In this order: a connection that is closed while it is leased never gives its slot back.
        self._pool.release(connection)
        connection.invalidate()

    async def close(self) -> None:
        await self._block.aclose()


class Coredis:
    """coredis."""

    module = "coredis"

    async def open(self, at: Address, tasks: int) -> Client:
        client = CoredisClient(coredis.Redis(host=at.host, port=at.port))
        await client.start()
        return client

    async def open_cluster(self, nodes: Sequence[Address], tasks: int) -> Calls:
        places = [coredis.connection.TCPLocation(at.host, at.port) for at in nodes]
        client = CoredisClient(coredis.RedisCluster(startup_nodes=places))
        await client.start()
        return client

    async def connections(self, at: Address, most: int) -> Connections:
        connections = CoredisConnections(at, most)
        await connections.start()
        return connections


PEER = Coredis()
