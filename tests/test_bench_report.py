"""What the benchmarks write: table, JSON and chart of a report, failures included."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from benchmarks import chart, table
from benchmarks.cells import Metric
from benchmarks.redraw import drawn
from benchmarks.results import Outcome, Report, Row
from tools.project import ROOT

RATE = Metric("rate", "calls/s", higher_is_better=True)
SVG = "{http://www.w3.org/2000/svg}"


def row(cell: str = "get-50", placement: str = "two cores", **outcomes: Outcome) -> Row:
    return Row(cell, f"title of {cell}", placement, [RATE], outcomes)


def rates(*values: float) -> Outcome:
    return Outcome([{"rate": value} for value in values])


def texts(svg: str) -> list[str]:
    return [each.text or "" for each in ElementTree.fromstring(svg).iter(f"{SVG}text")]


def test_the_table_shows_medians_and_ratios() -> None:
    head, ours, theirs = table.row_lines(row(respool=rates(100, 300, 200), other=rates(10, 20, 20)))
    assert head.startswith("title of get-50 · two cores")
    assert ours.split() == ["respool", "200"]
    assert theirs.split() == ["other", "20.0", "10.0x", "10.0-15.0"]


def test_the_table_shows_why_a_peer_failed() -> None:
    lines = list(
        table.row_lines(row(respool=rates(1), other=Outcome(failure="not installed: no such thing")))
    )
    assert lines[2].split(maxsplit=1) == ["other", "not installed: no such thing"]


def test_without_us_there_is_nothing_to_compare_with() -> None:
    lines = list(table.row_lines(row(respool=Outcome(failure="broken"), other=rates(5))))
    assert lines[2].split() == ["other", "5.00"]


def test_failures_are_listed_with_their_place() -> None:
    rows = [row(respool=rates(1), other=Outcome(failure="broken"))]
    assert table.failures(rows) == ["get-50, two cores, other: broken"]


def test_a_report_survives_json() -> None:
    report = Report({"python": "CPython"}, [row(respool=rates(1, 2), other=Outcome(failure="broken"))])
    assert Report.from_json(report.to_json()) == report


@pytest.mark.parametrize("text", ["[]", '{"format": 0, "conditions": {}, "rows": []}', "not json"])
def test_what_is_no_report_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"not a report|Expecting value"):
        Report.from_json(text)


def test_the_chart_has_a_bar_for_each_peer_in_proportion() -> None:
    drawn = ElementTree.fromstring(chart.draw(Report({}, [row(respool=rates(100), other=rates(25))])))
    ours, theirs = [float(bar.attrib["width"]) for bar in drawn.iter(f"{SVG}rect")]
    assert ours == 4 * theirs


def test_the_chart_keeps_a_place_for_who_failed() -> None:
    drawn = texts(chart.draw(Report({}, [row(respool=rates(1), other=Outcome(failure="broken"))])))
    assert "other" in drawn
    assert "broken" in drawn


def test_the_chart_reads_in_the_dark() -> None:
    assert "prefers-color-scheme: dark" in chart.draw(Report({}, [row(respool=rates(1))]))


def test_the_chart_escapes_what_it_is_told() -> None:
    report = Report({"server": "<&>"}, [row(respool=Outcome(failure='<script>"&'))])
    assert '<script>"&' in texts(chart.draw(report))


def test_the_chart_shows_one_placement_and_the_telling_cells() -> None:
    rows = [
        row(cell, place, respool=rates(1)) for place in ("one core", "two cores") for cell in ("get-1", "x")
    ]
    assert [(each.cell, each.placement) for each in chart.chosen(Report({}, rows))] == [
        ("get-1", "two cores")
    ]


def test_the_chart_shows_other_cells_where_the_telling_ones_are_missing() -> None:
    assert [each.cell for each in chart.chosen(Report({}, [row("lease", respool=rates(1))]))] == ["lease"]


def test_charts_among_the_documents_are_what_their_results_say() -> None:
    charts = [path for path in (ROOT / "docs").glob("*.svg") if path.with_suffix(".json").exists()]
    stale = [
        path.name
        for path in charts
        if path.read_text(encoding="utf-8") != drawn(path.with_suffix(".json").read_text(encoding="utf-8"))
    ]
    assert stale == []


def test_a_report_without_rows_cannot_be_drawn() -> None:
    with pytest.raises(ValueError, match="without rows"):
        chart.draw(Report({}))
