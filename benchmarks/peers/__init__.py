"""The clients that are measured, behind one small door; each as its own documents say to use it, over plain TCP.

A peer is imported only by who measures it: the import itself is a figure, and one that is not installed must not
keep the others from being measured.
"""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from types import MappingProxyType

from benchmarks.peers.door import Peer

__all__ = ["DISTRIBUTIONS", "NAMES", "OURS", "load", "version_of"]

OURS = "respool"

_PLACES = MappingProxyType(
    {
        OURS: "benchmarks.peers.ours",
        "redis-py": "benchmarks.peers.redis_py",
        "coredis": "benchmarks.peers.coredis_py",
        "glide": "benchmarks.peers.glide_py",
        "bare loop": "benchmarks.peers.bare_loop",
    }
)

NAMES = tuple(_PLACES)

DISTRIBUTIONS = MappingProxyType(
    {
        OURS: "respool",
        "redis-py": "redis",
        "coredis": "coredis",
        "glide": "valkey-glide",
        "bare loop": "hiredis",
    }
)
"""What to install for each; the bare loop is its parser and the standard library."""


def load(name: str) -> Peer:
    """Import one peer. Raises `ImportError` where it is not installed."""
    peer: Peer = import_module(_PLACES[name]).PEER
    return peer


def version_of(name: str) -> str:
    """Return the version of a peer's distribution that is installed."""
    try:
        return version(DISTRIBUTIONS[name])
    except PackageNotFoundError:
        return "not installed"
