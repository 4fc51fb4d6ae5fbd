"""The real client on simulated time and network, under random faults: hundreds of seeds, five promises.

Every request ends in time; no reply crosses to another request; nothing is executed twice, or counted as
executed when it was not; capacity is conserved; and once the faults are over, so are the failures.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import Callable, Coroutine

from respool import BlockingConnectionPool, Redis
from respool.errors import RedisError
from respool_testing import FakeServer
from respool_testing.faults import Fault, FaultBuilder
from respool_testing.simulation import Simulation, simulate, simulate_many

SEEDS = range(100)
CONNECTIONS = 3
# The pool's patience, opening, the request's own deadline, and again for what may be repeated.
LONGEST_SECONDS = 30.0
RECOVERY_SECONDS = 5.0

ACTIONS: list[Callable[[FaultBuilder], Fault]] = [
    lambda fault: fault.drop_connection(),
    lambda fault: fault.drop_connection(when="after_execute"),
    lambda fault: fault.reset(),
    lambda fault: fault.reset(when="after_execute"),
    lambda fault: fault.hang(),
    lambda fault: fault.hang(when="after_execute"),
    lambda fault: fault.delay(0.2, jitter=0.15),
    lambda fault: fault.delay(3, when="after_execute"),
    lambda fault: fault.fragment(1),
    lambda fault: fault.half_reply(),
    lambda fault: fault.half_reply(then="drop_connection"),
    lambda fault: fault.loading(),
    lambda fault: fault.readonly(),
    lambda fault: fault.out_of_memory(),
    lambda fault: fault.throttle(2000),
    lambda fault: fault.push_first("invalidate", "k"),
]


class Trial:
    """One service under load while things fail."""

    def __init__(self, simulation: Simulation, server: FakeServer) -> None:
        self.simulation = simulation
        self.chance = simulation.random
        self.server = server
        self.pool = BlockingConnectionPool.from_url(
            server.url, max_connections=CONNECTIONS, timeout=5, stream_timeout=2, connect_timeout=2
        )
        self.redis: Redis[bytes] = Redis(connection_pool=self.pool)
        self.done: Counter[str] = Counter()
        self.maybe_done: Counter[str] = Counter()

    def arm(self) -> None:
        """Let some things go wrong."""
        for _ in range(self.chance.randint(1, 4)):
            command = self.chance.choice([None, "INCRBY", "ECHO", "BLPOP", "HELLO", "PING"])
            fault = self.server.faults.on(command).optional()
            fault = fault.after(self.chance.randint(0, 20)).times(self.chance.randint(1, 5))
            self.chance.choice(ACTIONS)(fault.chance(0.7, seed=self.chance.randint(0, 99)))
        if self.chance.random() < 0.3:
            opening = self.server.faults.on_connect().after(self.chance.randint(0, 3)).times(2).optional()
            self.chance.choice(ACTIONS[:1] + ACTIONS[4:5])(opening)

    async def load(self) -> None:
        """Send requests of all kinds while the network fails too."""
        tasks = []
        for number in range(self.chance.randint(5, 60)):
            request = self.chance.choice(
                [self.count, self.count, self.echo, self.echo, self.wait, self.cancel]
            )
            tasks.append(asyncio.ensure_future(self.in_time(request(number))))
            if self.chance.random() < 0.4:
                await asyncio.sleep(self.chance.expovariate(50))
            self.disturb()
        for task in tasks:
            await task

    def disturb(self) -> None:
        """Break all connections, or cut the network one way for a while; mostly, do nothing."""
        kind = self.chance.random()
        network, server = self.simulation.network, f"*:{self.server.port}"
        if kind < 0.02:
            network.reset("*")
        elif kind < 0.04:
            network.cut_one_way(*self.chance.sample([server, "*"], 2))
            asyncio.get_running_loop().call_later(self.chance.uniform(0, 6), network.heal)

    async def in_time(self, request: Coroutine[None, None, None]) -> None:
        began = self.simulation.seconds
        with contextlib.suppress(RedisError):  # that requests fail is what the faults are for
            await request
        assert self.simulation.seconds - began <= LONGEST_SECONDS

    async def count(self, number: int) -> None:
        key = f"n{number % 3}"
        try:
            await self.redis.incr(key)
        except RedisError as error:
            self.maybe_done[key] += getattr(error, "maybe_executed", False)
            raise
        self.done[key] += 1

    async def echo(self, number: int) -> None:
        assert await self.redis.echo(f"token {number}") == f"token {number}".encode()

    async def wait(self, number: int) -> None:
        await self.redis.blpop([f"q{number}"], timeout=0.5)

    async def cancel(self, number: int) -> None:
        request = asyncio.ensure_future(self.echo(number))
        await asyncio.sleep(self.chance.uniform(0, 0.01))
        request.cancel()
        await asyncio.wait([request])

    async def recover(self) -> None:
        """End every fault; within the promised time the client works again."""
        self.simulation.network.heal()
        self.server.faults.clear()
        latest = self.simulation.seconds + RECOVERY_SECONDS
        while not await self.is_well():
            assert self.simulation.seconds < latest

    async def is_well(self) -> bool:
        with contextlib.suppress(RedisError):
            return bool(await self.redis.ping())
        await asyncio.sleep(0.05)
        return False

    def check_counts(self) -> None:
        for key in self.done | self.maybe_done:
            value = int(str(self.server.db[0].get(key, b"0"), "ascii"))  # type: ignore[arg-type]
            assert self.done[key] <= value <= self.done[key] + self.maybe_done[key]

    async def check_capacity(self) -> None:
        leases = [await self.pool.get_connection(acquire=True) for _ in range(CONNECTIONS)]
        for lease in leases:
            self.pool.release(lease)

    async def close(self) -> None:
        await self.redis.aclose()
        await self.pool.aclose()
        await self.server.assert_nothing_open()
        left = asyncio.all_tasks() - {asyncio.current_task()}
        assert not left


async def hold_together(simulation: Simulation) -> None:
    async with FakeServer() as server:
        trial = Trial(simulation, server)
        trial.arm()
        await trial.load()
        await trial.recover()
        trial.check_counts()
        await trial.check_capacity()
        await trial.close()


def test_promises_hold_under_random_faults() -> None:
    simulate_many(hold_together, seeds=SEEDS, limit=1000)


def test_nobody_waits_for_ever_behind_a_reply_that_was_lost() -> None:
    async def main(simulation: Simulation) -> None:
        async with FakeServer() as server:
            redis = Redis(connection_pool=narrow_pool(server))
            await redis.ping()
            server.faults.on("ECHO", "first").delay(0.5)
            server.faults.on("ECHO", "lost").hang()
            answered = redis.echo("first"), redis.echo("lost")
            waiting = redis.blpop(["q"], timeout=0.5)
            await asyncio.gather(*answered, waiting, return_exceptions=True)
            await redis.aclose()

    simulate(main, limit=60)


def test_nobody_waits_for_ever_behind_a_cancelled_request() -> None:
    async def main(simulation: Simulation) -> None:
        async with FakeServer() as server:
            redis = Redis(connection_pool=narrow_pool(server))
            await redis.ping()
            server.faults.on("ECHO").hang()
            cancelled = redis.echo("x")
            await asyncio.sleep(0.01)
            cancelled.cancel()
            await asyncio.gather(redis.blpop(["q"], timeout=0.5), return_exceptions=True)
            await redis.aclose()

    simulate(main, limit=60)


def narrow_pool(server: FakeServer) -> BlockingConnectionPool:
    """Make a pool of one connection, so that whoever needs it alone has to wait for it."""
    return BlockingConnectionPool.from_url(server.url, max_connections=1, timeout=5, stream_timeout=2)


def test_faults_are_the_same_for_the_same_seed() -> None:
    async def main(simulation: Simulation) -> list[str]:
        async with FakeServer() as server:
            Trial(simulation, server).arm()
            return [str(fault) for fault in server.faults.armed]

    assert simulate(main, seed=1) == simulate(main, seed=1) != simulate(main, seed=2)
