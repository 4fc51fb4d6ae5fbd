"""Looking at the cluster again, in the background and at a bearable pace, for as long as somebody wants to know.

One look at a time; a wish that comes during a look is about what that look may have missed, so another follows.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Protocol

from respool.errors import RedisError
from respool.lowlevel import fresh
from respool_cluster._map.discovery import Pace
from respool_cluster._map.topology import Topology


class Sender(Protocol):
    """Who sent the scout."""

    def on_found(self) -> None: ...

    def on_not_found(self, error: RedisError) -> bool:
        """Hear that no node told anything; return whether to go on looking."""

    def on_lost_loop(self) -> None:
        """Hear that the loop was closed during a look: nobody waits any more for what waited there."""


class Scout:
    """Calls `look` while somebody wants it, and tells the `sender`."""

    def __init__(self, look: Callable[[], Awaitable[Topology]], sender: Sender) -> None:
        self._look = look
        self._sender = sender
        self._pace = Pace()
        self._is_wanted = False
        self._looking: asyncio.Task[None] | None = None
        self._lookers: list[asyncio.Future[Topology]] = []

    def want(self) -> None:
        """See to it that a look begins after this."""
        loop = asyncio.get_running_loop()
        self._is_wanted = True
        if self._looking is not None and self._looking.get_loop() is not loop:
            self._looking = None
            self._lookers.clear()
            self._sender.on_lost_loop()
        if self._looking is None:
            self._looking = loop.create_task(self._keep_looking())

    async def wait(self) -> Topology:
        """Return what is found next, by the look that is under way if there is one. Raises what that failed with."""
        self.want()
        looker: asyncio.Future[Topology] = asyncio.get_running_loop().create_future()
        self._lookers.append(looker)
        return await looker

    async def stop(self, error: RedisError) -> None:
        """Look no more; who waits gets `error`."""
        self._fail(error)
        looking, self._looking = self._looking, None
        if looking is not None and looking.get_loop() is asyncio.get_running_loop():
            looking.cancel()
            await asyncio.wait([looking])

    async def _keep_looking(self) -> None:
        time = asyncio.get_running_loop().time
        while self._is_wanted:
            await asyncio.sleep(self._pace.next_pause(time()))
            self._is_wanted = False
            try:
                topology = await self._look()
            except RedisError as exc:
                self._fail(exc)
                self._is_wanted |= self._sender.on_not_found(exc)
            else:
                self._tell(topology)
            self._pace.finished(time())
        self._looking = None

    def _tell(self, topology: Topology) -> None:
        for looker in self._take_lookers():
            looker.set_result(topology)
        self._sender.on_found()

    def _fail(self, error: RedisError) -> None:
        for looker in self._take_lookers():
            looker.set_exception(fresh(error, maybe_executed=False))

    def _take_lookers(self) -> list[asyncio.Future[Topology]]:
        lookers, self._lookers = self._lookers, []
        return [each for each in lookers if not each.done()]
