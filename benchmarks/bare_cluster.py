"""The limit on a cluster: a bare connection to each node, and one look into a table of slots for each command.

No redirections, no refresh of the table: it is read once.
"""

from __future__ import annotations

import asyncio
from binascii import crc_hqx

from benchmarks.bare import Bare

SLOTS = 16384


class BareCluster:
    """Connections by slot."""

    def __init__(self, by_slot: list[Bare]) -> None:
        self._by_slot = by_slot

    @staticmethod
    async def connect(host: str, port: int) -> BareCluster:
        """Ask one node for the slots and connect to all who have some."""
        loop = asyncio.get_running_loop()
        _, asked = await loop.create_connection(Bare, host, port)
        ranges = await asked.call("CLUSTER", "SLOTS")
        asked.close()
        assert isinstance(ranges, list)
        by_slot: list[Bare] = [asked] * SLOTS
        for first, last, (node_host, node_port, *_), *_ in ranges:
            _, bare = await loop.create_connection(Bare, node_host.decode(), node_port)
            by_slot[first : last + 1] = [bare] * (last + 1 - first)
        return BareCluster(by_slot)

    def get(self, key: str) -> asyncio.Future[object]:
        """Send GET to the node of its key; hash tags are not looked for."""
        return self._by_slot[crc_hqx(key.encode(), 0) % SLOTS].call("GET", key)

    def set(self, key: str, value: bytes) -> asyncio.Future[object]:
        """Send SET to the node of its key."""
        return self._by_slot[crc_hqx(key.encode(), 0) % SLOTS].call("SET", key, value)

    def close(self) -> None:
        """Close every connection."""
        for bare in set(self._by_slot):
            bare.close()
