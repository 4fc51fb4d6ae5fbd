"""Requests in flight at once on one connection: what each costs, and what each weighs."""

from __future__ import annotations

import asyncio
import time
import tracemalloc
from statistics import median

from benchmarks.data import KEYS
from benchmarks.growth.curve import Curve
from benchmarks.peers.door import Address, Client, Peer

COST_PANEL = "requests in flight at once: processor time of each"
WEIGHT_PANEL = "requests in flight at once: memory of each"


async def cost_curve(name: str, peer: Peer, at: Address, sizes: list[int], seconds: float) -> Curve:
    """Measure the client's processor time for each call, with ever more calls made before the first is awaited."""
    client = await peer.open(at, 1)
    try:
        points = [(size, await _cost(client, size, seconds)) for size in sizes]
    finally:
        await client.close()
    return Curve(COST_PANEL, name, "µs", points)


async def weight_curve(name: str, peer: Peer, at: Address, sizes: list[int]) -> Curve:
    """Measure the memory that Python allocates for each call from the call until its reply."""
    client = await peer.open(at, 1)
    try:
        await client.get(KEYS[0])
        points = [(size, await _weight(client, size)) for size in sizes]
    finally:
        await client.close()
    return Curve(WEIGHT_PANEL, name, "bytes", points)


async def _cost(client: Client, size: int, seconds: float) -> float:
    costs: list[float] = []
    await _fly(client, size)
    until = time.perf_counter() + seconds
    while not costs or time.perf_counter() < until:
        started = time.process_time()
        await _fly(client, size)
        costs.append((time.process_time() - started) / size * 1e6)
    return median(costs)


async def _fly(client: Client, size: int) -> None:
    get, key = client.get, KEYS[0]
    calls = [get(key) for _ in range(size)]
    for call in calls:
        await call


async def _weight(client: Client, size: int) -> float:
    get, key = client.get, KEYS[0]
    tracemalloc.start()
    try:
        calls = [get(key) for _ in range(size)]
        # One tick: they are written, and no reply was read yet.
        await asyncio.sleep(0)
        allocated, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    for call in calls:
        await call
    return allocated / size
