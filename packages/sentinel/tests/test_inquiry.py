"""One question to many: the first sound answer wins, and nobody is waited for in vain."""

from __future__ import annotations

import asyncio

import pytest

from respool.errors import ConnectionError, ResponseError
from respool_sentinel._inquiry import inquire


async def answer(sentinel: str) -> str:
    """Do as the name says: hang, fail, or answer with it."""
    if sentinel == "hangs":
        await asyncio.get_running_loop().create_future()
    if sentinel == "refuses":
        raise ResponseError("ERR No such master with that name")
    if sentinel == "fails":
        raise ConnectionError("refused")
    return sentinel


def objection(given: str) -> str | None:
    return "too old" if given.startswith("old") else None


async def test_the_first_sound_answer_wins() -> None:
    inquiry = await inquire(["fails", "hangs", "old", "sound"], answer, objection, 60.0)
    assert inquiry.winner == "sound"


async def test_failures_and_objections_are_told_by_name() -> None:
    inquiry = await inquire(["fails", "old 1"], answer, objection, 60.0)
    assert (inquiry.winner, inquiry.doubtful) == (None, ["old 1"])
    assert sorted(inquiry.failures) == ["fails: refused", "old 1: too old"]


async def test_who_is_silent_is_not_waited_for() -> None:
    inquiry = await inquire(["hangs"], answer, objection, 0.0)
    assert str(inquiry).startswith("hangs: no answer within ")


async def test_once_most_have_answered_in_vain_the_rest_is_not_waited_for_long() -> None:
    inquiry = await inquire(["fails", "old", "hangs"], answer, objection, 60.0)
    assert [failure.split(":")[0] for failure in inquiry.failures][-1] == "hangs"


async def test_it_is_told_whether_asking_again_would_help() -> None:
    refused = await inquire(["refuses", "refuses"], answer, objection, 60.0)
    lost = await inquire(["refuses", "fails"], answer, objection, 60.0)
    assert (refused.is_refused, lost.is_refused) == (True, False)


async def test_an_error_that_is_none_of_ours_is_not_hidden() -> None:
    def broken(_: str) -> str | None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await inquire(["sound"], answer, broken, 60.0)


async def test_cancelled_it_asks_nobody_any_more() -> None:
    inquiry = asyncio.ensure_future(inquire(["hangs", "hangs"], answer, objection, 60.0))
    await asyncio.sleep(0)
    inquiry.cancel()
    with pytest.raises(asyncio.CancelledError):
        await inquiry
    assert asyncio.all_tasks() == {asyncio.current_task()}
