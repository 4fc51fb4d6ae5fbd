"""The statistics of the benchmarks, and the numbers of their tables."""

from __future__ import annotations

import pytest

from benchmarks.figures import Ratio, advantage, percentile
from benchmarks.table import number, times


@pytest.mark.parametrize(
    ("percent", "expected"), [(0, 10), (50, 20), (51, 30), (75, 30), (99, 40), (100, 40)]
)
def test_percentile_is_a_value_that_was_measured(percent: float, expected: float) -> None:
    assert percentile([40, 10, 30, 20], percent) == expected


def test_percentile_of_nothing_is_an_error() -> None:
    with pytest.raises(ValueError, match="of nothing"):
        percentile([], 50)


@pytest.mark.parametrize("percent", [-1, 101])
def test_percentile_outside_of_a_hundred_is_an_error(percent: float) -> None:
    with pytest.raises(ValueError, match="between 0 and 100"):
        percentile([1.0], percent)


def test_advantage_compares_within_each_round() -> None:
    # The medians alone would say 20 : 10.
    assert advantage([10, 20, 90], [10, 10, 30], higher_is_better=True).median == 2


def test_advantage_is_above_one_for_the_smaller_of_two_costs() -> None:
    assert advantage([1, 1], [4, 4], higher_is_better=False) == Ratio(4, 4, 4)


def test_advantage_tells_between_what_half_of_the_rounds_lay() -> None:
    ratio = advantage([1, 2, 3, 4], [1, 1, 1, 1], higher_is_better=True)
    assert (ratio.low, ratio.high) == (1, 3)


def test_rounds_without_a_partner_are_not_compared() -> None:
    with pytest.raises(ValueError, match="2 rounds cannot be compared with 1"):
        advantage([1, 2], [1], higher_is_better=True)


@pytest.mark.parametrize(
    ("value", "written"), [(123456.7, "123,457"), (99.96, "100.0"), (12.34, "12.3"), (1.234, "1.23")]
)
def test_numbers_have_the_digits_they_deserve(value: float, written: str) -> None:
    assert number(value) == written


def test_a_ratio_is_written_with_its_spread() -> None:
    assert times(Ratio(10.24, 9.8, 10.6)) == "10.2x 9.80-10.6"
