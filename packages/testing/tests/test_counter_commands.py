"""Strings as numbers, on a fake and on a real server."""

from __future__ import annotations

import pytest

from respool_testing import RawConnection
from respool_testing.replies import Error

NOT_AN_INTEGER = Error.of("ERR value is not an integer or out of range")
OVERFLOW = Error.of("ERR increment or decrement would overflow")


async def test_counting_begins_at_nothing(any_client: RawConnection) -> None:
    replies = [
        await any_client.call(*line.split()) for line in ("INCR n", "INCRBY n 10", "DECR n", "DECRBY n 15")
    ]
    assert replies == [1, 11, 10, -5]


async def test_counting_keeps_the_expiry(any_client: RawConnection) -> None:
    await any_client.call("SET", "n", "1", "EX", 100)
    await any_client.call("INCR", "n")
    assert await any_client.call("TTL", "n") == 100


@pytest.mark.parametrize("value", ["abc", "", "1.5", " 1", "01", "-0", "9223372036854775808"])
async def test_what_is_no_integer_is_not_counted(any_client: RawConnection, value: str) -> None:
    await any_client.call("SET", "n", value)
    assert await any_client.call("INCR", "n") == NOT_AN_INTEGER


@pytest.mark.parametrize(
    ("value", "request_line", "reply"),
    [
        ("9223372036854775807", "INCR n", OVERFLOW),
        ("-9223372036854775808", "DECR n", OVERFLOW),
        ("0", "DECRBY n -9223372036854775808", Error.of("ERR decrement would overflow")),
        ("0", "INCRBY n x", NOT_AN_INTEGER),
    ],
)
async def test_counters_do_not_wrap_round(
    any_client: RawConnection, value: str, request_line: str, reply: Error
) -> None:
    await any_client.call("SET", "n", value)
    assert await any_client.call(*request_line.split()) == reply
    assert await any_client.call("GET", "n") == value.encode()


@pytest.mark.parametrize(
    ("value", "step", "total"),
    [
        ("10.50", "0.1", b"10.6"),
        ("5.0e3", "2.0e2", b"5200"),
        ("0.1", "0.2", b"0.3"),
        ("1", "-1", b"0"),
        ("9223372036854775807", "0.1", b"9223372036854775807"),
        ("3", "-5.25", b"-2.25"),
    ],
)
async def test_incrbyfloat_counts_as_an_80_bit_float_does(
    any_client: RawConnection, value: str, step: str, total: bytes
) -> None:
    await any_client.call("SET", "n", value)
    assert await any_client.call("INCRBYFLOAT", "n", step) == total


@pytest.mark.parametrize(
    ("step", "complaint"),
    [
        ("x", "ERR value is not a valid float"),
        (" 1", "ERR value is not a valid float"),
        ("nan", "ERR value is not a valid float"),
        ("inf", "ERR increment would produce NaN or Infinity"),
    ],
)
async def test_incrbyfloat_refuses_what_is_no_number(
    any_client: RawConnection, step: str, complaint: str
) -> None:
    assert await any_client.call("INCRBYFLOAT", "n", step) == Error.of(complaint)
