"""A pool of many connections, and one that many wait for: what one operation costs, in wall time of one core."""

from __future__ import annotations

import asyncio
import time
from statistics import median

from benchmarks.growth.curve import Curve
from benchmarks.growth.nowhere import NowhereConnection
from respool import BlockingConnectionPool

CONNECTIONS_PANEL = "connections in the pool: one operation"
WAITERS_PANEL = "tasks that wait for one connection: each of them"
TIMES = 500
REPEATS = 5


async def lease_curve(sizes: list[int]) -> Curve:
    """Measure lease and release with ever more connections idle."""
    return Curve(
        CONNECTIONS_PANEL, "lease and release", "µs", [(size, await _lease_cost(size)) for size in sizes]
    )


async def close_curve(sizes: list[int]) -> Curve:
    """Measure closing a whole pool, for each of its connections."""
    return Curve(CONNECTIONS_PANEL, "close", "µs", [(size, await _close_cost(size)) for size in sizes])


async def hand_over_curve(sizes: list[int]) -> Curve:
    """Measure the hand-over from one waiter to the next."""
    return Curve(WAITERS_PANEL, "handed over", "µs", [(size, await _hand_over_cost(size)) for size in sizes])


async def cancel_curve(sizes: list[int]) -> Curve:
    """Measure the cancelling of waiters, from the last in line to the first."""
    return Curve(WAITERS_PANEL, "cancelled", "µs", [(size, await _cancel_cost(size)) for size in sizes])


def _pool(limit: int) -> BlockingConnectionPool:
    return BlockingConnectionPool(connection_class=NowhereConnection, max_connections=limit, timeout=None)


async def _filled(pool: BlockingConnectionPool, size: int) -> None:
    taken = [await pool.get_connection() for _ in range(size)]
    for connection in taken:
        pool.release(connection)


async def _lease_cost(size: int) -> float:
    async with _pool(size) as pool:
        await _filled(pool, size)
        costs = []
        for _ in range(REPEATS):
            started = time.perf_counter()
            for _ in range(TIMES):
                pool.release(await pool.get_connection())
            costs.append((time.perf_counter() - started) / TIMES * 1e6)
    return median(costs)


async def _close_cost(size: int) -> float:
    pool = _pool(size)
    await _filled(pool, size)
    started = time.perf_counter()
    await pool.aclose()
    return (time.perf_counter() - started) / size * 1e6


async def _hand_over_cost(size: int) -> float:
    async with _pool(1) as pool:
        held = await pool.get_connection()

        async def take_turn() -> None:
            pool.release(await pool.get_connection())

        waiting = [asyncio.ensure_future(take_turn()) for _ in range(size)]
        await asyncio.sleep(0)
        started = time.perf_counter()
        pool.release(held)
        await asyncio.gather(*waiting)
        return (time.perf_counter() - started) / size * 1e6


async def _cancel_cost(size: int) -> float:
    async with _pool(1) as pool:
        held = await pool.get_connection()
        waiting = [asyncio.ensure_future(pool.get_connection()) for _ in range(size)]
        await asyncio.sleep(0)
        started = time.perf_counter()
        for task in reversed(waiting):
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        cost = (time.perf_counter() - started) / size * 1e6
        pool.release(held)
    return cost
