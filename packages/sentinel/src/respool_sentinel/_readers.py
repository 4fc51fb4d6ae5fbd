"""Where the connections of one pool of readers lead: to all usable replicas, and away from those that do not serve."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from typing import Protocol

from respool import BaseConnection
from respool_sentinel._connection import SentinelManagedConnection
from respool_sentinel._rotation import Rotation, superfluous
from respool_sentinel._views import Address

DRAIN_SECONDS = 1.0
"""How long the replies under way of a replica that leaves are waited for."""


class Pool(Protocol):
    """What is asked of the pool of these connections."""

    shared_connections: int

    def shared(self) -> list[BaseConnection]: ...

    def made(self) -> list[SentinelManagedConnection[object]]: ...

    def retire(self, connection: BaseConnection) -> None: ...


class Readers:
    """With `spreads`, as many connections are shared as there are usable replicas."""

    def __init__(self, pool: Pool, *, spreads: bool) -> None:
        self._pool = pool
        self._spreads = spreads
        self._rotation = Rotation()
        self._replicas: Sequence[Address] = ()

    def in_turn(self, replicas: Sequence[Address]) -> list[Address]:
        """Return the usable replicas, as they are known now, starting one further at each call."""
        self._replicas = replicas
        if self._spreads and len(replicas) > self._pool.shared_connections:
            self._pool.shared_connections = len(replicas)
        return self._rotation.order(replicas)

    def by_need(self, addresses: Sequence[Address]) -> list[Address]:
        """Return where one more connection should lead, the best first."""
        shared = self._pool.shared()
        others = [each for each in self._pool.made() if each not in shared and not each.is_closed]
        return self._rotation.by_need(addresses, _places(shared), _places(others))

    def keep_to(self, replicas: Sequence[Address]) -> None:
        """Leave what is none of these any more, once its last replies are there; give each of these its share."""
        self._rotation.forgive()
        self._replicas = replicas
        for connection in self._pool.made():
            target = connection.target
            if target is not None and not connection.is_closed and not target.is_among(replicas):
                self._drain(connection)
        if self._spreads:  # only now, so that none of those that stay is one too many
            self._pool.shared_connections = max(1, len(replicas))
        shared = [each for each in self._pool.shared() if each.is_connected]
        for index in superfluous(_places(shared), replicas):
            self._pool.retire(shared[index])

    def leave(self, connection: BaseConnection) -> None:
        """Leave a replica that takes suspiciously long, if there is a better one."""
        for place in _places([connection]):
            if self._rotation.knows_better_than(place, self._replicas):
                self._rotation.avoid(place)
                if connection.is_connected:
                    self._pool.retire(connection)
                else:
                    connection.close()  # nothing was sent: what waits for it goes elsewhere

    def avoid(self, address: Address) -> None:
        """Lead elsewhere, where there is a choice, until it is known anew which replicas are usable."""
        self._rotation.avoid(address)

    def _drain(self, connection: SentinelManagedConnection[object]) -> None:
        target = connection.target

        def leave() -> None:
            if connection.target is target:  # it may lead elsewhere by now
                connection.close()

        self._pool.retire(connection)
        asyncio.get_running_loop().call_later(DRAIN_SECONDS, leave)


def _places(connections: Iterable[BaseConnection]) -> list[Address]:
    """Return where connections lead, as far as that is known."""
    ours = [each for each in connections if isinstance(each, SentinelManagedConnection)]
    return [each.target.address for each in ours if each.target is not None]
