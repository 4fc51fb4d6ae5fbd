"""What is sent again where a failover may be under way."""

from __future__ import annotations

import pytest

from respool import RetryPolicy
from respool.errors import ConnectionError, DataError, ReadOnlyError, RedisError, WrongTypeError
from respool.lowlevel import build_request
from respool_sentinel._discovery import UnknownServiceError
from respool_sentinel._patience import ExhaustedError, Patience, ServicePolicy

READONLY = ReadOnlyError("READONLY You can't write against a read only replica.")


class Pool:
    """One that counts how often it was made to doubt."""

    def __init__(self, is_primary: bool) -> None:
        self.is_primary = is_primary
        self.doubts = 0

    def doubt(self) -> None:
        self.doubts += 1


async def test_what_a_former_primary_refused_is_sent_again_and_the_server_doubted() -> None:
    pool = Pool(is_primary=True)
    assert ServicePolicy.around(Patience(), pool).may_repeat(build_request(("SET", "k", "v")), READONLY)
    assert pool.doubts == 1


async def test_what_a_replica_refused_is_not() -> None:
    pool = Pool(is_primary=False)
    assert not ServicePolicy.around(Patience(), pool).may_repeat(build_request(("SET", "k", "v")), READONLY)
    assert pool.doubts == 0


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (ConnectionError("unsent"), True),
        (ConnectionError("lost", maybe_executed=True), False),
        (WrongTypeError("WRONGTYPE"), False),
        (ExhaustedError("full"), False),
        (UnknownServiceError("who?"), False),
        (DataError("unsendable"), False),
    ],
)
async def test_only_what_a_failover_can_help_is_sent_again(error: RedisError, expected: bool) -> None:
    policy = ServicePolicy.around(Patience(), Pool(is_primary=True))
    assert policy.may_repeat(build_request(("INCR", "k")), error) is expected


def test_a_policy_of_the_callers_keeps_its_pauses_and_attempts() -> None:
    own = RetryPolicy(attempts=2, base=1.0, cap=3.0, uniform=lambda low, high: high)
    policy = ServicePolicy.around(own, Pool(is_primary=True))
    assert policy.attempts == 2
    assert [policy.delay(attempt) for attempt in range(3)] == [1.0, 2.0, 3.0]


def test_pauses_grow_to_a_quarter_of_a_second() -> None:
    assert 0.02 <= Patience().delay(0) <= 0.04
    assert 0.125 <= Patience().delay(1000) <= 0.25
