"""The keys and values that every workload reads and writes, put there once before anything is measured."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

import hiredis

from benchmarks.plain import Plain

KEYS = tuple(f"key:{number}" for number in range(1000))
VALUE = b"v" * 64
LARGE_KEY = "large"
LARGE_VALUE = bytes(1 << 20)


def fill(server: Plain) -> None:
    """Write all keys."""
    server.call("MSET", *(word for key in KEYS for word in (key, VALUE)))
    server.call("SET", LARGE_KEY, LARGE_VALUE)


def fill_cluster(nodes: Sequence[Plain]) -> None:
    """Write all keys but the large one, each on the node that has its slot."""
    for key in KEYS:
        for node in nodes:
            with suppress(hiredis.ReplyError):  # MOVED: it is another's
                node.call("SET", key, VALUE)
                break
