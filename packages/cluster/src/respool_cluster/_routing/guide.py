"""What coroutines ask about the cluster: what leases connections, transactions, commands to many nodes."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence

from respool import ConnectionPool
from respool.errors import MovedError, RedisClusterError
from respool.lowlevel import Request, ValueT
from respool_cluster._map.node import Node
from respool_cluster._map.slot import slot_of
from respool_cluster._map.topology import Topology
from respool_cluster._routing.foreign import Foreign
from respool_cluster._routing.router import Router, closed, unserved


class Guide:
    """Answers as soon as the cluster is known. Sends nothing but questions: for that, and about unknown commands."""

    def __init__(self, router: Router, foreign: Foreign, encoding: str) -> None:
        self._router = router
        self._foreign = foreign
        self._encoding = encoding

    @property
    def topology(self) -> Topology | None:
        """What the cluster looks like, as far as we know; None before it was asked."""
        return self._router.nodes.topology

    @property
    def patience(self) -> float:
        """Seconds that something may take by default."""
        return self._router.patience

    def want(self) -> None:
        """Have the cluster looked at, some time soon."""
        if not self._router.is_closed:
            self._router.scout.want()

    async def known(self) -> Topology:
        """Return what the cluster looks like, asking it if need be. Raises `RedisClusterError` where no node tells."""
        return self.topology or await self.look()

    async def look(self) -> Topology:
        """Wait until the cluster was looked at again."""
        if self._router.is_closed:
            raise closed()
        return await self._router.scout.wait()

    async def find(self, request: Request[object]) -> Node:
        """Return the primary of a command's keys, any if it has none."""
        return await self.primary_of(slot_of(request.args, self._encoding))

    async def primary_of(self, slot: int | None) -> Node:
        """Return the primary of a slot, any if that is None. Raises `RedisClusterError` where nobody serves it."""
        topology = await self.known()
        shard = random.choice(topology.shards) if slot is None else topology.slots[slot]
        if shard is None:
            raise unserved(slot)
        return shard.primary

    async def slot_of_all(self, commands: Iterable[tuple[ValueT, ...]]) -> int | None:
        """Return the slot that commands have in common. Raises `RedisClusterError` where they have none."""
        slots: set[int | None] = set()
        for args in commands:
            slot = slot_of(args, self._encoding)
            slots.add(await self._foreign.slot_of(args) if slot is None else slot)
        slots.discard(None)
        if len(slots) > 1:
            told = ", ".join(map(str, sorted(slot for slot in slots if slot is not None)))
            raise RedisClusterError(
                f"a transaction is executed by one node, and these keys lie in slots {told}: give them one {{hash tag}}"
            )
        return next(iter(slots), None)

    async def slots_of_foreign(
        self, requests: Sequence[Request[object]]
    ) -> dict[Request[object], int | None]:
        """Return the slots of those that nobody here knows; see `Foreign.slots_of`."""
        return await self._foreign.slots_of(requests)

    def pool_of(self, node: Node) -> ConnectionPool:
        """Return the connections to a node. Raises `ConnectionError` for a client that was closed."""
        if self._router.is_closed:
            raise closed()
        return self._router.fleet.pool_of(node)

    def learn(self, error: MovedError, asked: Node) -> Node:
        """Take note of what moved, and return where to."""
        return self._router.learn(error, asked)

    def deadline(self) -> float:
        """Return until when what begins now may take by default."""
        return self._router.deadline()
