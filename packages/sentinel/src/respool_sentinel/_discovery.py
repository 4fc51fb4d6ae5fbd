"""All sentinels together: who is primary, who is replica, and word of a change to whoever watches.

Knows neither pools nor clients: those who want to hear of a new primary say so with `watch`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Protocol
from weakref import WeakSet

from respool.errors import DataError, PrimaryNotFoundError, RedisError, ReplicaNotFoundError
from respool_sentinel._inquiry import Inquiry, inquire
from respool_sentinel._latest import Latest, newest
from respool_sentinel._node import SentinelNode
from respool_sentinel._views import Address, View

DISCOVERY_SECONDS = 2.0
"""Seconds in which the sentinels have to answer, where nobody said otherwise."""


class Watcher(Protocol):
    """Who wants to hear of a new primary."""

    @property
    def service_name(self) -> str: ...

    def on_primary(self, address: Address) -> None: ...


class Discovery:
    """Asks all sentinels at once. `sentinel_kwargs` go to the connections to them.

    Its `stream_timeout`, in seconds, also limits each discovery. From the first question until `aclose`, each
    sentinel is listened to.
    """

    def __init__(self, sentinels: Iterable[Address], sentinel_kwargs: Mapping[str, object]) -> None:
        given = sentinel_kwargs.get("stream_timeout")
        self._seconds = float(given) if isinstance(given, (int, float)) else DISCOVERY_SECONDS
        options = {"connect_timeout": self._seconds, **sentinel_kwargs, "stream_timeout": self._seconds}
        self._nodes = [SentinelNode((host, int(port)), options) for host, port in sentinels]
        if not self._nodes:
            raise DataError("no sentinels to ask: give at least one (host, port)")
        self._latest = Latest()
        self._watchers: WeakSet[Watcher] = WeakSet()

    async def discover_primary(self, service_name: str) -> Address:
        """Return where the primary of a service is.

        Raises `PrimaryNotFoundError`, which names what each sentinel said, when none knows a usable one in time.
        """
        self._listen()
        inquiry = await inquire(
            self._nodes,
            lambda node: node.primary(service_name),
            lambda view: self._latest.objection(service_name, view),
            self._seconds,
        )
        view = inquiry.winner or newest(inquiry.doubtful)
        if view is None:
            raise PrimaryNotFoundError(f"no sentinel knows a usable primary of {service_name!r}: {inquiry}")
        self._learn(service_name, view)
        return view.address

    async def discover_replicas(self, service_name: str) -> list[Address]:
        """Return where the usable replicas of a service are: up, and linked to their primary.

        Raises `ReplicaNotFoundError`, which names what each sentinel said, when none knows one in time.
        """
        self._listen()
        inquiry: Inquiry[list[View]] = await inquire(
            self._nodes, lambda node: node.replicas(service_name), _no_replica, self._seconds
        )
        if inquiry.winner is None:
            raise ReplicaNotFoundError(f"no sentinel knows a usable replica of {service_name!r}: {inquiry}")
        return [view.address for view in inquiry.winner if view.trouble is None]

    def watch(self, watcher: Watcher) -> None:
        """Tell `watcher`, as long as it lives, of every new primary of its service."""
        self._watchers.add(watcher)

    async def aclose(self) -> None:
        """Stop listening and close the connections to the sentinels. Asked again, it begins anew."""
        for node in self._nodes:
            await node.aclose()

    def _listen(self) -> None:
        for node in self._nodes:
            node.listen(self._on_news)

    async def _on_news(self, node: SentinelNode, service: str | None) -> None:
        """Ask a sentinel itself about what it announced: the answer carries the epoch, the message does not.

        With no service in particular it has just begun to be heard, and may have announced any before.
        """
        watched = {*self._latest.services, *(watcher.service_name for watcher in self._watchers)}
        for name in watched if service is None else watched & {service}:
            try:
                view = await node.primary(name)
            except RedisError:
                continue  # the others will announce it too
            # Whether the new primary is well or not, the old one is to be left.
            if self._latest.outdated(name, view) is None:
                self._learn(name, view)

    def _learn(self, service: str, view: View) -> None:
        address = self._latest.learn(service, view)
        if address is not None:
            for watcher in [each for each in self._watchers if each.service_name == service]:
                watcher.on_primary(address)


def _no_replica(views: list[View]) -> str | None:
    troubles = [view.trouble for view in views]
    if None in troubles:
        return None
    return ", ".join(filter(None, troubles)) or "knows no replica"
