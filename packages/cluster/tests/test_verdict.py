"""What becomes of a request that failed, and at which pace the topology is looked at."""

from __future__ import annotations

import pytest

from respool.errors import (
    AskError,
    AuthenticationError,
    BusyLoadingError,
    ClusterDownError,
    ConnectionError,
    MovedError,
    RedisError,
    ResponseError,
    TimeoutError,
    TryAgainError,
)
from respool.lowlevel import ValueT, build_request
from respool_cluster import Node
from respool_cluster._map.discovery import Pace, waves
from respool_cluster._map.topology import parse_slots
from respool_cluster._routing.verdict import ATTEMPTS, HOPS, Verdict, destination, judge

READ: tuple[ValueT, ...] = (b"GET", b"k")
WRITE: tuple[ValueT, ...] = (b"INCR", b"k")


@pytest.mark.parametrize(
    ("args", "error", "verdict"),
    [
        (WRITE, MovedError("MOVED 1 h:1"), Verdict.FOLLOW),
        (WRITE, AskError("ASK 1 h:1"), Verdict.ASK),
        (WRITE, ClusterDownError("CLUSTERDOWN"), Verdict.WAIT),
        (WRITE, TryAgainError("TRYAGAIN"), Verdict.WAIT),
        (WRITE, BusyLoadingError("LOADING"), Verdict.WAIT),
        (WRITE, ConnectionError("refused"), Verdict.WAIT),
        (WRITE, ConnectionError("lost", maybe_executed=True), Verdict.FAIL),
        (READ, ConnectionError("lost", maybe_executed=True), Verdict.WAIT),
        (READ, TimeoutError("late", maybe_executed=True), Verdict.FAIL),
        (READ, ResponseError("ERR syntax"), Verdict.FAIL),
        (READ, AuthenticationError("WRONGPASS"), Verdict.FAIL),
    ],
)
async def test_only_what_cannot_run_twice_is_sent_again(
    args: tuple[ValueT, ...], error: RedisError, verdict: Verdict
) -> None:
    assert judge(build_request(args), error, 0) is verdict


async def test_redirections_in_a_circle_are_not_followed_for_ever() -> None:
    error = MovedError("MOVED 1 h:1")
    assert judge(build_request(WRITE), error, HOPS) is Verdict.WAIT
    assert judge(build_request(WRITE), error, ATTEMPTS) is Verdict.FAIL


def test_a_redirection_without_a_host_means_the_host_that_was_asked() -> None:
    assert destination(MovedError("MOVED 1 :7001"), Node("asked", 7000)) == Node("asked", 7001)
    assert destination(AskError("ASK 1 ?:7001"), Node("asked", 7000)) == Node("asked", 7001)
    assert destination(AskError("ASK 1 ::1:7001"), Node("asked", 7000)) == Node("::1", 7001)


def test_the_first_refresh_is_at_once_and_those_behind_it_are_not() -> None:
    pace = Pace(uniform=lambda _, high: high)
    pauses = []
    for tick in range(6):
        pauses.append(pace.next_pause(tick / 10))
        pace.finished(tick / 10)
    assert pauses == [0.0, 0.02, 0.04, 0.08, 0.1, 0.1]
    assert pace.next_pause(2.0) == 0.0


def test_seeds_are_asked_when_nobody_else_knows() -> None:
    seed = Node("seed", 1)
    topology = parse_slots([[n, n, [b"h", n], [b"r", n]] for n in range(1, 6)], seed)
    first, rest = waves(topology, [seed])
    assert len(first) == 3
    assert {*first, *rest} == {seed, *topology.nodes()}
    assert waves(None, [seed]) == [[seed]]
