"""Real processes in trouble: what is true of fake ones is true of them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path

import pytest

from packages.sentinel.tests.real_deployment import Deployment, frozen, kill, succeeds
from respool import Redis
from respool.errors import RedisError
from respool_sentinel import Sentinel, SentinelClient
from respool_testing import ServerProcess
from respool_testing.real import find_binaries

BINARIES: list[str | None] = [*find_binaries()] or [None]
PATIENCE = 20.0


@pytest.fixture(params=BINARIES, ids=lambda binary: Path(binary).parent.parent.name if binary else "none")
def deployment(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Deployment]:
    """Start six processes of one brand and version, and stop them."""
    if request.param is None:
        pytest.skip("no redis-server or valkey-server on PATH")
    with ExitStack() as stack:
        yield Deployment(request.param, tmp_path, stack)


class Writer:
    """Appends one token after the other, and keeps those that were acknowledged."""

    def __init__(self, redis: Redis[bytes]) -> None:
        self.redis = redis
        self.acknowledged: set[bytes] = set()
        self.impossible: set[bytes] = set()

    async def write(self) -> None:
        number = 0
        while True:
            number += 1
            token = b"%d" % number
            try:
                await self.redis.rpush("l", token)
                self.acknowledged.add(token)
            except RedisError as error:
                if not getattr(error, "maybe_executed", False):
                    self.impossible.add(token)
            await asyncio.sleep(0.01)

    async def check(self, *, losing: int | None = 1) -> None:
        """Fail if a token is there twice or against its word, or more of them are missing than could be helped."""
        kept = await self.redis.lrange("l", 0, -1)
        assert len(kept) == len(set(kept))
        assert not self.impossible & set(kept)
        assert losing is None or len(self.acknowledged - set(kept)) <= losing


@asynccontextmanager
async def writing(redis: Redis[bytes]) -> AsyncIterator[Writer]:
    """Write during the block."""
    writer = Writer(redis)
    task = asyncio.ensure_future(writer.write())
    try:
        yield writer
    finally:
        task.cancel()
        await asyncio.wait([task])


async def moved(sentinel: Sentinel[bytes], old: tuple[str, int]) -> bool:
    return await sentinel.discover_primary("mymaster") != old


async def is_tilted(sentinel: ServerProcess) -> bool:
    return b"sentinel_tilt:1" in sentinel.call("INFO", "sentinel")


async def name_another(sentinels: Sequence[ServerProcess], old: tuple[str, int]) -> bool:
    said = [each.call("SENTINEL", "GET-MASTER-ADDR-BY-NAME", "mymaster") for each in sentinels]
    return not any(str(old[1]).encode() in each for each in said)


async def test_a_hung_primary_is_left_and_a_sentinel_that_slept_meanwhile_is_not_believed(
    deployment: Deployment,
) -> None:
    sleepy = deployment.sentinels[0]
    async with Sentinel(deployment.addresses[1:2], stream_timeout=PATIENCE) as sentinel:
        await deployment.settle()
        redis = sentinel.primary_for("mymaster")
        old = await sentinel.discover_primary("mymaster")
        async with writing(redis) as writer:
            await redis.rpush("l", "first")
            with frozen(sleepy, deployment.at(old)):
                await redis.llen("l")  # waits until there is another primary: a read may be repeated
            # It names the old primary still, and knows by itself that it missed something, as soon as it looks (TILT).
            await succeeds(lambda: is_tilted(sleepy))
            await succeeds(lambda: name_another(deployment.sentinels[1:], old))
            async with Sentinel(deployment.addresses, stream_timeout=PATIENCE) as fresh:
                await fresh.primary_for("mymaster").rpush("l", "by another client")
            await redis.rpush("l", "after")
        await writer.check()


async def test_a_failover_on_demand_and_a_crash_are_followed(deployment: Deployment) -> None:
    async with Sentinel(deployment.addresses[:1], stream_timeout=PATIENCE) as sentinel:
        await deployment.settle()
        redis = sentinel.primary_for("mymaster")
        old = await sentinel.discover_primary("mymaster")
        async with writing(redis) as writer, SentinelClient(*deployment.addresses[2]) as operator:
            await operator.failover("mymaster")
            await succeeds(lambda: moved(sentinel, old))
            assert await redis.rpush("l", "moved")
            await writer.check(losing=None)
            promoted = await sentinel.discover_primary("mymaster")
            # Before this one can be replaced, that failover has to be over.
            await succeeds(lambda: settled(operator))
            kill(deployment.at(promoted))
            await redis.llen("l")
            assert await sentinel.discover_primary("mymaster") != promoted
        await writer.check(losing=None)


async def settled(operator: SentinelClient) -> bool:
    primary = await operator.master("mymaster")
    replicas = await operator.replicas("mymaster")
    return primary["flags"] == "master" and any(each["master-link-status"] == "ok" for each in replicas)


async def test_with_one_sentinel_left_after_the_other_the_service_is_still_found(
    deployment: Deployment,
) -> None:
    async with Sentinel(deployment.addresses[:1], stream_timeout=PATIENCE) as sentinel:
        await deployment.settle()
        redis = sentinel.primary_for("mymaster")
        await redis.set("k", "v")
        await succeeds(lambda: all_known(sentinel))
        for dying in deployment.sentinels[:2]:
            kill(dying)
            redis.connection_pool.disconnect()
            assert await redis.get("k") == b"v"


async def all_known(sentinel: Sentinel[bytes]) -> bool:
    return str(sentinel).count("127.0.0.1:") == 3


async def test_a_sentinel_that_watches_the_wrong_server_is_not_believed(deployment: Deployment) -> None:
    await deployment.settle()
    wrong = deployment.addresses[0]
    async with Sentinel(deployment.addresses[1:]) as others, SentinelClient(*wrong) as liar:
        primary = await others.discover_primary("mymaster")
        replica, _ = await others.discover_replicas("mymaster")
        await liar.remove("mymaster")
        await liar.monitor("mymaster", *replica, 2)
        async with Sentinel(deployment.addresses, stream_timeout=PATIENCE) as sentinel:
            assert await sentinel.primary_for("mymaster").incr("n") == 1
            assert await sentinel.discover_primary("mymaster") == primary


async def test_reads_go_to_every_replica(deployment: Deployment) -> None:
    async with Sentinel(deployment.addresses) as sentinel:
        await deployment.settle()
        redis = sentinel.replica_for("mymaster")
        asked: set[object] = set()

        async def both_asked() -> bool:
            info = await redis.info("server")
            asked.add(info["tcp_port"])
            return len(asked) == 2

        await succeeds(both_asked)
        assert asked == {str(port) for _, port in await sentinel.discover_replicas("mymaster")}
