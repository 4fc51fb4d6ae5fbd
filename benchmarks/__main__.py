"""`python -m benchmarks`: GET throughput of every peer at 1, 50 and 500 tasks, in interleaved rounds."""

from __future__ import annotations

import argparse
import asyncio
import time
from statistics import median

from benchmarks.peers import CONNECT, Peer
from respool_testing import RealServer

TASKS = (1, 50, 500)


async def calls_per_second(peer: Peer, tasks: int, seconds: float) -> float:
    """Let `tasks` tasks call one after the other for about `seconds`."""
    deadline = time.perf_counter() + seconds
    calls = 0

    async def work() -> None:
        nonlocal calls
        while time.perf_counter() < deadline:
            for _ in range(10):
                await peer.get("key")
            calls += 10

    started = time.perf_counter()
    await asyncio.gather(*(work() for _ in range(tasks)))
    return calls / (time.perf_counter() - started)


async def measure(server: RealServer, tasks: int, rounds: int, seconds: float) -> dict[str, list[float]]:
    """Return what every peer did in every round; the peers take turns within a round."""
    peers = [await connect(server.host, server.port, tasks) for connect in CONNECT]
    results: dict[str, list[float]] = {peer.name: [] for peer in peers}
    for peer in peers:
        await calls_per_second(peer, tasks, seconds / 4)  # connects, and warms up
    for _ in range(rounds):
        for peer in peers:
            results[peer.name].append(await calls_per_second(peer, tasks, seconds))
    for peer in peers:
        await peer.close()
    return results


async def main(rounds: int, seconds: float) -> None:
    print(f"{'tasks':>6} {'client':<10} {'median GET/s':>13} {'respool is':>11}")
    async with RealServer() as server:
        for tasks in TASKS:
            results = await measure(server, tasks, rounds, seconds)
            for name, rates in results.items():
                ratio = median(ours / theirs for ours, theirs in zip(results["respool"], rates, strict=True))
                print(f"{tasks:>6} {name:<10} {median(rates):>13,.0f} {ratio:>10.2f}x")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=0.5, help="for each peer in each round")
    options = parser.parse_args()
    asyncio.run(main(options.rounds, options.seconds))
