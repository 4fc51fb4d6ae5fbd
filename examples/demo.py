"""See respool work: `python examples/demo.py`, or `python examples/demo.py redis://host:port` for a server of yours.

Without a URL nothing is needed: a fake server, a fake cluster and fake sentinels are started in this process, on real
sockets, and made to fail while the clients use them.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable, Iterable

from respool import Redis, RedisError
from respool_cluster import Node, RedisCluster
from respool_sentinel import Sentinel
from respool_testing import FakeCluster, FakeSentinel, FakeServer

CALLS = 2_000
KEYS = 24
PREFIX = "respool-demo:"


def title(text: str) -> None:
    print(f"\n{text}\n{'-' * len(text)}")


def say(what: str, outcome: object) -> None:
    print(f"  {what:<58} {outcome}")


async def one_server(redis: Redis[bytes], where: str) -> None:
    """Drive one server: eager calls, a transaction, what an error looks like."""
    title(f"One server, at {where}")
    hits = f"{PREFIX}hits"
    await redis.delete(hits)
    say("ping", (await redis.ping()).decode())

    started = time.perf_counter()
    replies = await asyncio.gather(*(redis.incr(hits) for _ in range(CALLS)))
    took = time.perf_counter() - started
    in_order = replies == list(range(1, CALLS + 1))
    say(
        f"{CALLS} INCR at once, no tasks, one connection",
        f"{took * 1e3:.0f} ms, {CALLS / took:,.0f} a second",
    )
    say("every reply belongs to its own call", "yes" if in_order else "NO")

    async with redis.pipeline() as pipe:
        total = pipe.incr(hits)
        pipe.expire(hits, 60)
        await pipe.execute()
    say("MULTI, INCR, EXPIRE, EXEC in one write", f"total {await total}")
    try:
        await redis.execute_command("LPUSH", hits, "x")
    except RedisError as error:
        say("a list command on a counter", f"{type(error).__name__}")
    await redis.delete(hits)


class Load:
    """Counts up in several keys until told to stop, and remembers what was acknowledged."""

    def __init__(self, incr: Callable[[str], Awaitable[int]], keys: Iterable[str]) -> None:
        self.acknowledged = dict.fromkeys(keys, 0)
        self.unsure = dict.fromkeys(self.acknowledged, 0)
        self.longest_wait = 0.0
        self._incr = incr
        self._stopped = False

    async def run(self) -> None:
        await asyncio.gather(*map(self._count, self.acknowledged))

    def stop(self) -> None:
        self._stopped = True

    async def _count(self, key: str) -> None:
        while not self._stopped:
            started = time.perf_counter()
            try:
                await self._incr(key)
                self.acknowledged[key] += 1
            except RedisError as error:
                self.unsure[key] += error.maybe_executed
                await asyncio.sleep(0.01)
            self.longest_wait = max(self.longest_wait, time.perf_counter() - started)

    def verdict(self, stored: dict[str, int]) -> str:
        """Hold what was acknowledged against what is stored: neither lost nor counted twice."""
        for key, acked in self.acknowledged.items():
            if not acked <= stored[key] <= acked + self.unsure[key]:
                return f"NO: {key} was acknowledged {acked} times and holds {stored[key]}"
        return "yes"


async def under_load(
    load: Load, fail_over: Callable[[], Awaitable[object]], read: Callable[[str], Awaitable[bytes | None]]
) -> None:
    """Run the load, fail over in the middle of it, and tell what became of every increment."""
    running = asyncio.ensure_future(load.run())
    await asyncio.sleep(0.5)
    before = sum(load.acknowledged.values())
    started = time.perf_counter()
    await fail_over()
    say("failed over, under load, after", f"{(time.perf_counter() - started) * 1e3:.0f} ms")
    await asyncio.sleep(1.0)
    load.stop()
    await running
    after = sum(load.acknowledged.values())
    stored = {key: int(await read(key) or 0) for key in load.acknowledged}
    say("increments acknowledged before / after", f"{before} / {after - before}")
    say("longest wait of any call", f"{load.longest_wait * 1e3:.0f} ms")
    say("calls that could not know whether they were executed", sum(load.unsure.values()))
    say("nothing acknowledged is lost, nothing counted twice", load.verdict(stored))


async def cluster() -> None:
    """Fail a primary over while every slot is written to."""
    async with FakeCluster(primaries=3, replicas=1) as fake:
        title(f"A cluster of {len(fake.nodes)} nodes, at {fake.url}")
        first = fake.nodes[0]
        async with RedisCluster(startup_nodes=[Node(first.host, first.port)]) as redis:
            load = Load(redis.incr, [f"{PREFIX}{number}" for number in range(KEYS)])
            await under_load(load, lambda: fake.failover(fake.primaries[0]), redis.get)


async def sentinel() -> None:
    """Let the sentinels promote a replica while the primary is written to."""
    async with FakeSentinel("mymaster", replicas=2, sentinels=3) as fake:
        title(f"A primary, 2 replicas and 3 sentinels, at {fake.sentinel_addresses[0][0]}")
        async with Sentinel(fake.sentinel_addresses) as sentinels:
            redis = sentinels.primary_for("mymaster")
            load = Load(redis.incr, [f"{PREFIX}{number}" for number in range(KEYS)])
            say("the primary, as the sentinels have it", await address(sentinels))
            await under_load(load, fake.failover, redis.get)
            say("the primary now", await address(sentinels))


async def address(sentinels: Sentinel[bytes]) -> str:
    """Ask the sentinels where the primary is."""
    host, port = await sentinels.discover_primary("mymaster")
    return f"{host}:{port}"


async def main(arguments: list[str]) -> None:
    """Show one server; without a URL also the cluster and the sentinels."""
    if arguments:
        async with Redis.from_url(arguments[0]) as redis:
            await redis.ping()
            await one_server(redis, arguments[0].rpartition("@")[2].removeprefix("redis://"))
        return
    async with FakeServer() as server, Redis.from_url(server.url) as redis:
        await one_server(redis, f"{server.host}:{server.port} (fake)")
    await cluster()
    await sentinel()
    print()


if __name__ == "__main__":
    try:
        asyncio.run(main(sys.argv[1:]))
    except RedisError as error:
        sys.exit(f"demo: {error}")
