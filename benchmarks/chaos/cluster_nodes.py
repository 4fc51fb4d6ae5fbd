"""A real cluster of three primaries with a replica each, and slots that can be moved about by hand."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress

from benchmarks.chaos.process import Victim
from respool_cluster import Node, RedisCluster
from respool_cluster._map.slot import SLOTS, key_slot

SHARDS = 3
CALLERS = 20
"""For each shard."""

START_SECONDS = 60.0

HAND_OVER_SECONDS = 5.5
"""After which a replica that was asked to take over has given up."""

OPTIONS = (
    *("--cluster-enabled", "yes"),
    *("--cluster-node-timeout", "2000"),
    *("--cluster-require-full-coverage", "no"),
    *("--repl-diskless-sync-delay", "0"),
    *("--repl-ping-replica-period", "1"),
)
# With full coverage required the servers themselves refuse everything while one shard is without a primary, and
# there would be nothing left to see of what a client keeps up.


class Nodes:
    """`primaries[n]` has the slots `shares[n]` at first, and `replicas[n]` for a replica."""

    def __init__(self, binary: str) -> None:
        self.binary = binary
        self.primaries = [Victim(binary, OPTIONS) for _ in range(SHARDS)]
        self.replicas = [Victim(binary, OPTIONS) for _ in range(SHARDS)]
        self.more: list[Victim] = []
        self.shares = [
            range(SLOTS * number // SHARDS, SLOTS * (number + 1) // SHARDS) for number in range(SHARDS)
        ]

    @property
    def all(self) -> list[Victim]:
        """Every node."""
        return [*self.primaries, *self.replicas, *self.more]

    def client(self) -> RedisCluster[bytes]:
        """Return a client with default settings, which knows one node."""
        return RedisCluster([Node(self.primaries[-1].host, self.primaries[-1].port)])

    def keys(self) -> dict[str, list[str]]:
        """Return keys for each shard, none in the same slot as another."""
        found: dict[str, list[str]] = {str(number): [] for number in range(SHARDS)}
        for name in (f"k{number}" for number in range(SLOTS)):
            shard = next(n for n, share in enumerate(self.shares) if key_slot(name.encode()) in share)
            if len(found[str(shard)]) < CALLERS:
                found[str(shard)].append(name)
        return found

    async def start(self) -> None:
        """Start all nodes and make a cluster of them."""
        await asyncio.gather(*(asyncio.to_thread(node.start_process) for node in self.all))
        for number, (primary, share) in enumerate(zip(self.primaries, self.shares, strict=True)):
            await primary.ask("CLUSTER", "SET-CONFIG-EPOCH", number + 1)
            await primary.ask("CLUSTER", "ADDSLOTS", *share)
        for node in self.all[1:]:
            await self._meet(node)
        for primary, replica in zip(self.primaries, self.replicas, strict=True):
            await self._follow(replica, primary)
        for node in self.all:
            await node.until("cluster_slots_ok:16384", "CLUSTER", "INFO")
            await node.until("cluster_state:ok", "CLUSTER", "INFO")
        await self._until_all_know(self.replicas)

    def stop(self) -> None:
        """Stop all nodes, frozen ones included."""
        for node in self.all:
            if node.running:
                node.kill()
            node.stop_process()

    async def add(self) -> Victim:
        """Start one more node, which serves nothing yet."""
        node = Victim(self.binary, OPTIONS)
        self.more.append(node)
        await asyncio.to_thread(node.start_process)
        await self._meet(node)
        for each in self.all:
            await each.until(f"cluster_known_nodes:{len(self.all)}", "CLUSTER", "INFO")
        return node

    async def hand_over(self, replica: Victim, primary: Victim) -> None:
        """Let a replica take over from its living primary, and wait until both know."""
        await self._take_over(replica)
        await primary.until_role(b"slave")
        await primary.until("master_link_status:up", "INFO", "replication")

    async def _take_over(self, replica: Victim) -> None:
        """Ask a replica to take over, and again where it gave up: it has to have met everybody for that."""
        while await replica.ask("CLUSTER", "FAILOVER"):
            with suppress(asyncio.TimeoutError):
                await asyncio.wait_for(replica.until_role(b"master"), HAND_OVER_SECONDS)
                return

    async def move(self, slots: Iterable[int], source: Victim, target: Victim) -> None:
        """Move slots with their keys while they are in use, as resharding tools do."""
        for slot in slots:
            await self.begin_move(slot, source, target)
            while keys := await source.ask("CLUSTER", "GETKEYSINSLOT", slot, 10):
                assert isinstance(keys, list)
                await source.ask(
                    "MIGRATE", target.host, target.port, "", 0, 5000, "KEYS", *map(_as_key, keys)
                )
            await self.end_move(slot, source, target)

    async def begin_move(self, slot: int, source: Victim, target: Victim) -> None:
        """Let the source refer to the target for keys of a slot that it has not."""
        await target.ask("CLUSTER", "SETSLOT", slot, "IMPORTING", await identity(source))
        await source.ask("CLUSTER", "SETSLOT", slot, "MIGRATING", await identity(target))

    async def end_move(self, slot: int, source: Victim, target: Victim) -> None:
        """Tell everybody whose the slot is now, the new owner first."""
        owner = await identity(target)
        for node in (target, source, *(each for each in self.primaries if each not in (target, source))):
            await node.ask("CLUSTER", "SETSLOT", slot, "NODE", owner)

    # ---- making a cluster of them

    async def _meet(self, node: Victim) -> None:
        await node.ask("CLUSTER", "MEET", self.primaries[0].host, self.primaries[0].port)

    async def _follow(self, replica: Victim, primary: Victim) -> None:
        """Make a replica of a node, as soon as it has heard of that."""
        primary_id = await identity(primary)
        await replica.until(primary_id, "CLUSTER", "NODES")
        await replica.ask("CLUSTER", "REPLICATE", primary_id)
        await replica.until("master_link_status:up", "INFO", "replication")

    async def _until_all_know(self, replicas: Sequence[Victim]) -> None:
        ports = {replica.port for replica in replicas}
        for node in self.all:
            while not await _knows(node, ports):  # noqa: ASYNC110  # other processes have no events
                await asyncio.sleep(0.05)


async def _knows(node: Victim, ports: set[int]) -> bool:
    """Tell whether a node says that these serve slots."""
    reply = await node.ask("CLUSTER", "SLOTS")
    assert isinstance(reply, list)
    told = {each[1] for described in reply if isinstance(described, list) for each in described[2:]}
    return ports <= told


def _as_key(key: object) -> bytes:
    assert isinstance(key, bytes)
    return key


async def identity(node: Victim) -> str:
    """Return what a node calls itself."""
    reply = await node.ask("CLUSTER", "MYID")
    assert isinstance(reply, bytes)
    return reply.decode()


@asynccontextmanager
async def running(binary: str) -> AsyncIterator[Nodes]:
    """Run a cluster for the length of the block."""
    async with AsyncExitStack() as stack:
        nodes = Nodes(binary)
        stack.callback(nodes.stop)
        await asyncio.wait_for(nodes.start(), START_SECONDS)
        yield nodes
