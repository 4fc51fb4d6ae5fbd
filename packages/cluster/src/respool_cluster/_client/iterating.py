"""Iterators over what SCAN and its kin return page by page: over keys, of the whole cluster.

They hold nothing on any node; leave them when you like.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import AsyncIterator
from typing import Generic, TypeVar

from respool.lowlevel import KeyType, ScanningCommands, StringT
from respool_cluster._client.scanning import Scanner

T = TypeVar("T")


class ClusterIterators(ScanningCommands[T], Generic[T]):
    """Iterators for `async for`. `count` is how many keys or members a node should look at for one page."""

    @abstractmethod
    def _scanner(self) -> Scanner[T]: ...

    def scan_iter(
        self, *, match: StringT | None = None, count: int | None = None, type: KeyType | None = None
    ) -> AsyncIterator[T]:
        """Iterate over the keys of all nodes. Slots may move and nodes may fail meanwhile: no key is missed for that.

        A node that was replaced is begun anew, so its keys may come twice.
        """
        return self._scanner().keys(lambda node: node.scan_iter(match=match, count=count, type=type))
