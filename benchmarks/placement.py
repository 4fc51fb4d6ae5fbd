"""Which processor cores client and server may use. It changes small workloads by several times, so every cell says.

On one core the two take turns: what is measured is the sum of their work. On two cores, one each, they overlap
and wait for each other. Free, the kernel moves them as it likes.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Placement:
    """The cores of client and server; None leaves a process where it is."""

    name: str
    client: tuple[int, ...] | None
    server: tuple[int, ...] | None


FREE = Placement("free", None, None)
NAMES = ("one core", "two cores", "free")


def allowed_cores() -> list[int]:
    """List the cores this process may use; none where the system cannot say or pin."""
    if sys.platform != "linux":
        return []
    return sorted(os.sched_getaffinity(0))


def possible(cores: Sequence[int]) -> dict[str, Placement]:
    """Return the placements that `cores` allow, by name: client on the first, server on the first or the second."""
    found = {FREE.name: FREE}
    if cores:
        found["one core"] = Placement("one core", (cores[0],), (cores[0],))
    if len(cores) > 1:
        found["two cores"] = Placement("two cores", (cores[0],), (cores[1],))
    return found


def pin(pid: int, cores: Sequence[int]) -> None:
    """Keep all threads of a process on `cores`, those included that it started long ago."""
    if sys.platform == "linux":
        for thread in Path(f"/proc/{pid}/task").iterdir():
            with contextlib.suppress(ProcessLookupError):  # a thread that ended meanwhile
                os.sched_setaffinity(int(thread.name), cores)
