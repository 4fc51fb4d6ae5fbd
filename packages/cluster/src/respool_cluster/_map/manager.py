"""What is known of a cluster's nodes and slots, and finding it out: one look at a time, whoever wants it."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING

from respool.errors import RedisError
from respool.lowlevel import fresh
from respool_cluster._map.coverage import check_coverage
from respool_cluster._map.discovery import discover, stagger, waves
from respool_cluster._map.rounds import Rounds
from respool_cluster._map.topology import Topology

if TYPE_CHECKING:
    from respool import ConnectionPool
    from respool_cluster._map.node import ManagedNode, Node


class NodeManager:
    """Knows who serves which slot. Startup nodes are never forgotten.

    With `follows`, nodes seen last are asked first. `on_change` is told of every new map.
    """

    def __init__(
        self,
        startup_nodes: Sequence[Node],
        pool_of: Callable[[Node], ConnectionPool],
        *,
        follows: bool = True,
        checks_coverage: bool = True,
        on_change: Callable[[Topology], None] = lambda topology: None,
    ) -> None:
        self.startup_nodes = tuple(startup_nodes)
        self.topology: Topology | None = None
        self._pool_of = pool_of
        self._follows = follows
        self._checks_coverage = checks_coverage
        self._on_change = on_change
        self._looking: asyncio.Task[Topology] | None = None
        self._rounds = Rounds(self.look)

    @property
    def nodes(self) -> Mapping[str, ManagedNode]:
        """Every node by its name, `host:port`; empty before the cluster was asked."""
        return {} if self.topology is None else self.topology.by_name

    @property
    def slots(self) -> Mapping[int, Sequence[ManagedNode]]:
        """The nodes of each slot, the primary first; a slot that nobody serves is not there."""
        return {} if self.topology is None else self.topology.by_slot

    async def known(self) -> Topology:
        """Return what is known, asking the cluster if nothing is."""
        return self.topology or await self.initialize()

    async def initialize(self) -> Topology:
        """Ask the cluster anew. Raises `RedisClusterError` where no node tells, or slots are not served.

        Cancelled, it stops waiting; what was asked is learnt all the same.
        """
        try:
            return await asyncio.shield(self.look())
        except RedisError as exc:
            raise fresh(exc, maybe_executed=False) from exc.__cause__  # others wait for the same look

    def look(self) -> asyncio.Task[Topology]:
        """Return the look that is under way, or begin one."""
        loop, looking = asyncio.get_running_loop(), self._looking
        if looking is None or looking.done() or looking.get_loop() is not loop:
            self._looking = looking = loop.create_task(self._look_in_a_while())
            looking.add_done_callback(_see)
        return looking

    async def ask_others(self, suspects: Collection[Node]) -> Topology:
        """Ask the cluster anew, but not these nodes."""
        return await self._look(tuple(suspects))

    def moved(self, slot: int, node: Node) -> None:
        """Take note that `node` serves `slot`."""
        if self.topology is not None:
            self._learn(self.topology.moved(slot, node))

    def forget(self) -> None:
        """Know nothing any more but the startup nodes."""
        self.stop()
        self.topology = None

    def stop(self) -> None:
        """Give up the look that is under way, and begin none unasked."""
        self._rounds.end()
        looking, self._looking = self._looking, None
        if looking is not None and not looking.get_loop().is_closed():
            looking.cancel()

    async def _look_in_a_while(self) -> Topology:
        await asyncio.sleep(random.uniform(0, stagger(self.topology)))
        return await self._look()

    async def _look(self, suspects: Collection[Node] = ()) -> Topology:
        plan = waves(self.topology if self._follows else None, self.startup_nodes, suspects)
        topology = await discover(plan, self._pool_of, lambda: self.topology)
        if self._checks_coverage:
            await check_coverage(topology, self._pool_of)
        self._learn(topology)
        return topology

    def _learn(self, topology: Topology) -> None:
        self.topology = topology
        self._rounds.begin()
        self._on_change(topology)


def _see(looking: asyncio.Task[Topology]) -> None:
    """Look at the outcome: whoever waited may have left."""
    if not looking.cancelled():
        looking.exception()
