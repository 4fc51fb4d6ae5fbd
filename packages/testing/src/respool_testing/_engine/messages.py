"""What is published: plain data that travels between servers."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Published:
    """A message for everybody who listens."""

    channel: bytes
    message: bytes
    sharded: bool = False
