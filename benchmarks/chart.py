"""The chart of the README: what a reader wants to know at one glance, drawn from a report. Pure.

One panel for each row, a bar for each peer, lengths comparable within a panel; in one placement only, for the
table has the rest. A peer that failed keeps its place and says why.
"""

from __future__ import annotations

from statistics import median

from benchmarks.results import Outcome, Report, Row
from benchmarks.svg import Drawing, series
from benchmarks.table import OURS, number

CHOSEN = ("get-1", "get-50", "get-500", "gather-1000", "pipeline-1000", "cluster-64")
PREFERRED = ("two cores", "one core", "free")

WIDTH = 760
LEFT = 110
RIGHT = 150
BAR = 14
LINE = 18
PANEL_HEAD = 26
PANEL_GAP = 14
MARGIN = 16


def draw(report: Report) -> str:
    """Return the chart of a report as SVG. Raises `ValueError` for a report without rows."""
    rows = chosen(report)
    heights = [PANEL_HEAD + LINE * len(row.outcomes) + PANEL_GAP for row in rows]
    drawing = Drawing(WIDTH, 2 * MARGIN + sum(heights) + LINE, f"{OURS} beside other clients")
    y = float(MARGIN)
    for row, height in zip(rows, heights, strict=True):
        _panel(drawing, row, y)
        y += height
    drawing.text(MARGIN, y + MARGIN, _footing(report, rows[0].placement), "small")
    return drawing.to_svg()


def chosen(report: Report) -> list[Row]:
    """Return the rows to draw: the telling ones where they are there, all of one placement otherwise."""
    placements = {row.placement for row in report.rows}
    placement = next((name for name in PREFERRED if name in placements), None)
    if placement is None:
        raise ValueError("a report without rows cannot be drawn")
    there = [row for row in report.rows if row.placement == placement]
    return [row for row in there if row.cell in CHOSEN] or there


def _panel(drawing: Drawing, row: Row, top: float) -> None:
    metric = row.metrics[0]
    medians = {name: _median(each, metric.name) for name, each in row.outcomes.items()}
    longest = max((value for value in medians.values() if value is not None), default=1.0) or 1.0
    drawing.text(MARGIN, top + 14, f"{row.title}, {metric.unit}", "title")
    for place, (name, value) in enumerate(medians.items()):
        y = top + PANEL_HEAD + LINE * place
        drawing.text(LEFT - 8, y + 11, name, anchor="end")
        if value is None:
            drawing.text(LEFT, y + 11, _reason(row.outcomes[name]), "small")
            continue
        length = (WIDTH - LEFT - RIGHT) * value / longest
        drawing.bar(LEFT, y, length, BAR, series(place))
        drawing.text(LEFT + length + 6, y + 11, number(value) + _beside(medians, name, row), "small")


def _median(outcome: Outcome, metric: str) -> float | None:
    return None if outcome.failure is not None else median(outcome.values(metric))


def _reason(outcome: Outcome) -> str:
    reason = outcome.failure or ""
    return reason if len(reason) <= 80 else reason[:79] + "…"


def _beside(medians: dict[str, float | None], name: str, row: Row) -> str:
    """Say how many times better ours is, as the bars show it: a ratio of medians."""
    ours, theirs = medians.get(OURS), medians[name]
    if name == OURS or not ours or not theirs:
        return ""
    ratio = ours / theirs if row.metrics[0].higher_is_better else theirs / ours
    return f"  ({OURS} {number(ratio)}x)"


def _footing(report: Report, placement: str) -> str:
    conditions = report.conditions
    parts = [conditions.get(name, "") for name in ("server", "python", "loop", "processor", "taken")]
    where = "client and server on " + placement if placement != "free" else "cores left to the kernel"
    return " · ".join([*(part for part in parts if part), where])
