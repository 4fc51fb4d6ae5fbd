"""Other people's cluster clients on a fake cluster: they find their way through moves and failovers.

Each runs in a process of its own: one of them blocks its event loop while it connects, another warns of what
it leaves open, and neither is this suite's business.
"""

from __future__ import annotations

import asyncio
import importlib.util
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from respool_testing import FakeCluster
from respool_testing._engine.slots import key_slot

# For each word on its standard input a peer writes or reads all keys, and says `right` or what was wrong.
CONVERSATION = """
import asyncio, sys

async def talk(client):
    keys = [f"key:{number}" for number in range(20)]
    while word := await asyncio.to_thread(sys.stdin.readline):
        try:
            if word == "write\\n":
                for key in keys:
                    await client.set(key, key)
            read = [await client.get(key) for key in keys]
            answer = "right" if read == [key.encode() for key in keys] else read
        except Exception as error:
            answer = repr(error)
        print("> ", answer, flush=True)
"""

PEERS = {
    "redis": """
from redis.asyncio.cluster import RedisCluster

async def main(host, port):
    async with RedisCluster(host=host, port=port) as client:
        await talk(client)
""",
    "coredis": """
from coredis import RedisCluster

async def main(host, port):
    async with RedisCluster(host=host, port=port) as client:
        await talk(client)
""",
    "glide": """
from glide import GlideClusterClient, GlideClusterClientConfiguration, NodeAddress

async def main(host, port):
    client = await GlideClusterClient.create(GlideClusterClientConfiguration([NodeAddress(host, port)]))
    await talk(client)
    await client.close()
""",
    "respool_cluster": """
from respool_cluster import RedisCluster

async def main(host, port):
    async with RedisCluster.from_url(f"redis://{host}:{port}") as client:
        await talk(client)
""",
}
START = "asyncio.run(main(sys.argv[1], int(sys.argv[2])))"


class Peer:
    """A client in a process of its own."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self._words, self._answers = process.stdin, process.stdout

    async def does(self, word: str) -> str:
        """Say a word and return the answer."""
        self._words.write(f"{word}\n".encode())
        return await asyncio.wait_for(self._answer(), 30)

    async def _answer(self) -> str:
        """Return the next line that is an answer; one of the peers writes its log in between."""
        while not (line := (await self._answers.readline()).decode()).startswith("> "):
            assert line, "the peer is gone"
        return line.removeprefix("> ").strip()


@asynccontextmanager
async def running(name: str, cluster: FakeCluster) -> AsyncIterator[Peer]:
    """Run a peer that was shown one node; skip where it is not installed."""
    if importlib.util.find_spec(name) is None:
        pytest.skip(f"{name} is not installed")
    node, program = cluster.nodes[0], CONVERSATION + PEERS[name] + START
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-W", "ignore", "-c", program, node.host, str(node.port)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        yield Peer(process)
        assert process.stdin is not None
        process.stdin.close()
        await asyncio.wait_for(process.wait(), 20)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


@pytest.mark.parametrize("name", PEERS)
async def test_a_peer_lives_through_everything(respool_cluster: FakeCluster, name: str) -> None:
    cluster = respool_cluster
    async with running(name, cluster) as peer:
        assert await peer.does("write") == "right"
        first = cluster.owner_of("key:0")
        target = next(node for node in cluster.primaries if node is not first)
        slot = key_slot(b"key:0")
        cluster.begin_migration(slot, target)
        cluster.move_keys(slot)
        assert await peer.does("read") == "right"
        cluster.finish_migration(slot)
        assert await peer.does("write") == "right"
        await cluster.failover(cluster.owner_of("key:1"))
        assert await peer.does("write") == "right"


@pytest.mark.parametrize("name", PEERS)
async def test_a_peer_follows_when_a_primary_dies(respool_cluster: FakeCluster, name: str) -> None:
    cluster = respool_cluster
    async with running(name, cluster) as peer:
        assert await peer.does("write") == "right"
        victim = cluster.owner_of("key:1")
        await cluster.kill(victim)
        await cluster.failover(victim)
        # Some tell their caller of the lost connections, one by one, and are right after that.
        answers = [await peer.does("read") for _ in range(5)]
        assert answers[-1] == "right"
