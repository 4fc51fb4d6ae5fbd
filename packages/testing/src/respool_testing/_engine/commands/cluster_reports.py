"""CLUSTER, its questions: who is where, who owns what, how is everybody.

https://redis.io/docs/latest/commands/?group=cluster
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from respool_testing.replies import Map, Reply, Verbatim

from ..arguments import integer
from ..call import Call
from ..cluster import KnownNode, Membership
from ..errors import CommandError
from ..failure import reporters
from ..registry import Family
from ..routing import preferred_endpoint
from ..slots import SLOTS, key_slot, spans_in
from .cluster_shared import membership_of, node_named

family = Family("cluster")

_ADMIN: Final = "admin stale"
_VARIES: Final = "nondeterministic_output"
BUS_OFFSET: Final = 10_000


@family.command("cluster|keyslot", arity=3, flags="stale", since="3.0.0")
def cluster_keyslot(call: Call) -> Reply:
    membership_of(call)
    return key_slot(call.args[0])


@family.command("cluster|myid", arity=2, flags="stale", since="3.0.0")
def cluster_myid(call: Call) -> Reply:
    return membership_of(call).me.id.encode()


@family.command("cluster|myshardid", arity=2, flags="stale", since="7.2.0", tips=_VARIES)
def cluster_myshardid(call: Call) -> Reply:
    return membership_of(call).me.shard.encode()


@family.command("cluster|info", arity=2, flags="stale", since="3.0.0", tips=_VARIES)
def cluster_info(call: Call) -> Reply:
    view = membership_of(call)
    owners = [owner for owner in view.owners if owner is not None]
    failed = sum(owner.failed for owner in owners)
    doubtful = sum(owner.suspected and not owner.failed for owner in owners)
    fields: dict[str, object] = {
        "cluster_state": "ok" if view.healthy else "fail",
        "cluster_slots_assigned": len(owners),
        "cluster_slots_ok": len(owners) - failed - doubtful,
        "cluster_slots_pfail": doubtful,
        "cluster_slots_fail": failed,
        "cluster_known_nodes": len(view.nodes),
        "cluster_size": len(view.voters()),
        "cluster_current_epoch": view.epoch,
        "cluster_my_epoch": view.leader.epoch,
        "cluster_stats_messages_sent": 0,
        "cluster_stats_messages_received": 0,
        "total_cluster_links_buffer_limit_exceeded": 0,
    }
    return Verbatim("".join(f"{name}:{value}\r\n" for name, value in fields.items()).encode())


@family.command("cluster|slots", arity=2, flags="stale", since="3.0.0", tips=_VARIES)
def cluster_slots(call: Call) -> Reply:
    view = membership_of(call)
    return [
        [first, last, *(_slot_node(view, node) for node in _serving(view, owner))]
        for first, last, owner in _owned_ranges(view)
    ]


@family.command("cluster|shards", arity=2, flags="stale", since="7.0.0", tips=_VARIES)
def cluster_shards(call: Call) -> Reply:
    view = membership_of(call)
    return [
        Map.of(
            slots=[bound for node in shard for span in _ranges(node) for bound in span],
            nodes=[_shard_node(call, view, node) for node in shard],
        )
        for shard in _shards(view)
    ]


@family.command("cluster|nodes", arity=2, flags="stale", since="3.0.0", tips=_VARIES)
def cluster_nodes(call: Call) -> Reply:
    view = membership_of(call)
    lines = [_node_line(call, view, node) for node in view.nodes.values()]
    return Verbatim("".join(f"{line}\n" for line in lines).encode())


@family.command("cluster|replicas", arity=3, flags=_ADMIN, since="5.0.0", tips=_VARIES)
def cluster_replicas(call: Call) -> Reply:
    return _replica_lines(call)


@family.command("cluster|slaves", arity=3, flags=_ADMIN, since="3.0.0", tips=_VARIES)
def cluster_slaves(call: Call) -> Reply:
    return _replica_lines(call)


@family.command("cluster|links", arity=2, flags="stale", since="7.0.0", tips=_VARIES)
def cluster_links(call: Call) -> Reply:
    heard = [node for node in membership_of(call).others() if node.silent_since is None]
    return [
        Map(
            [
                (b"direction", direction),
                (b"node", node.id.encode()),
                (b"create-time", call.server.started_at // 1000),
                (b"events", b"r"),
                (b"send-buffer-allocated", 0),
                (b"send-buffer-used", 0),
            ]
        )
        for node in heard
        for direction in (b"to", b"from")
    ]


@family.command("cluster|count-failure-reports", arity=3, flags=_ADMIN, since="3.0.0", tips=_VARIES)
def cluster_count_failure_reports(call: Call) -> Reply:
    view = membership_of(call)
    return len(reporters(view, node_named(view, call.args[0]), call.now_ms))


@family.command("cluster|countkeysinslot", arity=3, flags="stale", since="3.0.0")
def cluster_countkeysinslot(call: Call) -> Reply:
    return len(_keys_in(call, call.args[0]))


@family.command("cluster|getkeysinslot", arity=4, flags="stale", since="3.0.0", tips=_VARIES)
def cluster_getkeysinslot(call: Call) -> Reply:
    membership_of(call)
    slot, count = integer(call.args[0]), integer(call.args[1])
    if not 0 <= slot < SLOTS or count < 0:
        raise CommandError("ERR Invalid slot or number of keys")
    return _keys_in(call, call.args[0])[:count]


def _keys_in(call: Call, text: bytes) -> list[bytes]:
    membership_of(call)
    slot = integer(text)
    if not 0 <= slot < SLOTS:
        raise CommandError("ERR Invalid slot")
    # The newest first, as servers before 7.2 keep them; newer ones keep no order.
    return [key for key in call.db if key_slot(key) == slot][::-1]


def _owned_ranges(view: Membership) -> list[tuple[int, int, KnownNode]]:
    ranges = [(first, last, node) for node in view.voters() for first, last in _ranges(node)]
    return sorted(ranges, key=lambda each: each[0])


def _ranges(node: KnownNode) -> Iterator[tuple[int, int]]:
    return spans_in(node.slots)


def _serving(view: Membership, owner: KnownNode) -> list[KnownNode]:
    """Return who can be asked about a slot: its owner, dead or alive, and the replicas that live."""
    return [owner, *(replica for replica in view.replicas_of(owner) if not replica.failed)]


def _slot_node(view: Membership, node: KnownNode) -> Reply:
    endpoint = preferred_endpoint(view, node)
    more: list[tuple[Reply, Reply]] = []
    if view.endpoint_type != "ip":
        more.append((b"ip", node.place.ip.encode()))
    if view.endpoint_type != "hostname" and node.place.hostname:
        more.append((b"hostname", node.place.hostname.encode()))
    spelled = None if endpoint is None else endpoint.encode()
    return [spelled, node.place.client_port, node.id.encode(), Map(more)]


def _shards(view: Membership) -> list[list[KnownNode]]:
    """Return the nodes by shard, the primary first."""
    shards: dict[str, list[KnownNode]] = {}
    for node in [*view.primaries(), *(each for each in view.nodes.values() if each.primary is not None)]:
        shards.setdefault(node.shard, []).append(node)
    return list(shards.values())


def _shard_node(call: Call, view: Membership, node: KnownNode) -> Reply:
    endpoint = preferred_endpoint(view, node)
    fields: list[tuple[Reply, Reply]] = [
        (b"id", node.id.encode()),
        (b"port", node.place.client_port),
        (b"ip", node.place.ip.encode()),
        (b"endpoint", None if endpoint is None else endpoint.encode()),
    ]
    if node.place.hostname:
        fields.append((b"hostname", node.place.hostname.encode()))
    return Map(
        [
            *fields,
            (b"role", b"master" if node.primary is None else b"replica"),
            (b"replication-offset", call.server.replication.offset if node is view.me else node.offset),
            (b"health", b"fail" if node.failed else b"online"),
        ]
    )


def _node_line(call: Call, view: Membership, node: KnownNode) -> str:
    flags = [
        *(["myself"] if node is view.me else []),
        "master" if node.primary is None else "slave",
        *(["fail"] if node.failed else ["fail?"] if node.suspected else []),
    ]
    name = f",{node.place.hostname}" if node.place.hostname else ""
    silent = node.silent_since is not None
    heard_at = node.silent_since or call.now_ms
    words = [
        node.id,
        f"{node.place.ip}:{node.place.client_port}@{node.place.client_port + BUS_OFFSET}{name}",
        ",".join(flags),
        node.primary or "-",
        str(heard_at) if silent else "0",
        "0" if node is view.me else str(heard_at),
        str(node.epoch if node.primary is None else view.nodes.get(node.primary, node).epoch),
        "disconnected" if silent else "connected",
        *(f"{first}-{last}" if first != last else str(first) for first, last in _ranges(node)),
    ]
    return " ".join([*words, *_moves(view, node)])


def _moves(view: Membership, node: KnownNode) -> list[str]:
    """Say which slots move; every node tells only of its own."""
    if node is not view.me:
        return []
    leaving = [f"[{slot}->-{target}]" for slot, target in sorted(view.migrating.items())]
    return leaving + [f"[{slot}-<-{source}]" for slot, source in sorted(view.importing.items())]


def _replica_lines(call: Call) -> Reply:
    view = membership_of(call)
    node = node_named(view, call.args[0])
    if node.primary is not None:
        raise CommandError("ERR The specified node is not a master")
    return [_node_line(call, view, each).encode() for each in view.replicas_of(node)]
