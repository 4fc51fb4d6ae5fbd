"""Deadlines of their own: soonest first, forgetting what is over."""

from __future__ import annotations

import asyncio

from respool._connection.deadlines import Deadlines
from respool._connection.request import Request


def due_at(deadlines: Deadlines, deadline: float) -> Request[object]:
    request: Request[object] = Request()
    request.future = asyncio.get_running_loop().create_future()
    request.deadline = deadline
    deadlines.add(request)
    return request


async def test_an_empty_one_has_nothing_due() -> None:
    deadlines = Deadlines()
    assert deadlines.soonest() is None
    assert deadlines.take_due(1e9) == []


async def test_the_soonest_is_told_in_whatever_order_they_came() -> None:
    deadlines = Deadlines()
    for deadline in (7.0, 3.0, 5.0):
        due_at(deadlines, deadline)
    assert deadlines.soonest() == 3.0


async def test_what_is_due_is_taken_once_and_in_order() -> None:
    deadlines = Deadlines()
    late, soon, middle = (due_at(deadlines, deadline) for deadline in (9.0, 1.0, 2.0))
    assert deadlines.take_due(2.0) == [soon, middle]
    assert deadlines.take_due(2.0) == []
    assert deadlines.take_due(9.0) == [late]


async def test_equal_deadlines_are_due_in_the_order_they_came() -> None:
    deadlines = Deadlines()
    requests = [due_at(deadlines, 1.0) for _ in range(5)]
    assert deadlines.take_due(1.0) == requests


async def test_what_is_over_is_neither_soonest_nor_due() -> None:
    deadlines = Deadlines()
    done, waiting = due_at(deadlines, 1.0), due_at(deadlines, 2.0)
    done.future.set_result(None)
    assert deadlines.soonest() == 2.0
    assert deadlines.take_due(5.0) == [waiting]


async def test_what_is_over_does_not_pile_up_behind_a_distant_deadline() -> None:
    deadlines = Deadlines()
    due_at(deadlines, 1.0)
    for _ in range(10_000):
        due_at(deadlines, 1000.0).future.cancel()
    assert len(deadlines._heap) < 200


async def test_compacting_loses_nobody_who_waits() -> None:
    deadlines = Deadlines()
    waiting = [due_at(deadlines, float(at)) for at in range(300)]
    for _ in range(1000):
        due_at(deadlines, 1.0).future.cancel()
    assert deadlines.take_due(300.0) == waiting


async def test_cleared_it_has_nothing_due() -> None:
    deadlines = Deadlines()
    due_at(deadlines, 1.0)
    deadlines.clear()
    assert deadlines.soonest() is None
