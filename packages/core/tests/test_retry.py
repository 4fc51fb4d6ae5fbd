"""When a failed request may be sent again."""

from __future__ import annotations

import pytest

from respool import Redis
from respool.errors import BusyLoadingError, ConnectionError, RedisError, TimeoutError, WrongTypeError
from respool.lowlevel import GroupedRequest, Request, RetryPolicy, build_request, may_repeat
from respool_testing import FakeServer

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


class Stubborn(RetryPolicy):
    """Sends again what has a wrong type, too."""

    def may_repeat(self, request: Request[object], error: RedisError) -> bool:
        return isinstance(error, WrongTypeError) or super().may_repeat(request, error)


async def test_what_is_sent_again_is_up_to_the_policy(respool_server: FakeServer) -> None:
    respool_server.faults.on("INCRBY").reply_error("WRONGTYPE not now").times(2)
    async with Redis.from_url(respool_server.url, retry=Stubborn()) as redis:
        assert await redis.incr("n") == 1


async def test_even_a_stubborn_policy_ends_after_its_attempts(respool_server: FakeServer) -> None:
    fault = respool_server.faults.on("INCRBY").reply_error("WRONGTYPE never")
    async with Redis.from_url(respool_server.url, retry=Stubborn(attempts=2, base=0.0)) as redis:
        with pytest.raises(WrongTypeError):
            await redis.incr("n")
    assert fault.hits == 3
