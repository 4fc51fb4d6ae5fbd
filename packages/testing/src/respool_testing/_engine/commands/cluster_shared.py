"""What the CLUSTER commands have in common: finding the node's view, and others in it."""

from __future__ import annotations

from ..arguments import maybe_integer
from ..call import Call
from ..cluster import KnownNode, Membership, Neighbours
from ..errors import CommandError
from ..slots import SLOTS


def membership_of(call: Call) -> Membership:
    """Return the node's view of its cluster; refuse where there is none."""
    if call.server.cluster is None:
        raise CommandError("ERR This instance has cluster support disabled")
    return call.server.cluster


def neighbours_of(view: Membership) -> Neighbours:
    """Return what connects a node to the others."""
    assert view.neighbours is not None, "a node is connected before it serves anybody"
    return view.neighbours


def node_named(view: Membership, text: bytes) -> KnownNode:
    """Return a node by its id."""
    node = view.nodes.get(text.decode("latin-1"))
    if node is None:
        raise CommandError(f"ERR Unknown node {text.decode('latin-1')}")
    return node


def slot_number(text: bytes) -> int:
    """Read a slot."""
    slot = maybe_integer(text)
    if slot is None or not 0 <= slot < SLOTS:
        raise CommandError("ERR Invalid or out of range slot")
    return slot
