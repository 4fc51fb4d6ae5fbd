"""What a cache asks of a cluster: by which node a read goes, which replies last, and which are lost with a slot.

Each node reports changes of what was read there. It reports them to the end: keys of a slot that it gives away it
deletes one by one. Only of a key that it lacks it knows nothing: while the slot is on its way, another node may make
it. So nothing is kept of keys that may not have been there.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from respool.lowlevel import Request, ValueT, Way, routing_keys
from respool_cluster._map.slot import key_slot, text_of
from respool_cluster._map.topology import Topology
from respool_cluster._routing.router import Router

_MAY_BE_ABSENT: tuple[object, ...] = (None, 0, -1, -2, b"", b"none", [], {})
"""What is said of keys, fields and members that do not exist, and of some that do."""


class ClusterOrigin:
    """A cluster's client without its cache."""

    def __init__(self, owner: object, router: Router) -> None:
        self._owner = owner
        self._router = router

    @property
    def owner(self) -> object:
        """The client of the cluster."""
        return self._owner

    def place(self) -> object:
        """Return the running loop."""
        return asyncio.get_running_loop()

    def send(self, request: Request[object]) -> None:
        """Send a request to the node of its keys."""
        self._router.send(request)

    def way(self, request: Request[object]) -> Way | None:
        """Return the way to the node of a read, if it is one node, and known."""
        outlet = self._router.outlet_of(request)
        return None if outlet is None else Way(outlet.pool, outlet.pool.line, outlet.rescue)

    def lasts(self, args: Sequence[ValueT], reply: object) -> bool:
        """Tell whether all keys that were read were there."""
        if isinstance(reply, list) and text_of(args[0]).upper() == "MGET":
            return None not in reply
        return len(routing_keys(args)) == 1 and not _may_be_absent(reply)

    def probe(self, key: bytes, *, is_silent: bool) -> tuple[ValueT, ...]:
        """Ask a node whether it still serves what was read there. It says so only where it is asked about a key.

        One that was replaced, or is cut off, reports nothing more, and who is answered from the cache never asks it.
        """
        return (b"EXISTS", key)


class LostSlots:
    """Tells a cache which slots are served by other nodes than before: nobody reports what was read of them there."""

    def __init__(self, lose: Callable[[Callable[[bytes], bool]], None]) -> None:
        self._lose = lose
        self._known: Topology | None = None

    def follow(self, topology: Topology) -> None:
        """Compare the cluster with what it was."""
        known, self._known = self._known, topology
        moved = set() if known is None else topology.moved_since(known)
        if moved:
            self._lose(lambda key: key_slot(key) in moved)


def _may_be_absent(reply: object) -> bool:
    return reply in _MAY_BE_ABSENT or (isinstance(reply, list) and all(map(_may_be_absent, reply)))
