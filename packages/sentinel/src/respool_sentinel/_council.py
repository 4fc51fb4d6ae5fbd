"""The sentinels that are asked: those that were given, and those that these know of. Asks nobody about servers."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping

from respool.errors import DataError, RedisError
from respool_sentinel._node import OnNews, SentinelNode
from respool_sentinel._views import Address


class Council:
    """All sentinels known. Those that were given are never forgotten; their names are resolved at each connect."""

    def __init__(self, given: Iterable[Address], options: Mapping[str, object], on_news: OnNews) -> None:
        self._options = options
        self._on_news = on_news
        self._given = [SentinelNode((host, int(port)), options) for host, port in given]
        if not self._given:
            raise DataError("no sentinels to ask: give at least one (host, port)")
        self.nodes = list(self._given)
        self._is_closed = False

    def __str__(self) -> str:
        return ", ".join(map(str, self.nodes))

    def listen(self) -> None:
        """Listen to everybody, if that is not so already."""
        # One that is being closed may be about to tell of another.
        for node in self.nodes if not self._is_closed else ():
            node.listen(self._on_news)

    async def learn(self, teacher: SentinelNode, service: str) -> None:
        """Take in whom one sentinel knows beside itself. Raises `RedisError` when it does not answer."""
        fellows = await teacher.sentinels(service)
        # One may be known by a name, and taught by its address.
        await asyncio.gather(*map(_try_to_identify, self._given))
        for run_id, address in fellows.items():
            if not any(run_id == node.run_id or address == node.address for node in self.nodes):
                node = SentinelNode(address, self._options)
                node.run_id = run_id
                self.nodes.append(node)
        self.listen()

    async def aclose(self) -> None:
        """Stop listening, and close the connections to all. For good."""
        self._is_closed = True
        await asyncio.gather(*(node.aclose() for node in self.nodes))


async def _try_to_identify(node: SentinelNode) -> None:
    try:
        await node.identify()
    except RedisError:
        return  # it may be taken for another one, and asked twice
