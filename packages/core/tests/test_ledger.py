"""Who holds which slot."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from respool._pool.ledger import Ledger, Use


def ledger(limit: int | None = 2) -> Ledger[str]:
    return Ledger(limit, asyncio.LifoQueue())


def test_an_unbounded_ledger_always_has_room() -> None:
    slots = ledger(None)
    for number in range(100):
        slots.admit(f"c{number}", Use.LEASED)
    assert slots.has_room


def test_the_limit_is_hard() -> None:
    slots = ledger(1)
    slots.admit("a", Use.LEASED)
    assert not slots.has_room
    with pytest.raises(ValueError, match="no slot"):
        slots.admit("b", Use.LEASED)


def test_the_idle_connection_used_last_is_used_again_first() -> None:
    slots = ledger()
    for name in "ab":
        slots.admit(name, Use.LEASED)
        slots.put_idle(name)
    assert slots.take_idle(Use.LEASED) == "b"
    assert slots.use_of("b") is Use.LEASED


def test_a_connection_dropped_while_idle_is_never_handed_out() -> None:
    slots = ledger()
    slots.admit("a", Use.LEASED)
    slots.put_idle("a")
    slots.drop("a")
    assert slots.take_idle(Use.LEASED) is None
    assert slots.has_room


def test_the_shared_connection_can_be_taken_for_a_lease() -> None:
    slots = ledger(1)
    slots.admit("a", Use.SHARED)
    assert slots.take_shared() == "a"
    assert slots.shared is None
    assert slots.use_of("a") is Use.LEASED


def test_nothing_shared_means_nothing_to_take() -> None:
    assert ledger().take_shared() is None


@given(st.lists(st.sampled_from(["admit", "idle", "take", "share", "drop"]), max_size=60))
def test_every_slot_has_one_use_and_the_bound_holds(steps: list[str]) -> None:
    slots = ledger(3)
    for number, step in enumerate(steps):
        leased = [each for each in slots.all() if slots.use_of(each) is Use.LEASED]
        if step == "admit" and slots.has_room:
            slots.admit(str(number), Use.LEASED)
        elif step == "idle" and leased:
            slots.put_idle(leased[0])
        elif step == "take":
            slots.take_idle(Use.LEASED)
        elif step == "share" and slots.shared is None:
            slots.take_idle(Use.SHARED)
        elif step == "drop" and slots.all():
            slots.drop(slots.all()[-1])
        assert len(slots.all()) <= 3
        assert sum(map(slots.count, Use)) == len(slots.all())
        assert slots.count(Use.SHARED) <= 1
