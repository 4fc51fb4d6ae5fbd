"""A cluster as one of its nodes sees it. Pure; the same for RESP2 and RESP3."""

from __future__ import annotations

from respool._client.replies.basic import Told, fields, integer, items, pairs, parts, text, text_mapping
from respool._wire.tuples import NamedTuple


class ClusterNode(NamedTuple):
    """A node as a line of CLUSTER NODES tells it; `primary_id` is None for a primary.

    `address` is `host:port@busport,hostname`; `slots` as they are written there: "0-5460", "[93-<-id]" on its way.
    """

    id: str
    address: str
    flags: frozenset[str]
    primary_id: str | None
    ping_sent: int
    pong_received: int
    epoch: int
    link_state: str
    slots: list[str]


class ServingNode(NamedTuple):
    """A node that serves slots. The host may be empty: it is the one that was asked."""

    host: str
    port: int
    id: str


class SlotRange(NamedTuple):
    """Slots from `start` to `end`, both included, and who serves them."""

    start: int
    end: int
    primary: ServingNode
    replicas: list[ServingNode]


class ShardNode(NamedTuple):
    """A node of a shard. A port is None where the node does not listen there."""

    id: str
    endpoint: str
    ip: str
    hostname: str
    port: int | None
    tls_port: int | None
    role: str
    replication_offset: int
    health: str


class Shard(NamedTuple):
    """Ranges of slots, both ends included, and the nodes that have them."""

    slots: list[tuple[int, int]]
    nodes: list[ShardNode]


class ClusterLink(NamedTuple):
    """A link to another node. Times are Unix time in milliseconds, sizes bytes."""

    direction: str
    node: str
    create_time: int
    events: str
    send_buffer_allocated: int
    send_buffer_used: int


def nodes(reply: object) -> list[ClusterNode]:
    return [_node(line) for line in text(reply).splitlines()]


def node_lines(reply: object) -> list[ClusterNode]:
    return [_node(text(line)) for line in items(reply)]


def slot_ranges(reply: object) -> list[SlotRange]:
    return [_slot_range(each) for each in items(reply)]


def shards(reply: object) -> list[Shard]:
    return [_shard(fields(each)) for each in items(reply)]


def links(reply: object) -> list[ClusterLink]:
    return [_link(fields(each)) for each in items(reply)]


def migrations(reply: object) -> list[dict[str, str]]:
    return [text_mapping(each) for each in items(reply)]


def slot_stats(reply: object) -> dict[int, dict[str, int]]:
    return {integer(slot): _figures(figures) for slot, figures in pairs(reply)}


def _figures(reply: object) -> dict[str, int]:
    return {name: integer(figure) for name, figure in fields(reply).items()}


def _node(line: str) -> ClusterNode:
    id, address, flags, primary, ping, pong, epoch, link, *slots = line.split()
    return ClusterNode(
        id=id,
        address=address,
        flags=frozenset(flags.split(",")),
        primary_id=None if primary == "-" else primary,
        ping_sent=int(ping),
        pong_received=int(pong),
        epoch=int(epoch),
        link_state=link,
        slots=slots,
    )


def _slot_range(reply: object) -> SlotRange:
    start, end, primary = parts(reply, 3)
    replicas = items(reply)[3:]
    return SlotRange(integer(start), integer(end), _serving(primary), [_serving(each) for each in replicas])


def _serving(reply: object) -> ServingNode:
    host, port, id = parts(reply, 3)
    return ServingNode("" if host is None else text(host), integer(port), text(id))


def _shard(told: Told) -> Shard:
    bounds = [integer(bound) for bound in items(told["slots"])]
    slots = list(zip(bounds[::2], bounds[1::2], strict=True))
    return Shard(slots, [_shard_node(fields(each)) for each in items(told["nodes"])])


def _shard_node(told: Told) -> ShardNode:
    return ShardNode(
        id=text(told["id"]),
        endpoint=text(told["endpoint"]),
        ip=text(told["ip"]),
        hostname=text(told.get("hostname", "")),
        port=_port(told.get("port")),
        tls_port=_port(told.get("tls-port")),
        role=text(told["role"]),
        replication_offset=integer(told["replication-offset"]),
        health=text(told["health"]),
    )


def _port(told: object) -> int | None:
    return None if told is None else integer(told)


def _link(told: Told) -> ClusterLink:
    return ClusterLink(
        direction=text(told["direction"]),
        node=text(told["node"]),
        create_time=integer(told["create-time"]),
        events=text(told["events"]),
        send_buffer_allocated=integer(told["send-buffer-allocated"]),
        send_buffer_used=integer(told["send-buffer-used"]),
    )
