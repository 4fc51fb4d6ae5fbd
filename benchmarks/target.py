"""The server that everything is measured on: one we start, on a free port, and pin; or one that is there already."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from benchmarks.data import fill
from benchmarks.peers.door import Address
from benchmarks.placement import Placement, pin
from benchmarks.plain import Plain
from respool_testing import RealServer


@dataclass(frozen=True)
class Target:
    """A server, filled with what the workloads read. `pid` None: not ours, so it cannot be pinned."""

    at: Address
    pid: int | None
    version: str

    def place(self, placement: Placement) -> None:
        """Move the server to its cores."""
        if placement.server is not None:
            if self.pid is None:
                raise ValueError("only a server that was started here can be pinned")
            pin(self.pid, placement.server)


@asynccontextmanager
async def prepared(address: Address | None) -> AsyncIterator[Target]:
    """Start a server, or take the one at `address`. Raises `ServerNotFound` where there is none to start."""
    if address is not None:
        yield _filled(address, None)
        return
    async with RealServer() as server:
        yield _filled(Address(server.host, server.port), server.pid)


def _filled(at: Address, pid: int | None) -> Target:
    with Plain(at.host, at.port) as server:
        fill(server)
        info = server.call("INFO", "server")
    assert isinstance(info, bytes)
    return Target(at, pid, _version(info.decode()))


def _version(info: str) -> str:
    fields = dict(line.split(":", 1) for line in info.splitlines() if ":" in line)
    if "valkey_version" in fields:
        return f"Valkey {fields['valkey_version']}"
    return f"Redis {fields.get('redis_version', 'unknown')}"
