"""The contract of what a connection tells of itself while it works: pending, average, estimate, lag.

On every server, transport and protocol. Times depend on the machine, so what is asserted is how they relate.
"""

from __future__ import annotations

import asyncio
import time

import pytest

from packages.core.tests.contract import Connect, ask
from respool import TimeoutError
from respool_testing import RawConnection


async def test_all_is_zero_before_the_first_use(any_connect: Connect) -> None:
    connection = any_connect()
    assert connection.requests_pending == 0
    assert (connection.average_response_time, connection.estimated_time_to_idle, connection.lag) == (0, 0, 0)
    assert connection.push_messages.empty()
    assert connection.tracking_client_id is None


async def test_pending_counts_what_is_not_answered(any_connect: Connect, any_witness: RawConnection) -> None:
    connection = any_connect()
    await connection.connect()
    requests = [await connection.create_request(b"BLPOP", "list", 0) for _ in range(3)]
    assert connection.requests_pending == 3
    for left in (2, 1, 0):
        await any_witness.call("RPUSH", "list", "x")
        await requests.pop(0)
        assert connection.requests_pending == left


async def test_a_request_that_timed_out_is_pending_until_its_reply_is_there(
    any_connect: Connect, any_witness: RawConnection
) -> None:
    connection = any_connect()
    late = await connection.create_request(b"BLPOP", "list", 0, timeout=0.01)
    with pytest.raises(TimeoutError):
        await late
    assert connection.requests_pending == 1
    await any_witness.call("RPUSH", "list", "x")
    await ask(connection, b"PING")
    assert connection.requests_pending == 0


async def test_the_average_lies_between_nothing_and_what_it_took(any_connect: Connect) -> None:
    connection = any_connect()
    began = time.monotonic()
    await ask(connection, b"PING")
    assert 0 < connection.average_response_time <= time.monotonic() - began


async def test_the_average_forgets(any_connect: Connect, any_witness: RawConnection) -> None:
    connection = any_connect()
    slow = await connection.create_request(b"BLPOP", "list", 0)
    with pytest.raises(TimeoutError):  # something to wait for, so that the one before takes its time
        await ask(any_connect(), b"BLPOP", "other", 0, timeout=0.05)
    await any_witness.call("RPUSH", "list", "x")
    await slow
    before = connection.average_response_time
    for _ in range(50):
        await ask(connection, b"PING")
    assert before >= 0.004  # the slow one alone weighs a tenth
    assert connection.average_response_time < before / 2


async def test_the_estimate_is_the_average_times_the_pending(any_connect: Connect) -> None:
    connection = any_connect()
    await ask(connection, b"PING")
    requests = [await connection.create_request(b"PING") for _ in range(7)]
    assert connection.estimated_time_to_idle == pytest.approx(7 * connection.average_response_time)
    await asyncio.gather(*requests)
    assert connection.estimated_time_to_idle == 0


async def test_lag_is_there_only_while_a_reply_is_owed(
    any_connect: Connect, any_witness: RawConnection
) -> None:
    connection = any_connect()
    await ask(connection, b"PING")
    assert connection.lag == 0
    late = await connection.create_request(b"BLPOP", "list", 0, timeout=0.02)
    with pytest.raises(TimeoutError):
        await late
    assert 0.01 <= connection.lag < 5
    await any_witness.call("RPUSH", "list", "x")
    await ask(connection, b"PING")
    assert connection.lag == 0


async def test_gauges_are_zero_again_after_the_end(any_connect: Connect) -> None:
    connection = any_connect()
    pending = await connection.create_request(b"BLPOP", "list", 0)
    await asyncio.sleep(0)
    connection.disconnect()
    await asyncio.wait([pending])
    assert pending.exception() is not None
    assert (connection.requests_pending, connection.lag, connection.estimated_time_to_idle) == (0, 0, 0)
