"""What was learnt about one node by talking to it. All connections to it write here; nothing here asks."""

from __future__ import annotations

from respool_cluster._pool.breaker import Breaker

_ZONE = b"availability_zone:"


class Acquaintance:
    """Shared by the connections to one node."""

    def __init__(self) -> None:
        self.breaker = Breaker()
        """When it may be tried again."""

        self.wants_zone = False
        """Whether connections are to ask where it stands."""

        self.zone: str | None = None
        """Its availability zone: None before it was asked, empty where it does not tell."""


def parse_zone(info: object) -> str:
    """Read the availability zone from a reply to INFO SERVER (Valkey 8.1 and managed services); empty without one."""
    text = info.encode() if isinstance(info, str) else info
    if not isinstance(text, bytes):
        return ""
    told = [line for line in text.splitlines() if line.startswith(_ZONE)]
    return told[0].removeprefix(_ZONE).strip().decode(errors="replace") if told else ""
