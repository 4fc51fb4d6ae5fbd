"""valkey-glide: a Rust core behind Python. One connection for each client; threads of its own, which are pinned too."""

from __future__ import annotations

from collections.abc import Sequence

import glide

from benchmarks.peers.door import Address, Calls, Client, Connections, NotOffered

# Its default of 250 ms would fail requests behind a thousand others, and its bound of 1000 in flight refuse them.
REQUEST_TIMEOUT_MS = 30_000
ROOM = 1000


async def _create(at: Address, inflight: int) -> glide.GlideClient:
    options = glide.GlideClientConfiguration(
        [glide.NodeAddress(at.host, at.port)],
        request_timeout=REQUEST_TIMEOUT_MS,
        inflight_requests_limit=inflight + ROOM,
    )
    return await glide.GlideClient.create(options)


class SharedGlideClient:
    """A `GlideClient`."""

    def __init__(self, client: glide.GlideClient) -> None:
        self._client = client
        self.get = client.get
        self.set = client.set

    async def pipeline(self, keys: Sequence[str]) -> Sequence[object]:
        batch = glide.Batch(is_atomic=False)
        for key in keys:
            batch.get(key)
        replies: Sequence[object] = await self._client.exec(batch, raise_on_error=True)
        return replies

    async def close(self) -> None:
        await self._client.close()


class GlideClusterCalls:
    """A `GlideClusterClient`."""

    def __init__(self, client: glide.GlideClusterClient) -> None:
        self._client = client
        self.get = client.get
        self.set = client.set

    async def close(self) -> None:
        await self._client.close()


class GlideConnections:
    """Clients, each of which is one connection."""

    def __init__(self, at: Address) -> None:
        self._at = at

    async def take(self) -> object:
        return await _create(self._at, 1)

    async def give_back(self, connection: object) -> None:
        raise NotOffered("a client is one connection, shared by all: nothing is leased")

    async def drop(self, connection: object) -> None:
        assert isinstance(connection, glide.GlideClient)
        await connection.close()

    async def close(self) -> None:
        pass


class Glide:
    """valkey-glide."""

    module = "glide"

    async def open(self, at: Address, tasks: int) -> Client:
        return SharedGlideClient(await _create(at, tasks))

    async def open_cluster(self, nodes: Sequence[Address], tasks: int) -> Calls:
        options = glide.GlideClusterClientConfiguration(
            [glide.NodeAddress(at.host, at.port) for at in nodes],
            request_timeout=REQUEST_TIMEOUT_MS,
            inflight_requests_limit=tasks + ROOM,
        )
        return GlideClusterCalls(await glide.GlideClusterClient.create(options))

    async def connections(self, at: Address, most: int) -> Connections:
        return GlideConnections(at)


PEER = Glide()
