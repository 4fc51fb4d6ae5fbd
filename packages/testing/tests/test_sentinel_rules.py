"""What a sentinel concludes, decided without any server: times are plain numbers."""

from __future__ import annotations

import pytest

from respool_testing._engine.sentinel import Instance, SentinelView, Watched
from respool_testing._engine.sentinel_rules import (
    best_replica,
    described,
    judge,
    majority,
    may_fail_over,
    next_moment,
    quorum_complaint,
    vote,
)


def watched(replicas: int = 2, sentinels: int = 2, quorum: int = 2) -> Watched:
    """Return a service as a sentinel sees it in the beginning."""
    return Watched(
        "mymaster",
        Instance("master", ("127.0.0.1", 1), "m"),
        quorum,
        replicas=[Instance("slave", ("127.0.0.1", 10 + n), f"r{n}") for n in range(replicas)],
        sentinels=[Instance("sentinel", ("127.0.0.1", 20 + n), f"s{n}") for n in range(sentinels)],
        down_after=1_000,
        failover_timeout=10_000,
    )


def test_an_instance_is_down_after_its_time_and_up_at_once() -> None:
    instance = Instance("master", ("127.0.0.1", 1), "m", silent_since=0)
    assert [judge(instance, now, 1_000) for now in (0, 999, 1_000, 1_001)] == [None, None, "+sdown", None]
    instance.silent_since = None
    assert [judge(instance, 1_002, 1_000) for _ in range(2)] == ["-sdown", None]


def test_the_best_replica_has_priority_then_data_then_the_smaller_id() -> None:
    service = watched(replicas=3)
    first, second, third = service.replicas
    assert best_replica(service) is first
    second.offset = 5
    assert best_replica(service) is second
    third.priority = 50
    assert best_replica(service) is third
    third.priority = 0
    assert best_replica(service) is second


def test_a_replica_that_is_down_or_silent_is_not_chosen() -> None:
    service = watched()
    service.replicas[0].silent_since = 0
    service.replicas[1].down_since = 0
    assert best_replica(service) is None


@pytest.mark.parametrize(("sentinels", "needed"), [(0, 1), (1, 2), (2, 2), (3, 3), (4, 3)])
def test_a_majority_counts_the_sentinel_itself(sentinels: int, needed: int) -> None:
    assert majority(watched(sentinels=sentinels)) == needed


def test_a_quorum_can_be_out_of_reach_though_the_majority_is_not() -> None:
    service = watched(quorum=3)
    assert quorum_complaint(service) is None
    service.sentinels[0].down_since = 0
    assert quorum_complaint(service) == (
        "NOQUORUM 2 usable Sentinels. "
        "Not enough available Sentinels to reach the specified quorum for this master"
    )


def test_a_sentinel_votes_once_in_an_epoch() -> None:
    view, service = SentinelView("me"), watched()
    assert vote(view, service, "s0", 1) == ("s0", 1)
    assert vote(view, service, "s1", 1) == ("s0", 1)
    assert vote(view, service, "s1", 2) == ("s1", 2)
    assert vote(view, service, "s0", 1) == ("s1", 2)


def test_a_failover_is_tried_again_only_after_twice_its_timeout() -> None:
    service = watched()
    assert not may_fail_over(service, 0)
    service.agreed_down_since = 0
    assert may_fail_over(service, 0)
    service.failover_at = 0
    assert [may_fail_over(service, now) for now in (19_999, 20_000)] == [False, True]
    service.promoted = service.replicas[0]
    assert not may_fail_over(service, 20_000)


def test_a_sentinel_wakes_for_the_first_that_would_be_down() -> None:
    view, service = SentinelView("me"), watched()
    view.services["mymaster"] = service
    assert next_moment(view) is None
    service.replicas[0].silent_since, service.primary.silent_since = 700, 500
    assert next_moment(view) == 1_500
    service.primary.down_since = 1_500
    assert next_moment(view) == 1_700


@pytest.mark.parametrize("view", [SentinelView("me", tilt_since=0), SentinelView("me", frozen=True)])
def test_a_sentinel_that_does_not_trust_itself_waits_for_nothing(view: SentinelView) -> None:
    service = view.services["mymaster"] = watched()
    service.primary.silent_since = 0
    assert next_moment(view) is None


def test_clients_are_told_of_the_promoted_replica_while_the_leader_still_fails_over() -> None:
    service = watched()
    service.promoted = service.replicas[1]
    assert (service.address, service.primary.address) == (("127.0.0.1", 11), ("127.0.0.1", 1))


def test_instances_are_described_in_the_words_of_sentinels() -> None:
    service = watched()
    assert described(service, service.primary) == "master mymaster 127.0.0.1 1"
    assert described(service, service.replicas[0]) == "slave 127.0.0.1:10 127.0.0.1 10 @ mymaster 127.0.0.1 1"
    assert described(service, service.sentinels[0]) == "sentinel s0 127.0.0.1 20 @ mymaster 127.0.0.1 1"


@pytest.mark.parametrize(
    ("primary_down", "agreed", "status"), [(None, None, "ok"), (0, None, "sdown"), (0, 0, "odown")]
)
def test_info_says_how_a_service_is(primary_down: int | None, agreed: int | None, status: str) -> None:
    service = watched()
    service.primary.down_since, service.agreed_down_since = primary_down, agreed
    assert service.status == status
