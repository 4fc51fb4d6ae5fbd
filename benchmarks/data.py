"""The keys and values that every workload reads and writes, put there once before anything is measured."""

from __future__ import annotations

from benchmarks.plain import Plain

KEYS = tuple(f"key:{number}" for number in range(1000))
VALUE = b"v" * 64
LARGE_KEY = "large"
LARGE_VALUE = bytes(1 << 20)


def fill(server: Plain) -> None:
    """Write all keys."""
    server.call("MSET", *(word for key in KEYS for word in (key, VALUE)))
    server.call("SET", LARGE_KEY, LARGE_VALUE)
