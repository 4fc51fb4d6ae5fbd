"""Commands that change a cluster, each by one of its nodes."""

from __future__ import annotations

from asyncio import Future
from collections.abc import Iterable, Mapping
from typing import Generic, Literal, TypeVar, overload

from respool._client.families.arguments import Words, optional
from respool._client.families.family import Family
from respool._client.replies.basic import succeeded, text

T = TypeVar("T")


class ClusterAdminCommands(Family[T], Generic[T]):
    """Commands that change a cluster."""

    def cluster_addslots(self, *slots: int) -> Future[bool]:
        """Let the node serve slots. https://redis.io/docs/latest/commands/cluster-addslots/"""
        return self._run((b"CLUSTER", b"ADDSLOTS", *slots), succeeded)

    def cluster_addslotsrange(self, *ranges: tuple[int, int]) -> Future[bool]:
        """Let the node serve ranges of slots, both ends included.

        https://redis.io/docs/latest/commands/cluster-addslotsrange/
        """
        return self._run((b"CLUSTER", b"ADDSLOTSRANGE", *_ends(ranges)), succeeded)

    def cluster_bumpepoch(self) -> Future[str]:
        """Raise the epoch of the node. https://redis.io/docs/latest/commands/cluster-bumpepoch/"""
        return self._run((b"CLUSTER", b"BUMPEPOCH"), text)

    def cluster_cancelslotmigrations(self) -> Future[bool]:
        """Stop the migrations that this node began. Valkey 9. https://valkey.io/commands/cluster-cancelslotmigrations/"""
        return self._run((b"CLUSTER", b"CANCELSLOTMIGRATIONS"), succeeded)

    def cluster_delslots(self, *slots: int) -> Future[bool]:
        """Let the node forget who serves slots. https://redis.io/docs/latest/commands/cluster-delslots/"""
        return self._run((b"CLUSTER", b"DELSLOTS", *slots), succeeded)

    def cluster_delslotsrange(self, *ranges: tuple[int, int]) -> Future[bool]:
        """Let the node forget who serves ranges of slots.

        https://redis.io/docs/latest/commands/cluster-delslotsrange/
        """
        return self._run((b"CLUSTER", b"DELSLOTSRANGE", *_ends(ranges)), succeeded)

    def cluster_failover(self, option: Literal["FORCE", "TAKEOVER"] | None = None) -> Future[bool]:
        """Let this replica take over. https://redis.io/docs/latest/commands/cluster-failover/"""
        return self._run((b"CLUSTER", b"FAILOVER", *optional(option)), succeeded)

    def cluster_flushslot(self, slot: int, mode: Literal["SYNC", "ASYNC"] = "SYNC") -> Future[bool]:
        """Delete the keys of a slot. Valkey 9. https://valkey.io/commands/cluster-flushslot/"""
        return self._run((b"CLUSTER", b"FLUSHSLOT", slot, mode), succeeded)

    def cluster_flushslots(self) -> Future[bool]:
        """Let the node forget who serves its slots. https://redis.io/docs/latest/commands/cluster-flushslots/"""
        return self._run((b"CLUSTER", b"FLUSHSLOTS"), succeeded)

    def cluster_forget(self, node_id: str) -> Future[bool]:
        """Let the node forget another one. https://redis.io/docs/latest/commands/cluster-forget/"""
        return self._run((b"CLUSTER", b"FORGET", node_id), succeeded)

    def cluster_meet(self, host: str, port: int, bus_port: int | None = None) -> Future[bool]:
        """Let the node get to know another one. https://redis.io/docs/latest/commands/cluster-meet/"""
        return self._run((b"CLUSTER", b"MEET", host, port, *optional(bus_port)), succeeded)

    def cluster_migrateslots(self, plan: Mapping[str, Iterable[tuple[int, int]]]) -> Future[bool]:
        """Begin to hand slots of this node to others: ranges, both ends included, by id of a node. Valkey 9.

        https://valkey.io/commands/cluster-migrateslots/
        """
        jobs: Words = ()
        for node, ranges in plan.items():
            jobs += (b"SLOTSRANGE", *_ends(ranges), b"NODE", node)
        return self._run((b"CLUSTER", b"MIGRATESLOTS", *jobs), succeeded)

    def cluster_migration_cancel(self, task_id: str | None = None) -> Future[int]:
        """Cancel a migration, or all that this node knows; return how many. Redis 8.4.

        https://redis.io/docs/latest/commands/cluster-migration/
        """
        return self._run((b"CLUSTER", b"MIGRATION", b"CANCEL", *_task(task_id)))

    def cluster_migration_import(self, *ranges: tuple[int, int]) -> Future[str]:
        """Begin to take over ranges of slots, both ends included; return the id of the task. Redis 8.4.

        https://redis.io/docs/latest/commands/cluster-migration/
        """
        return self._run((b"CLUSTER", b"MIGRATION", b"IMPORT", *_ends(ranges)), text)

    def cluster_replicate(self, node_id: str) -> Future[bool]:
        """Make the node a replica of another one. https://redis.io/docs/latest/commands/cluster-replicate/"""
        return self._run((b"CLUSTER", b"REPLICATE", node_id), succeeded)

    def cluster_reset(self, mode: Literal["SOFT", "HARD"] = "SOFT") -> Future[bool]:
        """Let the node forget the cluster. https://redis.io/docs/latest/commands/cluster-reset/"""
        return self._run((b"CLUSTER", b"RESET", mode), succeeded)

    def cluster_saveconfig(self) -> Future[bool]:
        """Write what the node knows to its file. https://redis.io/docs/latest/commands/cluster-saveconfig/"""
        return self._run((b"CLUSTER", b"SAVECONFIG"), succeeded)

    def cluster_set_config_epoch(self, epoch: int) -> Future[bool]:
        """Set the epoch of a fresh node. https://redis.io/docs/latest/commands/cluster-set-config-epoch/"""
        return self._run((b"CLUSTER", b"SET-CONFIG-EPOCH", epoch), succeeded)

    @overload
    def cluster_setslot(self, slot: int, state: Literal["STABLE"]) -> Future[bool]: ...

    @overload
    def cluster_setslot(
        self, slot: int, state: Literal["IMPORTING", "MIGRATING", "NODE"], node_id: str
    ) -> Future[bool]: ...

    def cluster_setslot(self, slot: int, state: str, node_id: str | None = None) -> Future[bool]:
        """Say what becomes of a slot: moves from or to a node, is served by one, or stays.

        https://redis.io/docs/latest/commands/cluster-setslot/
        """
        return self._run((b"CLUSTER", b"SETSLOT", slot, state, *optional(node_id)), succeeded)


def _ends(ranges: Iterable[tuple[int, int]]) -> tuple[int, ...]:
    return tuple(end for each in ranges for end in each)


def _task(task_id: str | None) -> Words:
    return (b"ALL",) if task_id is None else (b"ID", task_id)
