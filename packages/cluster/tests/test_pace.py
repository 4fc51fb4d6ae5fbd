"""How often a cluster in trouble is asked about, and how many of its nodes: failovers are short, clusters large."""

from __future__ import annotations

import pytest

from respool_cluster import Node
from respool_cluster._map.discovery import Pace, waves
from respool_cluster._map.slot import SLOTS
from respool_cluster._map.topology import Shard, Topology


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


def test_a_large_cluster_is_not_asked_all_at_once() -> None:
    shards = [Shard(Node("n", port)) for port in range(1000)]
    topology = Topology(tuple((shards * 17)[:SLOTS]))
    asked = waves(topology, [Node("seed", 1)])
    assert [len(wave) for wave in asked] == [3, 30, 300, 668]
    assert Node("seed", 1) in asked[1]


def test_suspects_are_not_asked() -> None:
    topology = Topology((Shard(Node("a", 1), (Node("b", 2),)),) * SLOTS)
    assert waves(topology, [Node("a", 1)], [Node("a", 1)]) == [[Node("b", 2)]]
