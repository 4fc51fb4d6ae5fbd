"""The servers that everything is measured on: started here, on free ports, and pinned; or one that is there already."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from benchmarks.data import fill, fill_cluster
from benchmarks.peers.door import Address
from benchmarks.placement import Placement, pin
from benchmarks.plain import Plain
from respool_testing import RealServer

NODES = 3
SLOTS = 16384
PATIENCE_SECONDS = 30.0


@dataclass(frozen=True)
class Target:
    """A server, or the nodes of a cluster, filled with what the workloads read. Those without `pids` are not ours."""

    nodes: tuple[Address, ...]
    pids: tuple[int, ...]
    version: str

    def place(self, placement: Placement) -> None:
        """Move the servers to their cores."""
        if placement.server is not None:
            if not self.pids:
                raise ValueError("only a server that was started here can be pinned")
            for pid in self.pids:
                pin(pid, placement.server)


@asynccontextmanager
async def prepared(address: Address | None) -> AsyncIterator[Target]:
    """Start a server, or take the one at `address`. Raises `ServerNotFound` where there is none to start."""
    async with AsyncExitStack() as stack:
        pids: tuple[int, ...] = ()
        if address is None:
            server = await stack.enter_async_context(RealServer())
            address, pids = Address(server.host, server.port), _pids([server])
        with Plain(address.host, address.port) as plain:
            fill(plain)
            version = _version(plain)
        yield Target((address,), pids, version)


@asynccontextmanager
async def prepared_cluster() -> AsyncIterator[Target]:
    """Start a cluster of three primaries without replicas. Raises `ServerNotFound` where there is none to start."""
    async with AsyncExitStack() as stack:
        servers = [RealServer(args=["--cluster-enabled", "yes"]) for _ in range(NODES)]
        for server in servers:
            await stack.enter_async_context(server)
        nodes = tuple(Address(server.host, server.port) for server in servers)
        plains = [stack.enter_context(Plain(at.host, at.port)) for at in nodes]
        await _join(plains, nodes)
        fill_cluster(plains)
        yield Target(nodes, _pids(servers), _version(plains[0]))


async def _join(plains: list[Plain], nodes: tuple[Address, ...]) -> None:
    for number, plain in enumerate(plains):
        plain.call("CLUSTER", "SET-CONFIG-EPOCH", number + 1)
        plain.call("CLUSTER", "ADDSLOTS", *range(SLOTS * number // NODES, SLOTS * (number + 1) // NODES))
        plain.call("CLUSTER", "MEET", nodes[0].host, nodes[0].port)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not all(_is_complete(plain) for plain in plains):
        if time.monotonic() > deadline:
            raise TimeoutError("the nodes did not become one cluster")
        await asyncio.sleep(0.05)


def _is_complete(plain: Plain) -> bool:
    info = plain.call("CLUSTER", "INFO")
    return isinstance(info, bytes) and b"cluster_state:ok" in info and b"cluster_known_nodes:3" in info


def _pids(servers: list[RealServer]) -> tuple[int, ...]:
    return tuple(server.pid for server in servers if server.pid is not None)


def _version(server: Plain) -> str:
    info = server.call("INFO", "server")
    assert isinstance(info, bytes)
    fields = dict(line.split(":", 1) for line in info.decode().splitlines() if ":" in line)
    if "valkey_version" in fields:
        return f"Valkey {fields['valkey_version']}"
    return f"Redis {fields.get('redis_version', 'unknown')}"
