"""A drawing, as SVG text that reads well on light and on dark ground. Knows shapes and colours, not what they mean."""

from __future__ import annotations

from collections.abc import Sequence
from xml.sax.saxutils import escape, quoteattr

# Series in fixed order: strong for what is ours, told apart in both modes and by most colour-blind readers.
_STYLE = """
text { font-family: system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif; font-size: 13px; fill: #1f2328; }
.title { font-weight: 600; } .small { font-size: 11px; fill: #59636e; } .grid { stroke: #d1d9e0; }
.s0 { fill: #c2410c; stroke: #c2410c; } .s1 { fill: #2f6fb7; stroke: #2f6fb7; } .s2 { fill: #5a9e8f; stroke: #5a9e8f; }
.s3 { fill: #8a6fb0; stroke: #8a6fb0; } .s4 { fill: #8c959f; stroke: #8c959f; } .curve { fill: none; stroke-width: 2; }
@media (prefers-color-scheme: dark) {
text { fill: #f0f6fc; } .small { fill: #9198a1; } .grid { stroke: #3d444d; }
.s0 { fill: #fb923c; stroke: #fb923c; } .s1 { fill: #6cb0f5; stroke: #6cb0f5; } .s2 { fill: #7fcdbb; stroke: #7fcdbb; }
.s3 { fill: #b79ce0; stroke: #b79ce0; } .s4 { fill: #9aa4af; stroke: #9aa4af; } .curve { fill: none; }
}
"""

SERIES = 5


def series(number: int) -> str:
    """Return the class of the colour of one series; after the last they begin again."""
    return f"s{number % SERIES}"


class Drawing:
    """A canvas to put shapes on, in pixels from the upper left corner."""

    def __init__(self, width: int, height: int, title: str) -> None:
        self._width = width
        self._height = height
        self._title = title
        self._shapes: list[str] = []

    def text(self, x: float, y: float, words: str, kind: str = "", anchor: str = "start") -> None:
        """Write `words` on the baseline `y`; `anchor` is start, middle or end."""
        attributes = f'x="{x:.1f}" y="{y:.1f}" class={quoteattr(kind)} text-anchor={quoteattr(anchor)}'
        self._shapes.append(f"<text {attributes}>{escape(words)}</text>")

    def bar(self, x: float, y: float, width: float, height: float, kind: str) -> None:
        """Fill a rectangle."""
        place = f'x="{x:.1f}" y="{y:.1f}" width="{max(width, 1):.1f}" height="{height:.1f}"'
        self._shapes.append(f'<rect {place} rx="2" class={quoteattr(kind)}/>')

    def line(self, x1: float, y1: float, x2: float, y2: float) -> None:
        """Draw a line of the grid."""
        ends = f'x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"'
        self._shapes.append(f'<line {ends} class="grid"/>')

    def curve(self, points: Sequence[tuple[float, float]], kind: str) -> None:
        """Connect points and mark each."""
        joined = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        self._shapes.append(f'<polyline points="{joined}" class={quoteattr(kind + " curve")}/>')
        self._shapes += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" class="{kind}"/>' for x, y in points]

    def to_svg(self) -> str:
        """Return the whole as a document."""
        size = f'width="{self._width}" height="{self._height}" viewBox="0 0 {self._width} {self._height}"'
        head = (
            f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" aria-label={quoteattr(self._title)}>'
        )
        title = f"<title>{escape(self._title)}</title>"
        return "\n".join([head, title, f"<style>{_STYLE}</style>", *self._shapes, "</svg>", ""])
