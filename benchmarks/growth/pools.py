"""A pool of many connections, and one that many wait for: what one operation costs."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from statistics import median

from benchmarks.growth.curve import Curve
from benchmarks.growth.nowhere import NowhereConnection
from benchmarks.window import Window, measured
from respool import BlockingConnectionPool

CONNECTIONS_PANEL = "connections in the pool: one operation"
WAITERS_PANEL = "tasks that wait for one connection: each of them"
LEASES = 500
REPEATS = 3


async def lease_curve(sizes: list[int]) -> Curve:
    """Measure lease and release with ever more connections idle."""
    return await _curve(CONNECTIONS_PANEL, "lease and release", sizes, _lease)


async def close_curve(sizes: list[int]) -> Curve:
    """Measure closing a whole pool, for each of its connections."""
    return await _curve(CONNECTIONS_PANEL, "close", sizes, _close)


async def hand_over_curve(sizes: list[int]) -> Curve:
    """Measure the hand-over from one waiter to the next."""
    return await _curve(WAITERS_PANEL, "handed over", sizes, _hand_over)


async def cancel_curve(sizes: list[int]) -> Curve:
    """Measure the cancelling of waiters, from the last in line to the first."""
    return await _curve(WAITERS_PANEL, "cancelled", sizes, _cancel)


async def _curve(panel: str, name: str, sizes: list[int], take: Callable[[int], Awaitable[Window]]) -> Curve:
    points = []
    for size in sizes:
        windows = [await take(size) for _ in range(REPEATS)]
        points.append((size, median(window.cpu_microseconds() for window in windows)))
    return Curve(panel, name, "µs", points)


def _pool(limit: int) -> BlockingConnectionPool:
    return BlockingConnectionPool(connection_class=NowhereConnection, max_connections=limit, timeout=None)


async def _filled(size: int) -> BlockingConnectionPool:
    pool = _pool(size)
    taken = [await pool.get_connection() for _ in range(size)]
    for connection in taken:
        pool.release(connection)
    return pool


async def _lease(size: int) -> Window:
    async with await _filled(size) as pool:
        with measured() as window:
            for _ in range(LEASES):
                pool.release(await pool.get_connection())
            window.calls = LEASES
    return window


async def _close(size: int) -> Window:
    pool = await _filled(size)
    with measured() as window:
        await pool.aclose()
        window.calls = size
    return window


async def _hand_over(size: int) -> Window:
    async with _pool(1) as pool:
        held = await pool.get_connection()

        async def take_turn() -> None:
            pool.release(await pool.get_connection())

        waiting = [asyncio.ensure_future(take_turn()) for _ in range(size)]
        await asyncio.sleep(0)
        with measured() as window:
            pool.release(held)
            await asyncio.gather(*waiting)
            window.calls = size
    return window


async def _cancel(size: int) -> Window:
    async with _pool(1) as pool:
        held = await pool.get_connection()
        waiting = [asyncio.ensure_future(pool.get_connection()) for _ in range(size)]
        await asyncio.sleep(0)
        with measured() as window:
            for task in reversed(waiting):
                task.cancel()
            await asyncio.gather(*waiting, return_exceptions=True)
            window.calls = size
        pool.release(held)
    return window
