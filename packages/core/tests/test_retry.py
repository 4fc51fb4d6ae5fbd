"""When a failed request may be sent again."""

from __future__ import annotations

import pytest

from respool.errors import BusyLoadingError, ConnectionError, RedisError, TimeoutError, WrongTypeError
from respool.lowlevel import GroupedRequest, Request, RetryPolicy, build_request, may_repeat

LOST = ConnectionError("lost", maybe_executed=True)
UNSENT = ConnectionError("never sent")


@pytest.mark.parametrize(
    ("command", "error", "expected"),
    [
        ("INCR", UNSENT, True),
        ("INCR", LOST, False),
        ("GET", LOST, True),
        ("INCR", BusyLoadingError("LOADING"), True),
        ("GET", WrongTypeError("WRONGTYPE"), False),
        ("GET", TimeoutError("late"), False),
    ],
)
async def test_only_what_cannot_execute_twice_is_repeated(
    command: str, error: RedisError, expected: bool
) -> None:
    assert may_repeat(build_request((command, "k")), error) is expected


@pytest.mark.parametrize("error", [UNSENT, LOST])
async def test_a_command_of_a_group_is_never_repeated_alone(error: RedisError) -> None:
    request: Request[object] = build_request(("GET", "k"), kind=GroupedRequest)
    assert not may_repeat(request, error)


def test_the_delay_grows_to_its_cap() -> None:
    policy = RetryPolicy(base=1.0, cap=5.0, uniform=lambda low, high: high)
    assert [policy.delay(attempt) for attempt in range(4)] == [1.0, 2.0, 4.0, 5.0]


def test_a_patient_policy_may_count_as_far_as_it_likes() -> None:
    policy = RetryPolicy(attempts=10**6, uniform=lambda _, most: most)
    assert policy.delay(10**6) == policy.cap
