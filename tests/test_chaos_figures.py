"""What the scenes of trouble make of replies: every loss and every duplicate is seen, and nothing else."""

from __future__ import annotations

import asyncio
import json

import pytest

from benchmarks.chaos.listening import Hearing
from benchmarks.chaos.oracle import Oracle
from benchmarks.chaos.outcome import Outcome, Promise, lines, to_json
from benchmarks.chaos.truth import Truth
from respool.errors import ConnectionError


def told(*replies: int | None, stored: int) -> tuple[int, int]:
    """Return what is lost and duplicated after these replies; None is a call that may have been executed."""
    truth = Truth()
    for reply in replies:
        if reply is None:
            truth.failed(maybe_executed=True)
        else:
            truth.replied(reply)
    truth.stored(stored)
    return truth.lost, truth.duplicated


@pytest.mark.parametrize(
    ("replies", "stored", "expected"),
    [
        ((1, 2, 3), 3, (0, 0)),
        ((1, 2, 2), 2, (1, 0)),
        ((1, 3), 3, (0, 1)),
        ((1, None, 3), 3, (0, 0)),
        ((1, None, 2), 2, (0, 0)),
        ((1, None, 4), 4, (0, 1)),
        ((1, 2), 1, (1, 0)),
        ((1, 2), 3, (0, 1)),
        ((1, 2, None), 3, (0, 0)),
    ],
)
def test_what_is_lost_or_done_twice_is_seen(
    replies: tuple[int | None, ...], stored: int, expected: tuple[int, int]
) -> None:
    assert told(*replies, stored=stored) == expected


def test_a_call_that_was_not_executed_leaves_no_doubt() -> None:
    truth = Truth()
    truth.failed(maybe_executed=False)
    truth.replied(2)
    assert truth.duplicated == 1


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ([1, 2, 3], (0, 0)),
        ([1, 3], (1, 0)),
        ([1, None, 3], (0, 0)),
        ([1, None, 2, 4], (1, 0)),
        ([None, 2, 2, 3], (0, 1)),
        ([None, 3, 2, 4], (0, 0)),
    ],
)
def test_what_is_not_heard_and_not_told_of_is_lost(told: list[int | None], expected: tuple[int, int]) -> None:
    hearing = Hearing()
    for number in range(1, 5):
        hearing.said(number)
    for each in told:
        if each is None:
            hearing.missed()
        else:
            hearing.heard(each)
    assert (hearing.lost, hearing.duplicated) == expected


def test_what_was_never_said_for_sure_is_not_missed() -> None:
    hearing = Hearing()
    hearing.said(1)
    hearing.heard(1)
    hearing.heard(3)
    hearing.said(3)
    assert (hearing.lost, hearing.duplicated) == (0, 0)


class Flaky:
    """Counts, but every third call of a key fails."""

    def __init__(self) -> None:
        self.calls = self.value = 0
        self.failed = asyncio.Event()

    async def incr(self, key: str) -> int:
        await asyncio.sleep(0)
        self.calls += 1
        if self.calls % 3 == 0:
            self.failed.set()
            raise ConnectionError("refused")
        self.value += 1
        return self.value

    async def get(self, key: str) -> bytes:
        return b"%d" % self.value


async def test_callers_take_down_failures_and_go_on() -> None:
    client = Flaky()
    oracle = Oracle(client, {"0": ["k"]})
    async with oracle:
        await client.failed.wait()
        since = asyncio.get_running_loop().time()
        assert await oracle.back("0", since) >= since
    await oracle.settle()
    truth = oracle.callers[0].truth
    assert list(oracle.errors) == ["ConnectionError: refused"]
    assert (truth.lost, truth.duplicated) == (0, 0)


KILLED = Outcome("killed", 10, 1, 0, 0, 3.0, promotion=3.0, back=0.1, others_percent=95)


@pytest.mark.parametrize(
    ("promise", "missed"),
    [
        (Promise(), []),
        (Promise(errors=0), ["errors over 0"]),
        (Promise(back=0.05), ["back too late"]),
        (Promise(back=0.05, back_since_fault=3.2), []),
        (Promise(others_percent=99), ["others under 99 %"]),
    ],
)
def test_broken_promises_are_named(promise: Promise, missed: list[str]) -> None:
    assert promise.broken(KILLED) == missed


def test_a_table_says_what_was_missed() -> None:
    text = "\n".join(lines([KILLED], {"killed": Promise(errors=0)}))
    assert "3.000" in text
    assert "errors over 0" in text


def test_json_says_the_same() -> None:
    [row] = json.loads(to_json([KILLED], {"killed": Promise(errors=0)}))
    assert (row["back"], row["missed"]) == (0.1, ["errors over 0"])
