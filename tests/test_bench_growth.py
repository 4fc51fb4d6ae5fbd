"""Growth reports: as text, as JSON, as curves."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from benchmarks.growth import pools
from benchmarks.growth.chart import Scale, draw
from benchmarks.growth.curve import Curve, GrowthReport, lines

REPORT = GrowthReport(
    {"python": "CPython"},
    [
        Curve("in flight", "us", "µs", [(1, 50.0), (1000, 5.0)]),
        Curve("in flight", "them", "µs", [(1, 60.0), (1000, 0.0)]),
        Curve("waiting", "us", "µs", [(10, 1.0)]),
    ],
)


def test_growth_is_a_table_with_a_column_for_each_size() -> None:
    written = [line.split() for line in lines(REPORT)]
    assert ["in", "flight,", "µs", "1", "1,000"] in written
    assert ["us", "50.0", "5.00"] in written


def test_a_growth_report_survives_json() -> None:
    assert GrowthReport.from_json(REPORT.to_json()) == REPORT


def test_what_is_no_growth_report_is_refused() -> None:
    with pytest.raises(ValueError, match="not a report on growth"):
        GrowthReport.from_json("{}")


def test_every_curve_is_drawn_with_its_name() -> None:
    drawn = ElementTree.fromstring(draw(REPORT))
    names = [each.text for each in drawn.iter("{http://www.w3.org/2000/svg}text")]
    assert len(list(drawn.iter("{http://www.w3.org/2000/svg}polyline"))) == 3
    assert names.count("us") == 2


def test_nothing_cannot_be_drawn() -> None:
    with pytest.raises(ValueError, match="without curves"):
        draw(GrowthReport({}))


@pytest.mark.parametrize(("value", "place"), [(1, 0), (10, 50), (100, 100)])
def test_an_axis_goes_by_powers_of_ten(value: float, place: float) -> None:
    assert Scale(1, 100, 0, 100).place(value) == pytest.approx(place)


def test_an_axis_of_one_value_has_a_length() -> None:
    assert list(Scale(5, 5, 0, 100).powers()) == [0, 1]


async def test_pools_of_connections_that_lead_nowhere_can_be_measured() -> None:
    for curve in (pools.lease_curve, pools.close_curve, pools.hand_over_curve, pools.cancel_curve):
        [(size, cost)] = (await curve([10])).points
        assert size == 10
        assert cost > 0
