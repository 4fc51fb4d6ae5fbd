"""What a node believes, suspects and votes for, decided without any server: times are plain numbers."""

from __future__ import annotations

import random

import pytest

from respool_testing._engine.cluster import Endpoint, Membership
from respool_testing._engine.cluster import KnownNode as Node
from respool_testing._engine.election import rank, stand, vote
from respool_testing._engine.failure import hold_for_failed, judge, next_moment, reporters, review
from respool_testing._engine.gossip import Claim, absorb, claim_of
from respool_testing._engine.slots import EVERY_SLOT, slot_set, slot_span

TIMEOUT = 1_000
SHARES = {"a": slot_span(0, 5000), "b": slot_span(5001, 10_000), "c": slot_span(10_001, 16_383)}


def view_of(name: str, *, replicas: dict[str, str] | None = None, **options: str) -> Membership:
    """Return what one of three primaries, or one of their replicas, believes in the beginning."""
    nodes = {each: Node(each, Endpoint("127.0.0.1", 1), each) for each in [*SHARES, *(replicas or {})]}
    spelled = {key.replace("_", "-"): value for key, value in options.items()}
    view = Membership(nodes[name], {"cluster-node-timeout": str(TIMEOUT), **spelled})
    view.nodes, view.epoch = nodes, 3
    for number, (primary, share) in enumerate(SHARES.items(), 1):
        view.give(share, nodes[primary])
        nodes[primary].epoch = number
    for replica, primary in (replicas or {}).items():
        nodes[replica].primary = nodes[replica].shard = primary
    review(view, 0)
    return view


def says(name: str, slots: int, epoch: int, **more: object) -> Claim:
    """Return what a primary says of itself."""
    told: dict[str, object] = {
        "primary": None,
        "current_epoch": epoch,
        "offset": 0,
        "known": frozenset(),
        "suspects": frozenset(),
        **more,
    }
    return Claim(id=name, shard=name, epoch=epoch, slots=slots, **told)  # type: ignore[arg-type]


def silence(view: Membership, *names: str, since: int = 0) -> None:
    for name in names:
        view.nodes[name].silent_since = since


def test_the_greater_epoch_has_the_slot() -> None:
    view, slot = view_of("a"), slot_set([7])
    assert absorb(view, says("b", SHARES["b"] | slot, 2), 0).lost == slot
    assert view.owners[7] is view.nodes["b"]


def test_a_claim_with_too_small_an_epoch_is_answered_with_the_owner() -> None:
    view = view_of("c")
    heard = absorb(view, says("a", SHARES["a"] | slot_set([6000]), 1), 0)
    assert heard.better is view.nodes["b"]
    assert view.owners[6000] is view.nodes["b"]


def test_what_an_owner_no_longer_claims_stays_its_own_until_somebody_else_does() -> None:
    view = view_of("a")
    absorb(view, says("b", 0, 2), 0)
    assert view.owners[6000] is view.nodes["b"]


def test_a_primary_that_lost_its_last_slot_follows_the_winner() -> None:
    view = view_of("a")
    absorb(view, says("b", SHARES["a"] | SHARES["b"], 9), 0)
    assert (view.me.primary, view.epoch) == ("b", 9)


def test_a_replica_follows_whoever_took_its_primarys_slots() -> None:
    view = view_of("r", replicas={"r": "a", "s": "a"})
    absorb(view, says("s", SHARES["a"], 9), 0)
    assert view.me.primary == "s"


def test_a_slot_that_is_being_imported_is_nobody_elses_business() -> None:
    view = view_of("a")
    view.importing[6000] = "b"
    absorb(view, says("c", SHARES["c"] | slot_set([6000]), 9), 0)
    assert view.owners[6000] is view.nodes["b"]


def test_of_two_primaries_with_one_epoch_the_smaller_id_moves_on() -> None:
    smaller, greater = view_of("a"), view_of("b")
    absorb(smaller, says("b", SHARES["b"], 1), 0)
    smaller.nodes["b"].epoch = smaller.me.epoch = 3
    absorb(smaller, says("b", SHARES["b"], 3), 0)
    assert smaller.me.epoch == smaller.epoch == 4
    greater.me.epoch = greater.nodes["a"].epoch = 3
    absorb(greater, says("a", SHARES["a"], 3), 0)
    assert greater.me.epoch == 3


def test_a_stranger_is_not_believed() -> None:
    view = view_of("a")
    assert not absorb(view, says("x", EVERY_SLOT, 99), 0).changed
    assert view.owners[7] is view.me


def test_what_was_heard_already_is_no_news() -> None:
    view, claim = view_of("a"), claim_of(view_of("b"))
    absorb(view, claim, 0)
    assert not absorb(view, claim, 0).changed


def test_a_node_is_suspected_after_the_timeout_and_not_before() -> None:
    view = view_of("a")
    silence(view, "b")
    assert not judge(view, TIMEOUT - 1)
    assert judge(view, TIMEOUT)
    assert (view.nodes["b"].suspected, view.nodes["b"].failed) == (True, False)


def test_a_majority_makes_a_suspicion_a_failure() -> None:
    view = view_of("a")
    silence(view, "b")
    judge(view, TIMEOUT)
    absorb(view, says("c", SHARES["c"], 3, suspects=frozenset("b")), TIMEOUT)
    judge(view, TIMEOUT)
    assert view.nodes["b"].failed
    assert not view.healthy


def test_an_old_report_does_not_count() -> None:
    view = view_of("a")
    absorb(view, says("c", SHARES["c"], 3, suspects=frozenset("b")), 0)
    assert reporters(view, view.nodes["b"], 2 * TIMEOUT) == ["c"]
    assert reporters(view, view.nodes["b"], 2 * TIMEOUT + 1) == []


def test_a_report_is_taken_back() -> None:
    view = view_of("a")
    for suspects in (frozenset("b"), frozenset[str]()):
        absorb(view, says("c", SHARES["c"], 3, suspects=suspects), 0)
    assert view.nodes["b"].reports == {}


def test_the_word_of_a_replica_does_not_count() -> None:
    view = view_of("a", replicas={"r": "c"})
    absorb(view, says("r", 0, 3, primary="c", suspects=frozenset("b")), 0)
    assert view.nodes["b"].reports == {}


def test_a_failed_primary_that_nobody_replaced_is_forgiven_late() -> None:
    view = view_of("a")
    hold_for_failed(view, "b", 0)
    judge(view, 2 * TIMEOUT - 1)
    assert view.nodes["b"].failed
    assert next_moment(view, 2 * TIMEOUT - 1) == 2 * TIMEOUT
    judge(view, 2 * TIMEOUT)
    assert not view.nodes["b"].failed


def test_a_failed_replica_is_forgiven_as_soon_as_it_is_heard() -> None:
    view = view_of("a", replicas={"r": "a"})
    hold_for_failed(view, "r", 0)
    judge(view, 1)
    assert not view.nodes["r"].failed


def test_outnumbered_means_down_and_back_only_after_a_while() -> None:
    view = view_of("a")
    silence(view, "b", "c")
    judge(view, TIMEOUT)
    assert not view.healthy
    for name in "bc":
        view.nodes[name].silent_since = None
    judge(view, 2 * TIMEOUT)
    assert not view.healthy
    assert next_moment(view, 2 * TIMEOUT) == 3 * TIMEOUT
    judge(view, 3 * TIMEOUT)
    assert view.healthy


def test_with_nobody_silent_there_is_nothing_to_wait_for() -> None:
    assert next_moment(view_of("a"), 0) is None


def replica_of_failed(**options: str) -> Membership:
    """Return the view of a replica whose primary failed at 0."""
    view = view_of("r", replicas={"r": "a", "s": "a"}, **options)
    hold_for_failed(view, "a", 0)
    return view


def test_a_replica_stands_for_election_after_a_delay_and_again_much_later() -> None:
    view, chance = replica_of_failed(), random.Random(1)
    assert stand(view, 0, chance) is None
    assert view.election is not None
    at = view.election.at
    assert 500 <= at < 1000
    assert stand(view, at - 1, chance) is None
    assert stand(view, at, chance) == 4
    assert stand(view, at + 1, chance) is None
    assert stand(view, at + 4 * 2_000, chance) == 5


def test_who_has_less_of_the_data_stands_later() -> None:
    view = replica_of_failed()
    view.nodes["s"].offset = 10
    assert rank(view) == 1
    stand(view, 0, random.Random(1))
    assert view.election is not None
    assert 1500 <= view.election.at < 2000


@pytest.mark.parametrize("options", [{"cluster_replica_no_failover": "yes"}])
def test_a_replica_that_may_not_does_not_stand(options: dict[str, str]) -> None:
    view = replica_of_failed(**options)
    assert stand(view, 10_000, random.Random(1)) is None
    assert view.election is None


def test_a_replica_stands_no_more_once_its_primary_is_back() -> None:
    view, chance = replica_of_failed(), random.Random(1)
    stand(view, 0, chance)
    view.nodes["a"].failed_at = None
    assert stand(view, 10_000, chance) is None
    assert view.election is None


def voter() -> Membership:
    """Return the view of a primary that another one's failure was told to."""
    view = view_of("b", replicas={"r": "a", "s": "a"})
    hold_for_failed(view, "a", 0)
    return view


def test_a_primary_votes_once_in_an_epoch() -> None:
    view = voter()
    assert vote(view, "r", 4, 0)
    assert not vote(view, "s", 4, 0)


def test_a_primary_votes_seldom_about_the_same_primary() -> None:
    view = voter()
    assert vote(view, "r", 4, 0)
    assert not vote(view, "r", 5, 2 * TIMEOUT - 1)
    assert vote(view, "r", 5, 2 * TIMEOUT)


@pytest.mark.parametrize(("candidate", "epoch"), [("r", 2), ("c", 4), ("nobody", 4)])
def test_a_vote_is_refused(candidate: str, epoch: int) -> None:
    assert not vote(voter(), candidate, epoch, 0)


def test_nobody_votes_against_a_primary_that_lives_unless_forced() -> None:
    view = view_of("b", replicas={"r": "a"})
    assert not vote(view, "r", 4, 0)
    assert vote(view, "r", 4, 0, forced=True)


def test_who_owns_nothing_has_no_vote() -> None:
    view = voter()
    view.take(SHARES["b"])
    assert not vote(view, "r", 4, 0)


def test_a_winner_has_what_its_primary_had() -> None:
    view = replica_of_failed()
    view.lead(4)
    assert (view.me.primary, view.me.epoch, view.me.slots) == (None, 4, SHARES["a"])
    assert view.nodes["a"].slots == 0
