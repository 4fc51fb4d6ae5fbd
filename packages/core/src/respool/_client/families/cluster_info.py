"""Commands that ask one node of a cluster what it knows of it. A cluster's client asks them by itself."""

from __future__ import annotations

from asyncio import Future
from typing import Generic, Literal, TypeVar

from respool._client.families.arguments import option, optional
from respool._client.families.family import Family
from respool._client.replies.basic import lines_of_fields, text
from respool._client.replies.cluster import (
    ClusterLink,
    ClusterNode,
    Shard,
    SlotRange,
    links,
    migrations,
    node_lines,
    nodes,
    shards,
    slot_ranges,
    slot_stats,
)
from respool._wire.values import KeyT

T = TypeVar("T")


class ClusterInfoCommands(Family[T], Generic[T]):
    """Commands that ask a node of a cluster."""

    def cluster_count_failure_reports(self, node_id: str) -> Future[int]:
        """Return how many nodes say that one failed.

        https://redis.io/docs/latest/commands/cluster-count-failure-reports/
        """
        return self._run((b"CLUSTER", b"COUNT-FAILURE-REPORTS", node_id))

    def cluster_countkeysinslot(self, slot: int) -> Future[int]:
        """Return how many keys of a slot the node holds. https://redis.io/docs/latest/commands/cluster-countkeysinslot/"""
        return self._run((b"CLUSTER", b"COUNTKEYSINSLOT", slot))

    def cluster_getkeysinslot(self, slot: int, count: int) -> Future[list[T]]:
        """Return some keys of a slot. https://redis.io/docs/latest/commands/cluster-getkeysinslot/"""
        return self._run((b"CLUSTER", b"GETKEYSINSLOT", slot, count))

    def cluster_getslotmigrations(self) -> Future[list[dict[str, str]]]:
        """Return the migrations of slots that the node has to do with, as it tells them. Valkey 9.

        https://valkey.io/commands/cluster-getslotmigrations/
        """
        return self._run((b"CLUSTER", b"GETSLOTMIGRATIONS"), migrations)

    def cluster_info(self) -> Future[dict[str, str]]:
        """Return the state of the cluster, by field. https://redis.io/docs/latest/commands/cluster-info/"""
        return self._run((b"CLUSTER", b"INFO"), lines_of_fields)

    def cluster_keyslot(self, key: KeyT) -> Future[int]:
        """Return the slot of a key. https://redis.io/docs/latest/commands/cluster-keyslot/"""
        return self._run((b"CLUSTER", b"KEYSLOT", key))

    def cluster_links(self) -> Future[list[ClusterLink]]:
        """Return the links of the node to others. https://redis.io/docs/latest/commands/cluster-links/"""
        return self._run((b"CLUSTER", b"LINKS"), links)

    def cluster_migration_status(self, task_id: str | None = None) -> Future[list[dict[str, str]]]:
        """Return the migrations of slots that the node has to do with, or this one, as it tells them. Redis 8.4.

        https://redis.io/docs/latest/commands/cluster-migration/
        """
        which = (b"ALL",) if task_id is None else (b"ID", task_id)
        return self._run((b"CLUSTER", b"MIGRATION", b"STATUS", *which), migrations)

    def cluster_myid(self) -> Future[str]:
        """Return the id of the node. https://redis.io/docs/latest/commands/cluster-myid/"""
        return self._run((b"CLUSTER", b"MYID"), text)

    def cluster_myshardid(self) -> Future[str]:
        """Return the id of the node's shard. Redis 7.2. https://redis.io/docs/latest/commands/cluster-myshardid/"""
        return self._run((b"CLUSTER", b"MYSHARDID"), text)

    def cluster_nodes(self) -> Future[list[ClusterNode]]:
        """Return the nodes of the cluster. https://redis.io/docs/latest/commands/cluster-nodes/"""
        return self._run((b"CLUSTER", b"NODES"), nodes)

    def cluster_replicas(self, node_id: str) -> Future[list[ClusterNode]]:
        """Return the replicas of a node. https://redis.io/docs/latest/commands/cluster-replicas/"""
        return self._run((b"CLUSTER", b"REPLICAS", node_id), node_lines)

    def cluster_shards(self) -> Future[list[Shard]]:
        """Return the shards of the cluster with their nodes. https://redis.io/docs/latest/commands/cluster-shards/"""
        return self._run((b"CLUSTER", b"SHARDS"), shards)

    def cluster_slot_stats(
        self,
        *,
        slotsrange: tuple[int, int] | None = None,
        orderby: str | None = None,
        limit: int | None = None,
        order: Literal["ASC", "DESC"] | None = None,
    ) -> Future[dict[int, dict[str, int]]]:
        """Return figures of slots: of a range, or those that lead by one figure. Redis 8.2, Valkey 8.

        https://redis.io/docs/latest/commands/cluster-slot-stats/
        """
        why = None
        if (slotsrange is None) == (orderby is None):
            why = "figures are of a range of slots, or of those that lead: give either slotsrange or orderby"
        span = () if slotsrange is None else (b"SLOTSRANGE", *slotsrange)
        ordered = (*option(b"ORDERBY", orderby), *option(b"LIMIT", limit), *optional(order))
        return self._run_unless(why, (b"CLUSTER", b"SLOT-STATS", *span, *ordered), slot_stats)

    def cluster_slots(self) -> Future[list[SlotRange]]:
        """Return which nodes serve which slots. https://redis.io/docs/latest/commands/cluster-slots/"""
        return self._run((b"CLUSTER", b"SLOTS"), slot_ranges)
