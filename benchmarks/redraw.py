"""`python -m benchmarks chart RESULTS.json CHART.svg`: draw an earlier run, of either kind; `-` prints its table."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

from benchmarks import chart, table
from benchmarks.growth import chart as growth_chart
from benchmarks.growth import curve
from benchmarks.results import Report


def drawn(results: str) -> str:
    """Return the chart of what a run wrote as JSON. Raises `ValueError` for what no run wrote."""
    if _is_growth(results):
        return growth_chart.draw(curve.GrowthReport.from_json(results))
    return chart.draw(Report.from_json(results))


def printed(results: str) -> str:
    """Return its table."""
    if _is_growth(results):
        return "\n".join(curve.lines(curve.GrowthReport.from_json(results)))
    return "\n".join(table.lines(Report.from_json(results)))


def _is_growth(results: str) -> bool:
    said = json.loads(results)
    return isinstance(said, dict) and "growth" in said


def main(words: Sequence[str]) -> None:
    """Read one file, write the other."""
    parser = argparse.ArgumentParser("python -m benchmarks chart", description=__doc__)
    parser.add_argument("results", type=Path)
    parser.add_argument("chart", help="a file, or - for the table on standard output")
    said = parser.parse_args(words)
    try:
        results = said.results.read_text(encoding="utf-8")
        if said.chart == "-":
            print(printed(results))
        else:
            Path(said.chart).write_text(drawn(results), encoding="utf-8")
    except (OSError, ValueError) as exc:
        parser.error(f"{said.results}: {exc}")
