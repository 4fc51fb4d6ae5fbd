"""The address of a node."""

from __future__ import annotations

from typing import NamedTuple


class Node(NamedTuple):
    """Where a node of a cluster listens: a host name or address, and a port."""

    host: str = "127.0.0.1"
    port: int = 6379

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"
