"""Whom to believe when sentinels disagree."""

from __future__ import annotations

from respool_sentinel._latest import Latest, newest
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
    assert latest.services == ["m"]


def test_a_primary_that_is_down_is_not_believed() -> None:
    assert Latest().objection("m", DOWN) == "10.0.0.3:6379 is o_down"


def test_a_primary_that_is_down_may_still_be_news() -> None:
    latest = Latest()
    latest.learn("m", OLD)
    assert latest.outdated("m", DOWN) is None
    assert latest.learn("m", DOWN) == DOWN.address


def test_when_all_are_behind_the_one_least_behind_stands() -> None:
    assert newest([OLD, DOWN, NEW]) == NEW


def test_of_servers_that_are_down_none_stands() -> None:
    assert newest([DOWN]) is None
