"""The clients that are measured, behind one small door: connect, get, close."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import redis.asyncio

import respool
from benchmarks.bare import Bare

Get = Callable[[str], Awaitable[object]]
Close = Callable[[], Awaitable[object]]


@dataclass(frozen=True)
class Peer:
    """One client, connected."""

    name: str
    get: Get
    close: Close


async def connect_respool(host: str, port: int, tasks: int) -> Peer:
    client = respool.Redis(host, port)
    return Peer("respool", client.get, client.aclose)


async def connect_redis_py(host: str, port: int, tasks: int) -> Peer:
    # Its pool opens a connection for each task and has a bound.
    client = redis.asyncio.Redis(host=host, port=port, max_connections=tasks + 1)
    return Peer("redis-py", client.get, client.aclose)


async def connect_bare(host: str, port: int, tasks: int) -> Peer:
    _, bare = await asyncio.get_running_loop().create_connection(Bare, host, port)

    async def close() -> None:
        bare.close()

    return Peer("bare loop", lambda key: bare.call("GET", key), close)


CONNECT = (connect_respool, connect_redis_py, connect_bare)
