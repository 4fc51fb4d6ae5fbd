"""`python -m benchmarks chart RESULTS.json CHART.svg`: draw the results of an earlier run; `-` prints its table."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from benchmarks import table
from benchmarks.chart import draw
from benchmarks.results import Report


def main(words: Sequence[str]) -> None:
    """Read one file, write the other."""
    parser = argparse.ArgumentParser("python -m benchmarks chart", description=__doc__)
    parser.add_argument("results", type=Path)
    parser.add_argument("chart", help="a file, or - for the table on standard output")
    said = parser.parse_args(words)
    try:
        report = Report.from_json(said.results.read_text(encoding="utf-8"))
        if said.chart == "-":
            print("\n".join(table.lines(report)))
        else:
            Path(said.chart).write_text(draw(report), encoding="utf-8")
    except (OSError, ValueError) as exc:
        parser.error(f"{said.results}: {exc}")
