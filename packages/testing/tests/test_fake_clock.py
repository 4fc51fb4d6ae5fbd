"""The clock tests can freeze and move."""

from __future__ import annotations

import asyncio

import pytest

from respool_testing import Clock, FakeServer, RawConnection


def frozen_clock() -> Clock:
    clock = Clock()
    clock.freeze(1000.0)
    return clock


def test_a_frozen_clock_stands_still_until_advanced() -> None:
    clock = frozen_clock()
    assert clock.now() == 1000.0
    clock.advance(0.1)
    assert clock.microseconds() == 1_000_100_000


def test_advancing_runs_what_falls_due_in_order_each_at_its_time() -> None:
    clock = frozen_clock()
    seen: list[tuple[str, float]] = []
    clock.call_at(1_003_000_000, lambda: seen.append(("late", clock.now())))
    clock.call_at(1_001_000_000, lambda: seen.append(("early", clock.now())))
    clock.advance(2)
    assert seen == [("early", 1001.0)]
    clock.advance(1)
    assert seen == [("early", 1001.0), ("late", 1003.0)]


def test_a_timer_set_on_the_way_still_runs_within_the_same_advance() -> None:
    clock = frozen_clock()
    seen: list[float] = []

    def set_another() -> None:
        clock.call_at(1_002_000_000, lambda: seen.append(clock.now()))

    clock.call_at(1_001_000_000, set_another)
    clock.advance(5)
    assert seen == [1002.0]


def test_a_cancelled_timer_does_not_run() -> None:
    clock = frozen_clock()
    timer = clock.call_at(1_001_000_000, lambda: pytest.fail("ran all the same"))
    timer.cancel()
    clock.advance(5)


def test_time_does_not_go_backwards() -> None:
    with pytest.raises(ValueError, match="does not go backwards"):
        frozen_clock().advance(-1)


def test_a_resumed_clock_goes_on_from_where_it_stood() -> None:
    clock = frozen_clock()
    clock.resume()
    assert 1000.0 <= clock.now() < 1060.0
    assert not clock.frozen


def test_a_running_clock_can_be_moved_forward() -> None:
    clock = Clock()
    before = clock.now()
    clock.advance(3600)
    assert clock.now() >= before + 3600


async def test_a_running_clock_wakes_what_waits_for_it() -> None:
    clock, rang = Clock(), asyncio.Event()
    clock.bind(asyncio.get_running_loop())
    clock.call_at(clock.microseconds() + 1000, rang.set)
    await asyncio.wait_for(rang.wait(), 5)


async def test_expiry_follows_the_clock(respool_server: FakeServer, respool_clock: Clock) -> None:
    respool_clock.freeze()
    async with RawConnection(respool_server.host, respool_server.port) as client:
        await client.call("SET", "k", "v", "PX", 100)
        respool_clock.advance(0.099)
        assert await client.call("PTTL", "k") == 1
        respool_clock.advance(0.001)
        assert await client.call("GET", "k") is None


async def test_blocking_timeouts_follow_the_clock(respool_server: FakeServer, respool_clock: Clock) -> None:
    respool_clock.freeze()
    async with RawConnection(respool_server.host, respool_server.port) as client:
        client.send("HELLO", 3)
        client.send("BLPOP", "queue", 30)
        await client.reply()
        await respool_server.until(lambda: any(each.blocked for each in respool_server.connections))
        respool_clock.advance(30)
        assert await client.reply() is None
