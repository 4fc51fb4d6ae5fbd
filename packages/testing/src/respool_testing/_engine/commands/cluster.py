"""CLUSTER and what a client says to steer its redirections.

https://redis.io/docs/latest/commands/?group=cluster
"""

from __future__ import annotations

from typing import Final

from respool_testing.replies import OK, Map, Reply, Verbatim

from ..arguments import integer
from ..call import Call
from ..cluster import SLOTS, ClusterNode, Membership, Topology, key_slot, slot_ranges
from ..errors import CommandError
from ..registry import Family

family = Family("cluster")

_ADMIN: Final = "admin stale"
_VARIES: Final = "nondeterministic_output"


@family.command("asking", arity=1, flags="fast", since="3.0.0", categories="connection")
def asking(call: Call) -> Reply:
    _membership(call)
    call.session.asking = True
    return OK


@family.command("readonly", arity=1, flags="loading stale fast", since="3.0.0", categories="connection")
def readonly(call: Call) -> Reply:
    _membership(call)
    call.session.replica_reads = True
    return OK


@family.command("readwrite", arity=1, flags="loading stale fast", since="3.0.0", categories="connection")
def readwrite(call: Call) -> Reply:
    _membership(call)
    call.session.replica_reads = False
    return OK


family.container("cluster", since="3.0.0")


@family.command("cluster|keyslot", arity=3, flags="stale", since="3.0.0")
def cluster_keyslot(call: Call) -> Reply:
    _membership(call)
    return key_slot(call.args[0])


@family.command("cluster|myid", arity=2, flags="stale", since="3.0.0")
def cluster_myid(call: Call) -> Reply:
    return _membership(call).me.id.encode()


@family.command("cluster|info", arity=2, flags="stale", since="3.0.0", tips=_VARIES)
def cluster_info(call: Call) -> Reply:
    membership = _membership(call)
    topology = membership.topology
    served = [owner for owner in topology.owners if owner is not None]
    failed = sum(owner.failed for owner in served)
    fields: dict[str, object] = {
        "cluster_state": "fail" if topology.is_down() else "ok",
        "cluster_slots_assigned": len(served),
        "cluster_slots_ok": len(served) - failed,
        "cluster_slots_pfail": 0,
        "cluster_slots_fail": failed,
        "cluster_known_nodes": len(topology.nodes),
        "cluster_size": len(set(map(id, served))),
        "cluster_current_epoch": topology.epoch,
        "cluster_my_epoch": (membership.me.primary or membership.me).epoch,
    }
    return Verbatim("".join(f"{name}:{value}\r\n" for name, value in fields.items()).encode())


@family.command("cluster|slots", arity=2, flags="stale", since="3.0.0", tips=_VARIES)
def cluster_slots(call: Call) -> Reply:
    topology = _membership(call).topology
    return [
        [first, last, *(_slot_node(node) for node in _serving(topology, owner))]
        for first, last, owner in _owned_ranges(topology)
    ]


@family.command("cluster|shards", arity=2, flags="stale", since="7.0.0", tips=_VARIES)
def cluster_shards(call: Call) -> Reply:
    topology = _membership(call).topology
    return [
        Map.of(
            slots=[bound for span in slot_ranges(topology.slots_of(primary)) for bound in span],
            nodes=[_shard_node(node) for node in [primary, *topology.replicas_of(primary)]],
        )
        for primary in topology.primaries()
    ]


@family.command("cluster|nodes", arity=2, flags="stale", since="3.0.0", tips=_VARIES)
def cluster_nodes(call: Call) -> Reply:
    membership = _membership(call)
    lines = [_node_line(membership, node) for node in membership.topology.nodes]
    return Verbatim("".join(f"{line}\n" for line in lines).encode())


@family.command("cluster|replicas", arity=3, flags=_ADMIN, since="5.0.0", tips=_VARIES)
def cluster_replicas(call: Call) -> Reply:
    return _replica_lines(call)


@family.command("cluster|slaves", arity=3, flags=_ADMIN, since="3.0.0", tips=_VARIES)
def cluster_slaves(call: Call) -> Reply:
    return _replica_lines(call)


@family.command("cluster|countkeysinslot", arity=3, flags="stale", since="3.0.0")
def cluster_countkeysinslot(call: Call) -> Reply:
    return len(_keys_in(call, call.args[0]))


@family.command("cluster|getkeysinslot", arity=4, flags="stale", since="3.0.0", tips=_VARIES)
def cluster_getkeysinslot(call: Call) -> Reply:
    count = integer(call.args[1])
    if count < 0:
        raise CommandError("ERR Invalid number of keys")
    return _keys_in(call, call.args[0])[:count]


def _membership(call: Call) -> Membership:
    if call.server.cluster is None:
        raise CommandError("ERR This instance has cluster support disabled")
    return call.server.cluster


def _keys_in(call: Call, text: bytes) -> list[bytes]:
    _membership(call)
    slot = integer(text)
    if not 0 <= slot < SLOTS:
        raise CommandError("ERR Invalid slot")
    return [key for key in call.db if key_slot(key) == slot]


def _owned_ranges(topology: Topology) -> list[tuple[int, int, ClusterNode]]:
    ranges = [
        (first, last, node)
        for node in topology.primaries()
        for first, last in slot_ranges(topology.slots_of(node))
    ]
    return sorted(ranges, key=lambda each: each[0])


def _serving(topology: Topology, owner: ClusterNode) -> list[ClusterNode]:
    """Return who can be asked about a slot: its owner, dead or alive, and the replicas that live."""
    return [owner, *(replica for replica in topology.replicas_of(owner) if not replica.failed)]


def _slot_node(node: ClusterNode) -> Reply:
    return [node.host.encode(), node.port, node.id.encode(), Map([])]


def _shard_node(node: ClusterNode) -> Reply:
    return Map(
        [
            (b"id", node.id.encode()),
            (b"port", node.port),
            (b"ip", node.host.encode()),
            (b"endpoint", node.host.encode()),
            (b"role", b"master" if node.primary is None else b"replica"),
            (b"replication-offset", 0),
            (b"health", b"fail" if node.failed else b"online"),
        ]
    )


def _node_line(membership: Membership, node: ClusterNode) -> str:
    flags = [
        *(["myself"] if node is membership.me else []),
        "master" if node.primary is None else "slave",
        *(["fail"] if node.failed else []),
    ]
    words = [
        node.id,
        f"{node.address}@{node.port + 10_000}",
        ",".join(flags),
        "-" if node.primary is None else node.primary.id,
        "0",
        "0",
        str((node.primary or node).epoch),
        "disconnected" if node.failed else "connected",
        *(f"{first}-{last}" if first != last else str(first) for first, last in _ranges(membership, node)),
    ]
    return " ".join([*words, *_moves(membership, node)])


def _ranges(membership: Membership, node: ClusterNode) -> list[tuple[int, int]]:
    return list(slot_ranges(membership.topology.slots_of(node)))


def _moves(membership: Membership, node: ClusterNode) -> list[str]:
    """Say which slots move; every node tells only of its own."""
    if node is not membership.me:
        return []
    moves: list[str] = []
    for slot, target in membership.topology.migrating.items():
        owner = membership.topology.owners[slot]
        if owner is node:
            moves.append(f"[{slot}->-{target.id}]")
        elif target is node and owner is not None:
            moves.append(f"[{slot}-<-{owner.id}]")
    return moves


def _replica_lines(call: Call) -> Reply:
    membership = _membership(call)
    wanted = call.args[0].decode("latin-1")
    for node in membership.topology.nodes:
        if node.id == wanted:
            if node.primary is not None:
                raise CommandError("ERR The specified node is not a master")
            return [_node_line(membership, each).encode() for each in membership.topology.replicas_of(node)]
    raise CommandError(f"ERR Unknown node {wanted}")
