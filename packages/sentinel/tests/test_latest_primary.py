"""Whom to believe when sentinels disagree."""

from __future__ import annotations

from dataclasses import replace

from respool_sentinel._latest import Latest
from respool_sentinel._views import View

OLD = View(("10.0.0.1", 6379), frozenset({"master"}), epoch=1)
NEW = View(("10.0.0.2", 6379), frozenset({"master"}), epoch=2)
DOWN = View(("10.0.0.3", 6379), frozenset({"master", "o_down"}), epoch=3)


def test_the_first_primary_is_news() -> None:
    assert Latest().learn("m", OLD) == OLD.address


def test_the_same_primary_again_is_no_news() -> None:
    latest = Latest()
    latest.learn("m", OLD)
    assert latest.learn("m", OLD) is None


def test_a_sentinel_that_missed_a_failover_is_not_believed() -> None:
    latest = Latest()
    latest.learn("m", NEW)
    objection = latest.objection("m", OLD)
    assert objection is not None
    assert "epoch 1" in objection


def test_services_do_not_share_their_epochs() -> None:
    latest = Latest()
    latest.learn("m", NEW)
    assert latest.objection("other", OLD) is None


def test_a_primary_that_is_down_is_not_believed() -> None:
    assert Latest().objection("m", DOWN) == "10.0.0.3:6379 is o_down"


def test_a_primary_that_is_down_may_still_be_news() -> None:
    latest = Latest()
    latest.learn("m", OLD)
    assert latest.outdated("m", DOWN) is None
    assert latest.learn("m", DOWN) == DOWN.address


def knowing(*views: View) -> Latest:
    latest = Latest()
    for view in views:
        latest.learn("m", view)
    return latest


def test_what_most_agree_on_stands_although_it_is_behind_our_count() -> None:
    assert knowing(NEW).credible("m", [OLD, OLD], asked=3) == OLD


def test_one_sentinel_that_is_behind_does_not_overrule_those_that_are_silent() -> None:
    assert knowing(NEW).credible("m", [OLD], asked=3) is None


def test_a_server_that_said_it_is_no_primary_gives_way_to_what_most_say() -> None:
    latest = knowing(OLD, NEW)
    latest.refute("m", NEW.address)
    assert latest.objection("m", NEW) == "10.0.0.2:6379 said itself that it is no primary"
    assert latest.credible("m", [NEW, OLD, OLD], asked=3) == OLD


def test_a_server_that_said_it_is_no_primary_is_asked_again_when_all_name_it() -> None:
    latest = knowing(NEW)
    latest.refute("m", NEW.address)
    assert latest.credible("m", [NEW, NEW, OLD], asked=3) == NEW


def test_another_failover_makes_a_server_credible_again() -> None:
    latest = knowing(NEW)
    latest.refute("m", NEW.address)
    assert latest.objection("m", replace(NEW, epoch=3)) is None


def test_what_was_confirmed_is_refuted_no_more() -> None:
    latest = knowing(NEW)
    latest.refute("m", NEW.address)
    latest.confirm("m", NEW.address)
    assert latest.objection("m", NEW) is None


RIVAL = replace(NEW, address=("10.0.0.9", 6379))


def test_in_one_epoch_there_is_one_primary_if_it_says_so_itself() -> None:
    latest = knowing(NEW)
    latest.confirm("m", NEW.address)
    assert latest.objection("m", RIVAL) == "10.0.0.2:6379 is the primary in epoch 2, and says so itself"
    assert latest.objection("m", NEW) is None
    assert latest.objection("m", replace(RIVAL, epoch=3)) is None


def test_what_no_server_confirmed_gives_way_to_another_word_in_the_same_epoch() -> None:
    latest = knowing(NEW)
    assert latest.objection("m", RIVAL) is None
    latest.confirm("m", NEW.address)
    latest.refute("m", NEW.address)
    assert latest.objection("m", RIVAL) is None


def test_of_servers_that_are_down_none_stands() -> None:
    assert Latest().credible("m", [DOWN], asked=1) is None


def test_a_sentinel_that_knows_too_few_others_is_not_believed() -> None:
    latest = Latest(others=2)
    assert latest.objection("m", replace(NEW, others=1)) == (
        "knows 1 other sentinels, less than min_other_sentinels=2"
    )
    assert latest.credible("m", [replace(NEW, others=1)], asked=1) is None
    assert latest.objection("m", replace(NEW, others=2)) is None


def test_a_sentinel_in_tilt_is_believed_only_when_no_other_is_there() -> None:
    tilted = replace(NEW, is_tilted=True)
    assert Latest().objection("m", tilted) == "is in TILT mode"
    assert Latest().credible("m", [tilted], asked=3) == tilted
