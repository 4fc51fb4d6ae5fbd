"""Whom a fault means: at which moment, which requests or messages, of which clients, on which node."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, Protocol, TypeAlias

from respool_testing._engine.globs import matches
from respool_testing._engine.parser import Request
from respool_testing.patterns import RequestPattern

Moment: TypeAlias = "Literal['handshake', 'connect', 'request', 'push']"

_SPELLED: Final[dict[Moment, str]] = {
    "handshake": "TLS handshakes",
    "connect": "new connections",
    "request": "",
    "push": "pushed ",
}


class Peer(Protocol):
    """A client, as far as a fault can tell it from others."""

    @property
    def id(self) -> int: ...
    @property
    def name(self) -> bytes: ...
    @property
    def address(self) -> str: ...
    @property
    def local_address(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Stranger:
    """A client that has not yet come as far as to be known by more than its address."""

    address: str
    local_address: str
    id: int = 0
    name: bytes = b""


@dataclass(frozen=True, slots=True)
class Aim:
    """What is None does not matter. `client`, `address` and `node` are globs, the latter two of `host:port`."""

    moment: Moment = "request"
    pattern: RequestPattern | None = None
    client: str | None = None
    client_id: int | None = None
    address: str | None = None
    node: str | None = None

    def fits(self, moment: Moment, peer: Peer, words: Request) -> bool:
        """Tell whether this is meant."""
        return (
            moment == self.moment
            and (self.pattern is None or self.pattern.matches(words))
            and (self.client_id is None or peer.id == self.client_id)
            and _like(self.client, peer.name)
            and _like(self.address, peer.address.encode())
            and _like(self.node, peer.local_address.encode())
        )

    def __str__(self) -> str:
        pattern = "" if self.pattern is None else str(self.pattern)
        limits = {
            "clients named": self.client,
            "client": self.client_id,
            "clients from": self.address,
            "node": self.node,
        }
        said = "".join(f", {word} {limit}" for word, limit in limits.items() if limit is not None)
        return f"{_SPELLED[self.moment]}{pattern}{said}"


def _like(pattern: str | None, text: bytes) -> bool:
    return pattern is None or matches(pattern.encode(), text)
