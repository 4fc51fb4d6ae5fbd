"""What a server is, decided before it starts and never changed: its version, its secrets, its limits."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

Version: TypeAlias = "tuple[int, int, int]"


def parse_version(text: str) -> Version:
    """Read `7.4.0` as numbers; raise ValueError for anything else."""
    try:
        major, minor, patch = (int(part) for part in text.split("."))
    except ValueError:
        raise ValueError(f"a server version is three numbers like '7.4.0', not {text!r}") from None
    return major, minor, patch


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """The fixed properties of one server.

    `users` maps further user names to their passwords; `seed` makes everything random repeatable, None
    differs each time.
    """

    version: str = "7.4.0"
    password: str | None = None
    users: dict[str, str] = field(default_factory=dict)
    databases: int = 16
    max_clients: int = 10_000
    mode: str = "standalone"
    seed: int | None = None

    def __post_init__(self) -> None:
        parse_version(self.version)
        if self.databases < 1:
            raise ValueError(f"a server needs at least one database, not {self.databases}")

    @property
    def version_numbers(self) -> Version:
        return parse_version(self.version)
