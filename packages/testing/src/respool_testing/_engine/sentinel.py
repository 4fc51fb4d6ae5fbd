"""What one sentinel believes. Each has a view of its own, so that they can disagree.

Plain data; what follows from it is decided in `sentinel_rules`, and done by the deployment. Times are
milliseconds since the epoch.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal, Protocol, TypeAlias

from .replication import Address

Kind: TypeAlias = Literal["master", "slave", "sentinel"]


@dataclass(slots=True, eq=False)
class Instance:
    """A server or another sentinel, as a sentinel sees it. `life` counts its starts, as far as noticed."""

    kind: Kind
    address: Address
    run_id: str
    silent_since: int | None = None
    down_since: int | None = None
    seen_since: int = 0
    follows: Address | None = None
    link_up: bool = True
    priority: int = 100
    offset: int = 0
    life: int = 0
    # The role that the instance reported last, which may not be the one it is held for.
    reported: Kind | None = None

    @property
    def name(self) -> str:
        """Return `host:port`."""
        return f"{self.address[0]}:{self.address[1]}"

    @property
    def down(self) -> bool:
        """Tell whether the sentinel holds the instance for down (s_down)."""
        return self.down_since is not None


@dataclass(slots=True)
class Watched:
    """One service that a sentinel watches: its primary, the replicas and the other sentinels.

    While this sentinel leads a failover, `promoted` is the replica that took over already.
    """

    name: str
    primary: Instance
    quorum: int
    replicas: list[Instance] = field(default_factory=list)
    sentinels: list[Instance] = field(default_factory=list)
    epoch: int = 0
    agreed_down_since: int | None = None
    promoted: Instance | None = None
    failover_at: int | None = None
    leader: str = "?"
    leader_epoch: int = 0
    down_after: int = 30_000
    failover_timeout: int = 180_000
    parallel_syncs: int = 1

    @property
    def address(self) -> Address:
        """Return where the primary is, as the sentinel tells clients."""
        return (self.promoted or self.primary).address

    @property
    def status(self) -> str:
        """Return what INFO says of the service."""
        return "odown" if self.agreed_down_since is not None else "sdown" if self.primary.down else "ok"

    def instances(self) -> Iterator[Instance]:
        """Return everybody the sentinel watches for this service."""
        yield self.primary
        yield from self.replicas
        yield from self.sentinels

    def find(self, address: Address) -> Instance | None:
        """Return who is at an address."""
        return next((each for each in self.instances() if each.address == address), None)


class Deployment(Protocol):
    """What a sentinel's commands need of what surrounds it."""

    def stir(self) -> None:
        """Let the sentinel soon look at what it was told."""

    def failover(self, service: str) -> str | None:
        """Begin a failover; return the complaint if that is not possible."""

    def tell(self, channel: str, message: str) -> None:
        """Publish an event."""


@dataclass(slots=True)
class SentinelView:
    """Everything one sentinel watches, by name. A frozen view learns nothing any more.

    One that is not watchful holds nobody for down by itself.
    """

    id: str
    services: dict[str, Watched] = field(default_factory=dict)
    epoch: int = 0
    tilt_since: int | None = None
    frozen: bool = False
    watchful: bool = True
    options: dict[str, str] = field(default_factory=dict)
    deployment: Deployment | None = None

    @property
    def acts(self) -> bool:
        """Tell whether the sentinel trusts itself: it does nothing in TILT, and a frozen one never does."""
        return self.tilt_since is None and not self.frozen
