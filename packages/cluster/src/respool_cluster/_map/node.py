"""The address of a node, and what is known of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple


class Node(NamedTuple):
    """Where a node of a cluster listens: a host name or address, and a port."""

    host: str = "127.0.0.1"
    port: int = 6379

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True)
class ManagedNode:
    """A node as the cluster described it last; what was never described has neither role nor id."""

    host: str
    port: int
    server_type: Literal["primary", "replica"] | None = None
    node_id: str | None = None

    @property
    def name(self) -> str:
        """Its address, `host:port`."""
        return f"{self.host}:{self.port}"
