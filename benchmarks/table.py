"""A report as text for a terminal. Pure: a report in, lines out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from statistics import median

from benchmarks.cells.cell import Metric
from benchmarks.figures import Ratio, advantage
from benchmarks.results import Outcome, Report, Row

OURS = "respool"


def lines(report: Report) -> Iterator[str]:
    """Yield the lines of a whole report."""
    yield from (f"{name}: {value}" for name, value in report.conditions.items())
    yield ""
    yield f"medians over the rounds; `{OURS} is`: how many times better, median of the rounds' ratios"
    yield "and what the middle half of the rounds lay between; above 1, respool is better"
    for row in report.rows:
        yield ""
        yield from row_lines(row)


def row_lines(row: Row) -> Iterator[str]:
    """Yield the lines of one row: a heading, then one line for each peer."""
    heads = "".join(f"{metric.unit:>17}  {OURS + ' is':>16}" for metric in row.metrics)
    yield f"{row.title + ' · ' + row.placement:<56}{heads}"
    for name, outcome in row.outcomes.items():
        yield f"  {name:<54}{_peer_line(row, name, outcome)}".rstrip()


def _peer_line(row: Row, name: str, outcome: Outcome) -> str:
    if outcome.failure is not None:
        return f"  {outcome.failure}"
    return "".join(_figure(row, name, outcome, metric) for metric in row.metrics)


def _figure(row: Row, name: str, outcome: Outcome, metric: Metric) -> str:
    value = number(median(outcome.values(metric.name)))
    ours = row.outcomes.get(OURS)
    if name == OURS or ours is None or ours.failure is not None:
        return f"{value:>17}  {'':>16}"
    ratio = advantage(
        ours.values(metric.name), outcome.values(metric.name), higher_is_better=metric.higher_is_better
    )
    return f"{value:>17}  {times(ratio):>16}"


def number(value: float) -> str:
    """Write a figure with as many digits as it deserves."""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def times(ratio: Ratio) -> str:
    """Write a ratio and its spread: `10.2x  9.8-10.6`."""
    return f"{_short(ratio.median)}x {_short(ratio.low)}-{_short(ratio.high)}"


def _short(value: float) -> str:
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def failures(rows: Sequence[Row]) -> list[str]:
    """List what has no figures and why, a line each."""
    return [
        f"{row.cell}, {row.placement}, {name}: {outcome.failure}"
        for row in rows
        for name, outcome in row.outcomes.items()
        if outcome.failure is not None
    ]
