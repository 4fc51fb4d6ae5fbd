"""The nodes a cluster is found by, as its users name them."""

from __future__ import annotations

from collections.abc import Iterable

from respool.errors import DataError
from respool_cluster._map.node import Node

_ADDRESS = frozenset({"host", "port"})


def take_seeds(startup_nodes: Iterable[Node] | None, options: dict[str, object]) -> tuple[Node, ...]:
    """Return the startup nodes; a host and port among the options, as in a URL, are taken from them."""
    seeds = list(startup_nodes or ())
    if options.keys() & _ADDRESS:
        host, port = options.pop("host", Node().host), options.pop("port", Node().port)
        if not (isinstance(host, str) and isinstance(port, int)):
            raise DataError("a startup node has a host, a text, and a port, a number")
        seeds.append(Node(host, port))
    if not seeds:
        raise DataError("a cluster needs at least one startup node to be found by")
    return tuple(dict.fromkeys(seeds))
