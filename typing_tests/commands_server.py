"""What a type checker knows of the commands on a server and on clusters."""

from __future__ import annotations

from datetime import datetime

from typing_extensions import assert_type

from respool import Redis
from respool.replies import (
    AclLogEntry,
    AclUser,
    ClusterNode,
    CommandHistogram,
    CommandInfo,
    LoggedCommand,
    PrimaryRole,
    ReplicaRole,
    SentinelRole,
    Shard,
    SlotRange,
    TrackingInfo,
)


async def of_bytes(redis: Redis[bytes]) -> None:
    assert_type(await redis.ping(), bytes)
    assert_type(await redis.echo("a"), bytes)
    assert_type(await redis.info(), dict[str, str])
    assert_type(await redis.config_get("max*"), dict[str, str])
    assert_type(await redis.time(), tuple[int, int])
    assert_type(await redis.lastsave(), datetime)
    assert_type(await redis.role(), PrimaryRole | ReplicaRole | SentinelRole)
    assert_type(await redis.client_list(), list[dict[str, str]])
    assert_type(await redis.client_list(type="normal", idle=5), list[dict[str, str]])
    assert_type(await redis.cluster_migration_import((0, 9)), str)
    assert_type(await redis.cluster_migration_status(), list[dict[str, str]])
    assert_type(await redis.client_trackinginfo(), TrackingInfo[bytes])
    assert_type(await redis.acl_getuser("a"), AclUser | None)
    assert_type(await redis.acl_log(), list[AclLogEntry])
    assert_type(await redis.memory_usage("k"), int | None)
    assert_type(await redis.memory_stats(), dict[str, float])
    assert_type(await redis.slowlog_get(), list[LoggedCommand[bytes]])
    assert_type(await redis.latency_histogram(), dict[str, CommandHistogram])
    assert_type(await redis.command_info("get"), list[CommandInfo | None])
    assert_type(await redis.command_getkeysandflags("GET", "k"), list[tuple[bytes, set[str]]])
    assert_type(await redis.cluster_nodes(), list[ClusterNode])
    assert_type(await redis.cluster_slots(), list[SlotRange])
    assert_type(await redis.cluster_shards(), list[Shard])
    assert_type(await redis.cluster_getkeysinslot(1, 10), list[bytes])
    assert_type(await redis.cluster_setslot(1, "STABLE"), bool)


async def of_text(redis: Redis[str]) -> None:
    assert_type(await redis.ping(), str)
    assert_type(await redis.echo("a"), str)
    assert_type(await redis.info(), dict[str, str])
    assert_type(await redis.config_get("max*"), dict[str, str])
    assert_type(await redis.time(), tuple[int, int])
    assert_type(await redis.lastsave(), datetime)
    assert_type(await redis.role(), PrimaryRole | ReplicaRole | SentinelRole)
    assert_type(await redis.client_list(), list[dict[str, str]])
    assert_type(await redis.client_trackinginfo(), TrackingInfo[str])
    assert_type(await redis.acl_getuser("a"), AclUser | None)
    assert_type(await redis.acl_log(), list[AclLogEntry])
    assert_type(await redis.memory_usage("k"), int | None)
    assert_type(await redis.memory_stats(), dict[str, float])
    assert_type(await redis.slowlog_get(), list[LoggedCommand[str]])
    assert_type(await redis.latency_histogram(), dict[str, CommandHistogram])
    assert_type(await redis.command_info("get"), list[CommandInfo | None])
    assert_type(await redis.command_getkeysandflags("GET", "k"), list[tuple[str, set[str]]])
    assert_type(await redis.cluster_nodes(), list[ClusterNode])
    assert_type(await redis.cluster_slots(), list[SlotRange])
    assert_type(await redis.cluster_shards(), list[Shard])
    assert_type(await redis.cluster_getkeysinslot(1, 10), list[str])
    assert_type(await redis.cluster_setslot(1, "STABLE"), bool)
