"""What is measured here, as data: curves of cost over size. To JSON and back, and as lines of text."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field

from benchmarks.table import number

FORMAT = 1


@dataclass(frozen=True)
class Curve:
    """One thing that grows. `points` are pairs of size and cost, by rising size."""

    panel: str
    """Curves of one panel are drawn over each other: same sizes, same unit."""
    name: str
    unit: str
    points: list[tuple[int, float]]


@dataclass
class GrowthReport:
    """One run."""

    conditions: dict[str, str]
    curves: list[Curve] = field(default_factory=list)

    def to_json(self) -> str:
        return json.dumps({"growth": FORMAT, **asdict(self)}, indent=1)

    @staticmethod
    def from_json(text: str) -> GrowthReport:
        """Read a report. Raises `ValueError` for what is none."""
        said = json.loads(text)
        if not isinstance(said, dict) or said.get("growth") != FORMAT:
            raise ValueError(f"not a report on growth of format {FORMAT}")
        curves = [
            Curve(each["panel"], each["name"], each["unit"], [(size, cost) for size, cost in each["points"]])
            for each in said["curves"]
        ]
        return GrowthReport(said["conditions"], curves)

    def panels(self) -> dict[str, list[Curve]]:
        """Return the curves by panel, in the order in which they came."""
        found: dict[str, list[Curve]] = {}
        for curve in self.curves:
            found.setdefault(curve.panel, []).append(curve)
        return found


def lines(report: GrowthReport) -> Iterator[str]:
    """Yield the report as text: a block for each panel, a column for each size."""
    yield from (f"{name}: {value}" for name, value in report.conditions.items())
    for panel, curves in report.panels().items():
        sizes = [size for size, _ in curves[0].points]
        yield ""
        yield f"{panel + ', ' + curves[0].unit:<44}" + "".join(f"{size:>10,}" for size in sizes)
        for curve in curves:
            yield f"  {curve.name:<42}" + "".join(f"{number(cost):>10}" for _, cost in curve.points)
