"""Thousands of writes through failovers of every kind, in virtual time: nothing hangs, nothing happens twice, and
what was acknowledged is lost only where no client can help it: until the first sentinel tells of the new primary."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections import Counter

from respool import Connection
from respool.errors import RedisError
from respool_sentinel import Sentinel
from respool_testing import FakeSentinel
from respool_testing.sentinel import LIKE_REAL
from respool_testing.simulation import Simulation, simulate_many

SEEDS = range(int(os.environ.get("RESPOOL_SEEDS", "6")))
SECONDS = 25.0
LONGEST_SECONDS = 5.5
"""The default deadline of a command, and a sweep."""
LEAVING_SECONDS = 0.5
SECOND = b"second of "
BACK_SECONDS = 0.5


class Trial:
    """One deployment, writers that never stop, and what became of each write."""

    def __init__(self, simulation: Simulation, deployment: FakeSentinel, sentinel: Sentinel[bytes]) -> None:
        self.simulation = simulation
        self.deployment = deployment
        self.redis = sentinel.primary_for("mymaster")
        self.replicas = sentinel.replica_for("mymaster")
        self.reads: list[float] = []
        self.acknowledged: dict[bytes, float] = {}
        self.impossible: list[bytes] = []
        self.longest = 0.0
        self.told_at = 0.0
        self._is_over = False

    async def write(self, writer: int) -> None:
        number = 0
        while not self._is_over:
            token = b"%d:%d" % (writer, number)
            began = self.simulation.seconds
            try:
                await self.push(token, whole=writer == 0)
                self.acknowledged[token] = self.simulation.seconds
            except RedisError as error:
                if not error.maybe_executed:
                    self.impossible.append(token)
            self.longest = max(self.longest, self.simulation.seconds - began)
            number += 1
            await asyncio.sleep(self.simulation.random.uniform(0.005, 0.05))

    async def push(self, token: bytes, *, whole: bool) -> None:
        """Append a token: as a transaction, with a second one that is there if the first is."""
        if not whole:
            await self.redis.rpush("l", token)
            return
        async with self.redis.pipeline() as pipe:
            pipe.rpush("l", token)
            pipe.rpush("l", SECOND + token)
            await pipe.execute()

    async def read(self) -> None:
        """Read from replicas."""
        while not self._is_over:
            began = self.simulation.seconds
            with contextlib.suppress(RedisError):
                await self.replicas.llen("l")
                self.reads.append(self.simulation.seconds)
            self.longest = max(self.longest, self.simulation.seconds - began)
            await asyncio.sleep(0.05)

    async def disturb(self) -> None:
        """Let one thing happen to the primary, and perhaps one to a sentinel."""
        chance, deployment = self.simulation.random, self.deployment
        await asyncio.sleep(chance.uniform(0.5, 2))
        sentinel = chance.choice(deployment.sentinels)  # two are enough for a failover
        if chance.random() < 0.5:
            if chance.random() < 0.5:
                deployment.hang(sentinel)
            else:
                deployment.freeze_view(sentinel)
        kind = chance.choice(["failover", "kill", "hang", "split"])
        old = deployment.primary
        if kind == "failover":
            await deployment.failover()
        elif kind == "kill":
            await deployment.kill(old)
        elif kind == "split":  # and clients reach both sides, each with its own view
            deployment.partition([old, sentinel])
        else:
            deployment.hang(old)
        await deployment.until(lambda: deployment.primary is not old)
        if kind == "split" and chance.random() < 0.5:
            deployment.heal()

    async def run(self) -> None:
        old = self.deployment.primary
        writers = [asyncio.ensure_future(self.write(writer)) for writer in range(4)]
        writers.append(asyncio.ensure_future(self.read()))
        await self.disturb()
        self.told_at = await self.announced((old.host, old.port))
        await asyncio.sleep(SECONDS - self.simulation.seconds)
        self._is_over = True
        await asyncio.gather(*writers)

    async def announced(self, old: tuple[str, int]) -> float:
        """Wait until the first sentinel names another primary than the old one; return when."""
        witnesses = [Connection(*each, stream_timeout=0.05) for each in self.deployment.sentinel_addresses]
        named: set[tuple[str, int]] = {old}
        while named <= {old}:
            await asyncio.sleep(0.01)
            named = {name for each in witnesses if (name := await named_by(each)) is not None}
        for witness in witnesses:
            witness.disconnect()
            await witness.wait_closed()
        return self.simulation.seconds

    def check(self) -> None:
        value = self.deployment.primary.db[0]["l"]
        assert isinstance(value, list)
        kept = Counter(value)
        assert max(kept.values()) == 1
        seconds = {token.removeprefix(SECOND) for token in kept if token.startswith(SECOND)}
        assert seconds == {token for token in kept if token.startswith(b"0:")}
        assert self.reads[-1] > SECONDS - 1
        assert not [token for token in self.impossible if token in kept]
        lost = [at for token, at in self.acknowledged.items() if token not in kept]
        assert max(lost, default=0.0) <= self.told_at + LEAVING_SECONDS
        assert any(self.told_at <= at <= self.told_at + BACK_SECONDS for at in self.acknowledged.values())
        assert self.longest <= LONGEST_SECONDS


async def named_by(sentinel: Connection) -> tuple[str, int] | None:
    """Return who is the primary by one sentinel; None from one that does not answer."""
    question = b"SENTINEL GET-MASTER-ADDR-BY-NAME"
    try:
        reply = await (await sentinel.create_request(question, "mymaster", decode=True, timeout=0.05))
    except RedisError:
        return None
    assert isinstance(reply, list)
    return str(reply[0]), int(str(reply[1]))


async def fail_over(simulation: Simulation) -> None:
    async with (
        FakeSentinel(
            "mymaster", replicas=2, sentinels=3, down_after=1.0, timing=LIKE_REAL, seed=simulation.seed
        ) as deployment,
        Sentinel(deployment.sentinel_addresses) as sentinel,
    ):
        trial = Trial(simulation, deployment, sentinel)
        await trial.run()
        trial.check()


def test_writes_survive_failovers_of_every_kind() -> None:
    simulate_many(fail_over, seeds=SEEDS, limit=300)
