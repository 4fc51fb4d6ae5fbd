"""When keys end, on a fake and on a real server. Time passing is tested with the clock, in `test_fake_clock.py`."""

from __future__ import annotations

import pytest

from respool_testing import RawConnection
from respool_testing.replies import Error

FAR = 99_999_999_999


async def test_time_to_live_tells_missing_from_eternal(any_client: RawConnection) -> None:
    await any_client.call("SET", "k", "v")
    assert [await any_client.call(name, "k") for name in ("TTL", "PTTL", "EXPIRETIME")] == [-1, -1, -1]
    assert [await any_client.call(name, "x") for name in ("TTL", "PTTL", "PEXPIRETIME")] == [-2, -2, -2]


async def test_a_moment_can_be_set_and_read_in_either_unit(any_client: RawConnection) -> None:
    await any_client.call("SET", "k", "v")
    assert await any_client.call("EXPIREAT", "k", FAR) == 1
    assert await any_client.call("PEXPIRETIME", "k") == FAR * 1000
    assert await any_client.call("PEXPIREAT", "k", FAR * 1000 + 500) == 1
    assert await any_client.call("EXPIRETIME", "k") == FAR + 1


async def test_a_span_in_the_past_removes_the_key(any_client: RawConnection) -> None:
    await any_client.call("SET", "k", "v")
    assert await any_client.call("EXPIRE", "k", -1) == 1
    assert await any_client.call("EXISTS", "k") == 0
    assert await any_client.call("EXPIRE", "k", 10) == 0


async def test_persist_takes_the_end_away_once(any_client: RawConnection) -> None:
    await any_client.call("SET", "k", "v", "EX", 100)
    assert [await any_client.call("PERSIST", "k") for _ in range(2)] == [1, 0]


@pytest.mark.parametrize(
    ("condition", "without", "shorter", "longer"),
    [("NX", 1, 0, 0), ("XX", 0, 1, 1), ("GT", 0, 0, 1), ("LT", 1, 1, 0)],
)
async def test_conditions_compare_with_the_present_end(
    any_client: RawConnection, condition: str, without: int, shorter: int, longer: int
) -> None:
    await any_client.call("MSET", "a", "v", "b", "v", "c", "v")
    for key in ("b", "c"):
        await any_client.call("EXPIRE", key, 100)
    assert await any_client.call("EXPIRE", "a", 50, condition) == without
    assert await any_client.call("EXPIRE", "b", 50, condition) == shorter
    assert await any_client.call("EXPIRE", "c", 200, condition) == longer


@pytest.mark.parametrize(
    ("request_line", "complaint"),
    [
        ("EXPIRE k x", "ERR value is not an integer or out of range"),
        ("EXPIRE k 9999999999999999", "ERR invalid expire time in 'expire' command"),
        ("PEXPIRE k 9223372036854775807", "ERR invalid expire time in 'pexpire' command"),
        ("EXPIRE k 1 ZZ", "ERR Unsupported option ZZ"),
        ("EXPIRE k 1 NX GT", "ERR NX and XX, GT or LT options at the same time are not compatible"),
        ("EXPIRE k 1 GT LT", "ERR GT and LT options at the same time are not compatible"),
    ],
)
async def test_bad_ends_are_refused(any_client: RawConnection, request_line: str, complaint: str) -> None:
    await any_client.call("SET", "k", "v")
    assert await any_client.call(*request_line.split()) == Error.of(complaint)
    assert await any_client.call("TTL", "k") == -1
