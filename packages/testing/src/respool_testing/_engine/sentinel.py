"""What one sentinel believes. Each has a view of its own, so that a test can let them disagree.

Plain data; who changes a view, and when the sentinel tells of it, is the deployment's business.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from .replication import Address


@dataclass(slots=True, eq=False)
class Instance:
    """A server or another sentinel, as a sentinel sees it."""

    address: Address
    run_id: str
    down: bool = False
    link_up: bool = True

    @property
    def name(self) -> str:
        """Return `host:port`."""
        return f"{self.address[0]}:{self.address[1]}"


@dataclass(slots=True)
class Watched:
    """One service that a sentinel watches: its primary, the replicas and the other sentinels."""

    name: str
    primary: Instance
    quorum: int
    replicas: list[Instance] = field(default_factory=list)
    sentinels: list[Instance] = field(default_factory=list)
    epoch: int = 0

    @property
    def status(self) -> str:
        """Return what INFO says of the service."""
        return "odown" if self.primary.down else "ok"


@dataclass(slots=True)
class SentinelView:
    """Everything one sentinel watches, by name."""

    id: str
    services: dict[str, Watched] = field(default_factory=dict)
