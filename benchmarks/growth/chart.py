"""The curves of a growth report as SVG, sizes and costs both by powers of ten. Pure."""

from __future__ import annotations

from math import ceil, floor, log10

from benchmarks.growth.curve import Curve, GrowthReport
from benchmarks.svg import Drawing, series

WIDTH = 760
PANEL = 200
HEAD = 28
GAP = 34
LEFT = 70
RIGHT = 150
MARGIN = 16


def draw(report: GrowthReport) -> str:
    """Return one panel under the other. Raises `ValueError` for a report without curves."""
    panels = report.panels()
    if not panels:
        raise ValueError("a report without curves cannot be drawn")
    height = 2 * MARGIN + len(panels) * (HEAD + PANEL + GAP)
    drawing = Drawing(WIDTH, height, "how cost grows with size")
    for number, (title, curves) in enumerate(panels.items()):
        _panel(drawing, title, curves, MARGIN + number * (HEAD + PANEL + GAP))
    return drawing.to_svg()


class Scale:
    """From a value to a place on an axis, by powers of ten."""

    def __init__(self, low: float, high: float, start: float, end: float) -> None:
        self.first = floor(log10(low))
        self.last = max(ceil(log10(high)), self.first + 1)
        self._start = start
        self._step = (end - start) / (self.last - self.first)

    def place(self, value: float) -> float:
        """Return where `value` stands."""
        return self._start + (log10(value) - self.first) * self._step

    def powers(self) -> range:
        """Return the exponents to mark."""
        return range(self.first, self.last + 1)


def _panel(drawing: Drawing, title: str, curves: list[Curve], top: float) -> None:
    points = [point for curve in curves for point in curve.points]
    sizes, costs = [size for size, _ in points], [max(cost, 1e-3) for _, cost in points]
    across = Scale(min(sizes), max(sizes), LEFT, WIDTH - RIGHT)
    bottom = top + HEAD + PANEL
    upward = Scale(min(costs), max(costs), bottom, top + HEAD)
    drawing.text(MARGIN, top + 14, f"{title}, {curves[0].unit}", "title")
    _grid(drawing, across, upward, bottom)
    for number, curve in enumerate(curves):
        places = [(across.place(size), upward.place(max(cost, 1e-3))) for size, cost in curve.points]
        drawing.curve(places, series(number))
        drawing.text(places[-1][0] + 8, places[-1][1] + 4, curve.name, "small")


def _grid(drawing: Drawing, across: Scale, upward: Scale, bottom: float) -> None:
    for power in upward.powers():
        y = upward.place(10.0**power)
        drawing.line(LEFT, y, WIDTH - RIGHT, y)
        drawing.text(LEFT - 6, y + 4, f"{10.0**power:,g}", "small", "end")
    for power in across.powers():
        drawing.text(across.place(10.0**power), bottom + 16, f"{10**power:,}", "small", "middle")
