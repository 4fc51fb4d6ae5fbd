"""Who holds which slot: single decisions. `test_ledger_model` plays arbitrary sequences of them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from itertools import count

import pytest

from respool._pool.ledger import IdleQueue, Ledger, Use, Want


class Waiting:
    """Somebody in line, without an event loop."""

    def __init__(self) -> None:
        self.served: list[str] = []
        self.error: BaseException | None = None
        self.vanished = False

    def done(self) -> bool:
        return self.vanished or bool(self.served)

    def set_result(self, connection: str, /) -> None:
        self.served.append(connection)

    def set_exception(self, error: BaseException, /) -> None:
        self.error = error
        self.vanished = True


def ledger(
    limit: int | None = 2, make_queue: Callable[[], IdleQueue[str]] = asyncio.LifoQueue
) -> Ledger[str]:
    numbers = count(1)
    return Ledger(limit, lambda: f"c{next(numbers)}", make_queue)


def leased(slots: Ledger[str]) -> str:
    connection = slots.lease()
    assert connection is not None
    slots.opened(connection)
    return connection


def test_an_unbounded_ledger_always_has_a_lease() -> None:
    slots = ledger(None)
    assert len({leased(slots) for _ in range(100)}) == 100


def test_the_limit_is_hard() -> None:
    slots = ledger(1)
    leased(slots)
    assert slots.lease() is None
    assert slots.share() is None
    assert slots.reserve() is None


@pytest.mark.parametrize(("queue", "first"), [(asyncio.LifoQueue, "c2"), (asyncio.Queue, "c1")])
def test_the_queue_says_which_idle_connection_is_used_first(
    queue: Callable[[], IdleQueue[str]], first: str
) -> None:
    slots = ledger(2, queue)
    for connection in [leased(slots), leased(slots)]:
        slots.put_idle(connection)
    assert leased(slots) == first


def test_a_connection_dropped_while_idle_is_never_handed_out() -> None:
    slots = ledger(1)
    slots.put_idle(leased(slots))
    slots.drop("c1")
    assert leased(slots) == "c2"


def test_entries_of_dropped_connections_do_not_pile_up() -> None:
    queues: list[asyncio.Queue[str]] = []

    def queue() -> asyncio.Queue[str]:
        queues.append(asyncio.LifoQueue())
        return queues[-1]

    slots = ledger(None, queue)
    slots.put_idle(leased(slots))
    for _ in range(200):
        reserved = slots.reserve()
        assert reserved is not None
        slots.put_idle(reserved)
        slots.drop(reserved)
    assert queues[-1].qsize() < 50
    assert slots.lease() == "c1"


def test_the_shared_connection_is_the_same_for_all() -> None:
    slots = ledger()
    assert slots.share() == slots.share() == "c1"
    assert slots.use_of("c1") is Use.SHARED


def test_the_shared_connection_gives_way_only_where_the_limit_leaves_no_other() -> None:
    gave_way = []
    slots = Ledger(2, count(1).__next__, asyncio.LifoQueue, lambda: gave_way.append(1))
    waiter = Waiting()
    assert slots.share() == 1
    assert slots.lease() == 2
    assert not gave_way
    assert slots.lease() is None
    assert slots.is_moving
    assert slots.wait(waiter, Want.LEASE) == 1  # type: ignore[arg-type]
    assert gave_way
    assert slots.shared is None
    slots.put_idle(1)
    assert slots.use_of(1) is Use.HANDED


def test_a_share_that_somebody_holds_does_not_give_way() -> None:
    slots, waiter = ledger(1), Waiting()
    slots.share()
    slots.pin("c1")
    assert not slots.is_moving
    assert slots.wait(waiter, Want.LEASE) is None
    assert slots.shared == "c1"


def several(slots: Ledger[str], shares: int = 2) -> list[str]:
    """Share as many connections as may be."""
    slots.shares = shares
    slots.share()
    while (connection := slots.widen()) is not None:
        slots.widened(connection)
    return slots.held_for(Use.SHARED)


def test_several_shared_connections_take_turns() -> None:
    slots = ledger(None)
    assert several(slots, 3) == ["c1", "c2", "c3"]
    assert [slots.share() for _ in range(4)] == ["c1", "c2", "c3", "c1"]


def test_one_more_is_shared_only_beside_another() -> None:
    slots = ledger()
    slots.shares = 2
    assert slots.widen() is None
    slots.share()
    assert slots.widen() == "c2"
    assert slots.widen() is None


def test_the_limit_holds_for_what_is_shared_too() -> None:
    slots = ledger(2)
    assert several(slots, 3) == ["c1", "c2"]


def test_an_idle_connection_is_shared_too_where_there_is_no_room_for_a_new_one() -> None:
    slots = ledger(2)
    slots.put_idle(leased(slots))
    slots.put_idle(leased(slots))
    assert len(several(slots)) == 2
    assert slots.count(Use.IDLE) == 0


def test_somebody_in_line_goes_before_one_more_to_share() -> None:
    slots, waiter = ledger(2), Waiting()
    slots.shares = 2
    slots.pin(slots.share() or "")
    connection = slots.widen()
    assert connection is not None
    slots.wait(waiter, Want.LEASE)
    slots.widened(connection)
    assert waiter.served == [connection]


def test_all_that_is_shared_gives_way_one_after_the_other() -> None:
    slots, waiters = ledger(2), [Waiting(), Waiting(), Waiting()]
    several(slots)
    assert [slots.is_moving and slots.wait(each, Want.LEASE) for each in waiters] == ["c2", "c1", False]


def test_of_several_one_that_was_lost_has_no_turn_any_more() -> None:
    slots = ledger()
    several(slots)
    slots.drop("c1")
    assert slots.share() == slots.share() == "c2"


def test_a_connection_that_awaits_its_last_replies_is_never_leased_but_may_be_shared() -> None:
    slots = ledger(1)
    slots.settle(leased(slots))
    assert slots.lease() is None
    assert slots.share() == "c1"


def test_one_slot_on_its_way_is_for_one_in_line() -> None:
    slots, waiter = ledger(1), Waiting()
    slots.settle(leased(slots))
    assert slots.is_moving
    slots.wait(waiter, Want.LEASE)
    assert not slots.is_moving


def test_a_connection_that_retires_is_used_no_more_and_holds_its_slot() -> None:
    slots = ledger(1)
    slots.share()
    slots.retire("c1")
    assert slots.lease() is None
    slots.drop("c1")
    assert slots.lease() == "c2"


def test_what_becomes_free_goes_to_the_head_of_the_line() -> None:
    slots, first, second = ledger(1), Waiting(), Waiting()
    held = leased(slots)
    slots.wait(first, Want.LEASE)
    slots.wait(second, Want.LEASE)
    slots.put_idle(held)
    assert (first.served, second.served) == (["c1"], [])
    assert slots.use_of("c1") is Use.HANDED


def test_nobody_overtakes_the_line() -> None:
    slots, waiter = ledger(2), Waiting()
    leased(slots), leased(slots)
    slots.wait(waiter, Want.LEASE)
    slots.limit = 3
    assert slots.lease() is None
    assert slots.share() is None


def test_a_freed_slot_becomes_a_new_connection_in_the_hand_of_the_waiter() -> None:
    slots, waiter = ledger(1), Waiting()
    held = leased(slots)
    slots.wait(waiter, Want.LEASE)
    slots.drop(held)
    assert waiter.served == ["c2"]
    slots.claim("c2", Want.LEASE)
    slots.opened("c2")
    assert slots.use_of("c2") is Use.LEASED


def test_a_waiter_that_vanished_is_passed_over() -> None:
    slots, gone, patient = ledger(1), Waiting(), Waiting()
    held = leased(slots)
    slots.wait(gone, Want.LEASE)
    slots.wait(patient, Want.LEASE)
    gone.vanished = True
    slots.put_idle(held)
    assert (gone.served, patient.served) == ([], ["c1"])


def test_a_share_is_not_taken_from_a_waiter_before_it_notices() -> None:
    slots, sharer, leaser = ledger(1), Waiting(), Waiting()
    held = leased(slots)
    slots.wait(sharer, Want.SHARE)
    slots.wait(leaser, Want.LEASE)
    slots.put_idle(held)
    assert (sharer.served, leaser.served) == (["c1"], [])
    slots.claim("c1", Want.SHARE)
    assert slots.give_way() == "c1"
    slots.put_idle("c1")
    assert leaser.served == ["c1"]


def test_a_failed_constructor_is_the_affair_of_who_waited_not_of_who_released() -> None:
    made = iter(["c1"])
    slots: Ledger[str] = Ledger(1, made.__next__, asyncio.LifoQueue)
    held, waiter = leased(slots), Waiting()
    slots.wait(waiter, Want.LEASE)
    slots.drop(held)
    assert isinstance(waiter.error, StopIteration)
    assert len(slots) == 0
    assert slots.waiting == 0


def test_a_queue_that_refuses_leaves_the_connection_with_its_holder() -> None:
    slots = ledger(2, lambda: asyncio.LifoQueue(1))
    first, second = leased(slots), leased(slots)
    slots.put_idle(first)
    with pytest.raises(asyncio.QueueFull):
        slots.put_idle(second)
    assert slots.use_of(second) is Use.LEASED


@pytest.mark.parametrize("use", [Use.IDLE, Use.LEASED])
def test_an_illegal_move_says_what_it_is(use: Use) -> None:
    slots = ledger()
    slots.share()
    act = {Use.IDLE: slots.put_idle, Use.LEASED: slots.opened}[use]
    with pytest.raises(LookupError, match=f"'c1' is shared and cannot become {use.value}"):
        act("c1")
