"""A real service behind sentinels: a primary, two replicas, three sentinels, with the settings that are usual."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from benchmarks.chaos.process import LOOK_SECONDS, Victim
from respool.errors import RedisError
from respool_sentinel import Sentinel

SERVICE = "mymaster"
REPLICAS, SENTINELS = 2, 3
CALLERS = 20
DOWN_AFTER_SECONDS = 1.0

OPTIONS = ("--repl-diskless-sync-delay", "0")
SETTINGS = f"""
sentinel monitor {SERVICE} 127.0.0.1 {{primary}} 2
sentinel down-after-milliseconds {SERVICE} {DOWN_AFTER_SECONDS * 1000:.0f}
sentinel failover-timeout {SERVICE} 5000
"""


class Watchman(Victim):
    """A sentinel: a server started from a file that it writes its state into."""

    def __init__(self, binary: str, primary: Victim) -> None:
        super().__init__(binary)
        self._watched = primary

    def _command(self) -> list[str]:
        file = self._path("sentinel.conf")
        if not file.exists():
            settings = SETTINGS.format(primary=self._watched.port)
            file.write_text(f"port {self.port}\nbind {self.host}\n{settings}", encoding="utf-8")
        return [self.binary, str(file), "--sentinel"]


class Service:
    """`servers[0]` is the primary at first, the others follow it."""

    def __init__(self, binary: str) -> None:
        self.servers = [Victim(binary, OPTIONS) for _ in range(1 + REPLICAS)]
        self.sentinels = [Watchman(binary, self.servers[0]) for _ in range(SENTINELS)]

    @property
    def addresses(self) -> list[tuple[str, int]]:
        """Where the sentinels are."""
        return [(each.host, each.port) for each in self.sentinels]

    async def start(self) -> None:
        """Start all processes; wait until every sentinel knows all of them."""
        primary, *replicas = self.servers
        await asyncio.gather(*(asyncio.to_thread(each.start_process) for each in self.servers))
        for replica in replicas:
            await replica.ask("REPLICAOF", primary.host, primary.port)
        for replica in replicas:
            await replica.until("master_link_status:up", "INFO", "replication")
        await asyncio.gather(*(asyncio.to_thread(each.start_process) for each in self.sentinels))
        for address in self.addresses:
            async with Sentinel([address], min_other_sentinels=SENTINELS - 1) as sentinel:
                await _until_it_knows_all(sentinel)

    def stop(self) -> None:
        """Stop all processes, frozen ones included."""
        for each in [*self.sentinels, *self.servers]:
            if each.running:
                each.kill()
            each.stop_process()


async def _until_it_knows_all(sentinel: Sentinel[bytes]) -> None:
    while True:
        with suppress(RedisError):
            await sentinel.discover_primary(SERVICE)
            if len(await sentinel.discover_replicas(SERVICE)) == REPLICAS:
                return
        await asyncio.sleep(LOOK_SECONDS)


@asynccontextmanager
async def running(binary: str) -> AsyncIterator[Service]:
    """Run a service for the length of the block."""
    service = Service(binary)
    try:
        await service.start()
        yield service
    finally:
        service.stop()
