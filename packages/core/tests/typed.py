"""Clients for the tests of typed commands, and what a server must have for one of them. Holds no test."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Literal, Protocol

import pytest

from respool import Redis
from respool_testing import ServerProcess
from respool_testing.real import brand_of


class Server(Protocol):
    """A fake or a real one."""

    @property
    def url(self) -> str: ...


@asynccontextmanager
async def client_of(server: Server, protocol: Literal[2, 3]) -> AsyncIterator[Redis[bytes]]:
    """Offer a client that returns bytes."""
    needs_redis_7(server)
    async with Redis.from_url(server.url, protocol_version=protocol) as redis:
        yield redis


@asynccontextmanager
async def text_client_of(server: Server, protocol: Literal[2, 3]) -> AsyncIterator[Redis[str]]:
    """Offer a client that returns text."""
    needs_redis_7(server)
    async with Redis.from_url(server.url, protocol_version=protocol, decode_responses=True) as redis:
        yield redis


async def needs(redis: Redis[bytes], *commands: str, why: str = "") -> None:
    """Skip the test where the server lacks a command; `why` says who has it."""
    for command in commands:
        told = await redis.execute_command("COMMAND", "INFO", command)
        if not isinstance(told, list) or told in ([], [None]):
            pytest.skip(f"this server has no {command}" + (f": needs {why}" if why else ""))


async def needs_version(redis: Redis[bytes], *version: int) -> None:
    """Skip the test where the server is older than this Redis; Valkey counts as the Redis it came from, 7.2."""
    told = await redis.execute_command("INFO", "server")
    assert isinstance(told, bytes)
    found = next(line for line in told.decode().splitlines() if line.startswith("redis_version:"))
    if tuple(map(int, found.partition(":")[2].split(".")[:2])) < version:
        pytest.skip(f"needs Redis >= {'.'.join(map(str, version))}")


def needs_redis_7(server: Server) -> None:
    """Skip a test of commands on a server that lacks many of them."""
    if isinstance(server, ServerProcess) and brand_of(server.binary).version < (7,):
        pytest.skip("the typed commands are tested on Redis >= 7")
