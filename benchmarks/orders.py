"""What is said between the one who runs the benchmarks and the processes that hold a peer each: lines of JSON."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from benchmarks.effort import Effort
from benchmarks.peers.door import Address


@dataclass(frozen=True)
class Order:
    """Take one sample. `cores` None: run where the kernel likes."""

    cell: str
    nodes: tuple[Address, ...]
    cores: tuple[int, ...] | None
    effort: Effort

    def to_line(self) -> str:
        return json.dumps(asdict(self))

    @staticmethod
    def from_line(line: str) -> Order:
        said = json.loads(line)
        cores = None if said["cores"] is None else tuple(said["cores"])
        nodes = tuple(Address(**each) for each in said["nodes"])
        return Order(said["cell"], nodes, cores, Effort(**said["effort"]))


@dataclass(frozen=True)
class Answer:
    """A sample, or why there is none."""

    sample: dict[str, float]
    failure: str | None = None

    def to_line(self) -> str:
        return json.dumps(asdict(self))

    @staticmethod
    def from_line(line: str) -> Answer:
        return Answer(**json.loads(line))
