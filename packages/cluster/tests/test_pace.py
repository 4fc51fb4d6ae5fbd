"""How often a cluster in trouble is asked about: often at first, for failovers are short, then less."""

from __future__ import annotations

import pytest

from respool_cluster._discovery import Pace


def pauses(looks: int) -> list[float]:
    """Return the longest pauses between looks that find nothing."""
    pace, now, taken = Pace(uniform=lambda low, high: high), 0.0, []
    for _ in range(looks):
        taken.append(pace.next_pause(now))
        now += taken[-1]
        pace.finished(now)
    return taken


def test_a_failover_is_noticed_soon() -> None:
    assert pauses(100)[0] == 0.0
    assert max(pauses(100)) == pytest.approx(0.1)


def test_a_long_trouble_is_asked_about_less_often() -> None:
    assert pauses(400)[-1] == pytest.approx(0.8)


def test_what_comes_after_quiet_is_looked_at_at_once() -> None:
    pace = Pace()
    pace.finished(100.0)
    assert pace.next_pause(101.0) == 0.0
