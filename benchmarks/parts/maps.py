"""Parts of the cluster: a large map of it read from bytes, compared with the one before, and put in its place."""

from __future__ import annotations

from functools import cache

import hiredis

from benchmarks.parts.part import Part, Repeated, repeated
from respool import ConnectionPool
from respool_cluster import Node
from respool_cluster._map.epochs import is_older, parse_epochs
from respool_cluster._map.manager import NodeManager
from respool_cluster._map.slot import SLOTS
from respool_cluster._map.topology import Topology, parse_slots

NODES = 1000
ASKED = Node("10.0.0.1", 6379)
PRIMARIES = [Node(f"10.1.{number // 250}.{number % 250}", 6379) for number in range(NODES // 2)]


@cache
def replies(ranges: int) -> tuple[bytes, bytes]:
    """Return what CLUSTER SLOTS and CLUSTER NODES say of a cluster whose slots lie in so many ranges."""
    described = [b"*%d\r\n" % ranges]
    for number in range(ranges):
        primary = PRIMARIES[number % len(PRIMARIES)]
        first, last = SLOTS * number // ranges, SLOTS * (number + 1) // ranges - 1
        described.append(
            b"*4\r\n:%d\r\n:%d\r\n%b%b" % (first, last, _spell(primary), _spell(_replica(primary)))
        )
    return b"".join(described), b"\n".join(map(_line, PRIMARIES))


def _replica(primary: Node) -> Node:
    return Node(primary.host.replace("10.1.", "10.2."), primary.port)


def _id(node: Node) -> bytes:
    return node.host.encode().ljust(40, b"0")


def _spell(node: Node) -> bytes:
    host = node.host.encode()
    return b"*4\r\n$%d\r\n%b\r\n:%d\r\n$40\r\n%b\r\n*0\r\n" % (len(host), host, node.port, _id(node))


def _line(node: Node) -> bytes:
    return b"%b %b:6379@16379 master - 0 1426238316232 2 connected 5461-10922" % (
        _id(node),
        node.host.encode(),
    )


def read(ranges: int) -> Topology:
    """Read a map from bytes."""
    slots, nodes = replies(ranges)
    reader = hiredis.Reader()
    reader.feed(slots)
    return parse_slots(reader.gets(), ASKED).with_epochs(parse_epochs(nodes))


def swapping(ranges: int) -> Repeated:
    """Return turns that do what a look does, from bytes to the new map in its place."""
    manager = NodeManager([ASKED], lambda node: ConnectionPool(host=node.host, port=node.port))
    manager.topology = read(ranges)

    def swap() -> None:
        topology = read(ranges)
        assert manager.topology is not None
        assert not is_older(topology, manager.topology)
        manager.topology = topology
        assert len(topology.nodes()) == NODES

    return Repeated(swap, 1)


@cache
def _known() -> Topology:
    return read(len(PRIMARIES))


PARTS = (
    Part("map", f"a map of {NODES:,} nodes read, compared, swapped", 1, lambda: swapping(len(PRIMARIES))),
    Part("map-torn", f"the same with all {SLOTS:,} slots apart", 1, lambda: swapping(SLOTS)),
    repeated("map-moved", "one slot moved", lambda: _known().moved(5, PRIMARIES[7]), 10),
)
