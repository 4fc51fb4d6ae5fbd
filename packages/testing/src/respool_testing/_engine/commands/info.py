"""INFO and ROLE: what a server says of itself to clients that decide by it.

https://redis.io/docs/latest/commands/info/ and https://redis.io/docs/latest/commands/role/
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

from respool_testing.replies import Reply, Verbatim

from ..call import Call
from ..registry import Family
from ..replication import ReplicaRecord
from ..state import ServerState

family = Family("server")

Section: TypeAlias = Callable[[ServerState], Mapping[str, object]]

_ALL: Final = frozenset({b"all", b"everything", b"default"})


@family.command(
    "info",
    arity=-1,
    flags="loading stale",
    tips="nondeterministic_output request_policy:all_shards response_policy:special",
    categories="dangerous",
)
def info(call: Call) -> Reply:
    wanted = {word.lower() for word in call.args} or _ALL
    sections = [
        _section(title, fields(call.server))
        for title, fields in (SECTIONS if call.server.sentinel is None else SENTINEL_SECTIONS).items()
        if wanted & _ALL or title.lower().encode() in wanted
    ]
    return Verbatim("\r\n".join(sections).encode())


@family.command(
    "role", arity=1, flags="noscript loading stale fast", since="2.8.12", categories="admin dangerous"
)
def role(call: Call) -> Reply:
    replication, sentinel = call.server.replication, call.server.sentinel
    if sentinel is not None:
        return [b"sentinel", [name.encode() for name in sentinel.services]]
    if replication.primary is None:
        replicas = [_replica_role(each) for each in replication.replicas]
        return [b"master", replication.offset, replicas]
    host, port = replication.primary
    state = b"connected" if replication.link_up else b"connect"
    return [b"slave", host.encode(), port, state, replication.offset if replication.link_up else -1]


def _replica_role(replica: ReplicaRecord) -> Reply:
    host, port = replica.address
    return [host.encode(), b"%d" % port, b"%d" % replica.offset]


def _section(title: str, fields: Mapping[str, object]) -> str:
    return f"# {title}\r\n" + "".join(f"{name}:{value}\r\n" for name, value in fields.items())


def _server(server: ServerState) -> Mapping[str, object]:
    uptime = max(server.now - server.started_at, 0) // 1_000_000
    return {
        "redis_version": server.settings.version,
        "redis_mode": server.settings.mode,
        "os": "respool-testing",
        "arch_bits": 64,
        "process_id": 1,
        "run_id": server.run_id,
        "tcp_port": server.port,
        "server_time_usec": server.now,
        "uptime_in_seconds": uptime,
        "uptime_in_days": uptime // 86_400,
    }


def _clients(server: ServerState) -> Mapping[str, object]:
    return {
        "connected_clients": len(server.sessions),
        "cluster_connections": 0,
        "maxclients": server.max_clients,
        "blocked_clients": len(server.blocked),
        "tracking_clients": sum(session.tracking is not None for session in server.sessions.values()),
    }


def _memory(server: ServerState) -> Mapping[str, object]:
    return {
        "used_memory": 0,
        "used_memory_human": "0B",
        "maxmemory": server.options.get("maxmemory", "0"),
        "maxmemory_policy": server.options.get("maxmemory-policy", "noeviction"),
    }


def _persistence(server: ServerState) -> Mapping[str, object]:
    return {"loading": 0, "async_loading": 0, "rdb_bgsave_in_progress": 0, "aof_enabled": 0}


def _stats(server: ServerState) -> Mapping[str, object]:
    return {
        "total_connections_received": server.connections_received,
        "total_commands_processed": server.commands_processed,
        "expired_keys": server.expired_keys,
        "evicted_keys": 0,
    }


def _replication(server: ServerState) -> Mapping[str, object]:
    replication = server.replication
    fields: dict[str, object] = {"role": "master" if replication.primary is None else "slave"}
    if replication.primary is not None:
        host, port = replication.primary
        fields |= {
            "master_host": host,
            "master_port": port,
            "master_link_status": "up" if replication.link_up else "down",
            "master_last_io_seconds_ago": 0 if replication.link_up else -1,
            "master_sync_in_progress": 0,
            "slave_read_repl_offset": replication.offset,
            "slave_repl_offset": replication.offset,
            "slave_priority": 100,
            "slave_read_only": 1,
            "replica_announced": 1,
        }
    fields["connected_slaves"] = len(replication.replicas)
    for number, replica in enumerate(replication.replicas):
        host, port = replica.address
        fields[f"slave{number}"] = f"ip={host},port={port},state=online,offset={replica.offset},lag=0"
    return {
        **fields,
        "master_failover_state": "no-failover",
        "master_replid": replication.id,
        "master_repl_offset": replication.offset,
    }


def _sentinel(server: ServerState) -> Mapping[str, object]:
    services = {} if server.sentinel is None else server.sentinel.services
    fields: dict[str, object] = {"sentinel_masters": len(services), "sentinel_tilt": 0}
    for number, watched in enumerate(services.values()):
        fields[f"master{number}"] = (
            f"name={watched.name},status={watched.status},address={watched.primary.name},"
            f"slaves={len(watched.replicas)},sentinels={len(watched.sentinels) + 1}"
        )
    return fields


def _cluster(server: ServerState) -> Mapping[str, object]:
    return {"cluster_enabled": int(server.settings.mode == "cluster")}


def _keyspace(server: ServerState) -> Mapping[str, object]:
    return {
        f"db{database.index}": f"keys={len(database)},expires={database.expiring()},avg_ttl=0"
        for database in server.keyspace.databases
        if len(database)
    }


SECTIONS: Final[dict[str, Section]] = {
    "Server": _server,
    "Clients": _clients,
    "Memory": _memory,
    "Persistence": _persistence,
    "Stats": _stats,
    "Replication": _replication,
    "Cluster": _cluster,
    "Keyspace": _keyspace,
}
SENTINEL_SECTIONS: Final[dict[str, Section]] = {
    "Server": _server,
    "Clients": _clients,
    "Stats": _stats,
    "Sentinel": _sentinel,
}
