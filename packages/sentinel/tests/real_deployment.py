"""A service run by real processes: a primary, two replicas, three sentinels."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from respool.errors import RedisError
from respool_sentinel import Sentinel
from respool_testing import ServerProcess

WAIT_SECONDS = 30.0
SETTINGS = """
port {port}
bind 127.0.0.1
sentinel monitor mymaster 127.0.0.1 {primary} 2
sentinel down-after-milliseconds mymaster 1000
sentinel failover-timeout mymaster 2000
"""
HASTE = ("INFO-PERIOD", 200, "PUBLISH-PERIOD", 200, "ASK-PERIOD", 200, "TILT-PERIOD", 4000)
"""What sentinels else do every second, or every ten. Those of 6.2 know no such settings, and take their time."""


class SentinelProcess(ServerProcess):
    """A real sentinel: a server started from a file that it writes its state into."""

    def __init__(self, binary: str, folder: Path, primary: int) -> None:
        super().__init__(binary)
        self._place = folder
        self._primary = primary

    def _command(self) -> list[str]:
        file = self._place / f"sentinel-{self.port}.conf"
        file.write_text(SETTINGS.format(port=self.port, primary=self._primary))
        return [self.binary, str(file), "--sentinel"]


class Deployment:
    """Starts all processes; `stack` stops them."""

    def __init__(self, binary: str, folder: Path, stack: ExitStack) -> None:
        self._stack = stack
        quick = ["--repl-diskless-sync-delay", "0"]
        primary = self._start(ServerProcess(binary, quick))
        options = [*quick, "--replicaof", "127.0.0.1", str(primary.port)]
        self.servers = [primary, *(self._start(ServerProcess(binary, options)) for _ in range(2))]
        self.sentinels = [self._start(SentinelProcess(binary, folder, primary.port)) for _ in range(3)]
        for sentinel in self.sentinels:
            sentinel.call("SENTINEL", "DEBUG", *HASTE)

    def _start(self, server: ServerProcess) -> ServerProcess:
        server.start_process()
        self._stack.callback(server.stop_process)
        return server

    @property
    def addresses(self) -> list[tuple[str, int]]:
        """Where the sentinels are."""
        return [("127.0.0.1", sentinel.port) for sentinel in self.sentinels]

    def at(self, address: tuple[str, int]) -> ServerProcess:
        """Return the server at an address."""
        return next(server for server in self.servers if server.port == address[1])

    async def settle(self) -> None:
        """Wait until every sentinel knows both others and both replicas: that takes them a while."""
        for address in self.addresses:
            async with Sentinel([address], min_other_sentinels=2) as sentinel:
                await succeeds(lambda sentinel=sentinel: knows_all(sentinel))  # type: ignore[misc]


async def knows_all(sentinel: Sentinel[bytes]) -> bool:
    """Tell whether a sentinel knows enough others and both replicas."""
    await sentinel.discover_primary("mymaster")
    return len(await sentinel.discover_replicas("mymaster")) == 2


async def succeeds(attempt: Callable[[], Awaitable[bool]]) -> None:
    """Try again and again until it is true: what real processes come to, nobody announces."""
    end = asyncio.get_running_loop().time() + WAIT_SECONDS
    while True:
        try:
            if await attempt():
                return
        except RedisError:
            pass
        assert asyncio.get_running_loop().time() < end, "it did not come true"
        await asyncio.sleep(0.05)


@contextmanager
def frozen(*processes: ServerProcess) -> Iterator[None]:
    """Stop processes for the length of the block: what is left of them is silence."""
    for process in processes:
        send(process, signal.SIGSTOP)
    try:
        yield
    finally:
        for process in processes:
            send(process, signal.SIGCONT)


def kill(process: ServerProcess) -> None:
    """End a process as a crash would."""
    send(process, signal.SIGKILL)


def send(process: ServerProcess, number: signal.Signals) -> None:
    assert process.pid is not None
    os.kill(process.pid, number)
