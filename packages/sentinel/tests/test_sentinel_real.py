"""A real primary, two replicas and three sentinels: what is true of fake ones is true of them."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from respool import Redis
from respool.errors import ConnectionError, RedisError
from respool_sentinel import Sentinel
from respool_testing import ServerProcess
from respool_testing.real import find_binaries

WAIT_SECONDS = 30.0


class SentinelProcess(ServerProcess):
    """A real sentinel: a server started from a file that it writes its state into."""

    def __init__(self, binary: str, folder: Path, primary: int) -> None:
        super().__init__(binary)
        self._place = folder
        self._primary = primary

    def _command(self) -> list[str]:
        file = self._place / f"sentinel-{self.port}.conf"
        file.write_text(
            f"port {self.port}\nbind 127.0.0.1\nsentinel monitor mymaster 127.0.0.1 {self._primary} 2\n"
            "sentinel down-after-milliseconds mymaster 1000\nsentinel failover-timeout mymaster 5000\n"
        )
        return [self.binary, str(file), "--sentinel"]


class Deployment:
    """One service, run by real processes."""

    def __init__(self, binary: str, folder: Path, stack: ExitStack) -> None:
        self.servers = [ServerProcess(binary)]
        self._start(self.servers[0], stack)
        primary = self.servers[0].port
        for _ in range(2):
            replica = ServerProcess(
                binary, args=["--replicaof", "127.0.0.1", str(primary), "--repl-diskless-sync-delay", "0"]
            )
            self._start(replica, stack)
            self.servers.append(replica)
        self.sentinels = [SentinelProcess(binary, folder, primary) for _ in range(3)]
        for sentinel in self.sentinels:
            self._start(sentinel, stack)
        self.addresses = [("127.0.0.1", sentinel.port) for sentinel in self.sentinels]

    @staticmethod
    def _start(server: ServerProcess, stack: ExitStack) -> None:
        server.start_process()
        stack.callback(server.stop_process)

    def at(self, address: tuple[str, int]) -> ServerProcess:
        return next(server for server in self.servers if server.port == address[1])

    async def settle(self, sentinel: Sentinel[bytes]) -> None:
        """Wait until all sentinels and both replicas are known: real processes take their time."""
        deadline = asyncio.get_running_loop().time() + WAIT_SECONDS
        for each in self.sentinels:
            while b"num-other-sentinels\r\n$1\r\n2" not in each.call("SENTINEL", "MASTER", "mymaster"):
                assert asyncio.get_running_loop().time() < deadline
                await asyncio.sleep(0.1)
        while len(await replicas_of(sentinel)) < 2:
            assert asyncio.get_running_loop().time() < deadline
            await asyncio.sleep(0.1)


async def replicas_of(sentinel: Sentinel[bytes]) -> list[tuple[str, int]]:
    try:
        return await sentinel.discover_replicas("mymaster")
    except RedisError:
        return []


BINARIES: list[str | None] = [*find_binaries()] or [None]


@pytest.fixture(params=BINARIES, ids=lambda binary: Path(binary).name if binary else "none")
def deployment(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Deployment]:
    """Start six processes of one brand and version, and stop them."""
    if request.param is None:
        pytest.skip("no redis-server or valkey-server on PATH")
    with ExitStack() as stack:
        yield Deployment(request.param, tmp_path, stack)


async def write_on(redis: Redis[bytes], tokens: list[bytes], over: asyncio.Event) -> None:
    """Append tokens until it is over; keep those that were acknowledged."""
    number = 0
    while not over.is_set():
        number += 1
        with contextlib.suppress(ConnectionError):  # written to a server that hung: nobody can know
            await redis.rpush("l", b"%d" % number)
            tokens.append(b"%d" % number)
        await asyncio.sleep(0.01)


async def test_a_real_failover_is_followed(deployment: Deployment) -> None:
    async with Sentinel(deployment.addresses[:1], stream_timeout=20.0) as sentinel:
        await deployment.settle(sentinel)
        old = await sentinel.discover_primary("mymaster")
        tokens: list[bytes] = []
        over = asyncio.Event()
        redis = sentinel.primary_for("mymaster")
        writer = asyncio.ensure_future(write_on(redis, tokens, over))
        pid = deployment.at(old).pid
        assert pid is not None
        os.kill(pid, signal.SIGSTOP)  # what is left of a hung process is silence
        try:
            await redis.rpush("l", "last")  # waits until there is another primary
        finally:
            os.kill(pid, signal.SIGCONT)
        over.set()
        await writer
        kept = await redis.lrange("l", 0, -1)
        assert await sentinel.discover_primary("mymaster") != old
    assert len(kept) == len(set(kept))
    # The last before it hung it may not have passed on.
    assert len(set(tokens) - set(kept)) <= 1
