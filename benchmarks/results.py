"""What was measured, as data: rows of samples, and the conditions they were taken under. To JSON and back.

A row holds what its figures mean, so that whoever prints or draws it needs nothing else.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from benchmarks.cells.cell import Metric

FORMAT = 1


@dataclass
class Outcome:
    """One peer in one row: a sample for each round, or why it has none."""

    samples: list[dict[str, float]] = field(default_factory=list)
    failure: str | None = None

    def values(self, metric: str) -> list[float]:
        """Return one figure of every round."""
        return [sample[metric] for sample in self.samples]


@dataclass
class Row:
    """One cell in one placement."""

    cell: str
    title: str
    placement: str
    metrics: list[Metric]
    outcomes: dict[str, Outcome]


@dataclass
class Report:
    """One run. `conditions` are what a reader has to know: machine, versions, loop, rounds."""

    conditions: dict[str, str]
    rows: list[Row] = field(default_factory=list)

    def to_json(self) -> str:
        return json.dumps({"format": FORMAT, **asdict(self)}, indent=1)

    @staticmethod
    def from_json(text: str) -> Report:
        """Read a report. Raises `ValueError` for what is none."""
        said = json.loads(text)
        if not isinstance(said, dict) or said.get("format") != FORMAT:
            raise ValueError(f"not a report of format {FORMAT}")
        return Report(said["conditions"], [_row(each) for each in said["rows"]])


def _row(said: Mapping[str, Any]) -> Row:
    metrics = [Metric(**each) for each in said["metrics"]]
    outcomes = {name: Outcome(**each) for name, each in said["outcomes"].items()}
    return Row(said["cell"], said["title"], said["placement"], metrics, outcomes)
