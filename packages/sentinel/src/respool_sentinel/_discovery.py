"""All sentinels together: who is primary, who is replica, and word of a change to whoever watches.

Knows neither pools nor clients: those who want to hear of a change say so with `watch`.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Coroutine, Iterable, Mapping
from dataclasses import replace
from typing import Protocol
from weakref import WeakSet

from respool.errors import DataError, PrimaryNotFoundError, RedisError, ReplicaNotFoundError
from respool_sentinel._council import Council
from respool_sentinel._inquiry import Inquiry, inquire
from respool_sentinel._latest import Latest
from respool_sentinel._node import SentinelNode
from respool_sentinel._settings import DISCOVERY_SECONDS, sentinel_options
from respool_sentinel._views import PROMOTED, SWITCHED, Address, Event, View, replica_trouble, usable_replicas


class UnknownServiceError(PrimaryNotFoundError):
    """Every sentinel answered, and none can say anything of this service: asking again would not help."""


class Watcher(Protocol):
    """Who wants to hear of a service's servers."""

    @property
    def service_name(self) -> str: ...

    @property
    def is_primary(self) -> bool: ...

    def on_primary(self, address: Address) -> None: ...

    def on_replicas(self, addresses: list[Address]) -> None: ...


class Discovery:
    """Asks all sentinels at once. `sentinel_kwargs` go to the connections to them.

    Its `stream_timeout`, in seconds, also limits each discovery. From the first question until `aclose`, each
    sentinel is listened to, and those it knows are asked, too. It belongs to one event loop at a time.
    """

    def __init__(
        self,
        sentinels: Iterable[Address],
        sentinel_kwargs: Mapping[str, object],
        min_other_sentinels: int = 0,
        max_replica_lag: int | None = None,
    ) -> None:
        if min_other_sentinels < 0:
            raise DataError(f"min_other_sentinels is at least 0, not {min_other_sentinels}")
        self._options = sentinel_options(sentinel_kwargs, {})
        given = self._options["stream_timeout"]
        self._seconds = float(given) if isinstance(given, (int, float)) else DISCOVERY_SECONDS
        self._given = [*sentinels]
        self._others = min_other_sentinels
        self._max_lag = max_replica_lag
        self._watchers: WeakSet[Watcher] = WeakSet()
        self._home: tuple[asyncio.AbstractEventLoop, int] | None = None
        self._begin()

    def _begin(self) -> None:
        self._council = Council(self._given, self._options, self._on_news)
        self._latest = Latest(self._others)
        self._services: set[str] = set()
        self._errands: dict[tuple[str, str], asyncio.Task[None]] = {}
        self._is_closing = False

    # ---- questions

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._council}>"

    async def discover_primary(self, service_name: str) -> Address:
        """Return where the primary of a service is.

        Raises `PrimaryNotFoundError`, which names what each sentinel said, when none knows a usable one in time.
        """
        self._bind(service_name)
        nodes = self._council.nodes
        inquiry = await inquire(
            nodes,
            lambda node: _primary(node, service_name),
            lambda view: self._latest.objection(service_name, view),
            self._seconds,
        )
        view = inquiry.winner or self._latest.credible(service_name, inquiry.doubtful, len(nodes))
        if view is None:
            error = UnknownServiceError if inquiry.is_refused else PrimaryNotFoundError
            raise error(f"no sentinel knows a usable primary of {service_name!r}: {inquiry}")
        self._learn(service_name, view)
        return view.address

    async def discover_replicas(self, service_name: str) -> list[Address]:
        """Return where the usable replicas of a service are: up, linked to their primary, not too far behind.

        Raises `ReplicaNotFoundError`, which names what each sentinel said, when none knows one in time.
        """
        self._bind(service_name)
        inquiry = await self._inquire_replicas(service_name)
        if inquiry.winner is None:
            raise ReplicaNotFoundError(f"no sentinel knows a usable replica of {service_name!r}: {inquiry}")
        return usable_replicas(inquiry.winner, self._max_lag)

    async def _inquire_replicas(self, service: str) -> Inquiry[list[View]]:
        return await inquire(
            self._council.nodes,
            lambda node: self._replicas(node, service),
            lambda views: replica_trouble(views, self._max_lag),
            self._seconds,
        )

    async def _replicas(self, node: SentinelNode, service: str) -> list[View]:
        """Ask one sentinel; whom it does not know to be the primary by now is no replica."""
        views = await node.replicas(service)
        return [view for view in views if view.address != self._latest.address(service)]

    def refute(self, service_name: str, address: Address) -> None:
        """Take note that the server there says it is no primary."""
        self._latest.refute(service_name, address)

    def confirm(self, service_name: str, address: Address) -> None:
        """Take note that the server there says it is a primary."""
        self._latest.confirm(service_name, address)

    # ---- watching

    def watch(self, watcher: Watcher) -> None:
        """Tell `watcher`, as long as it lives, of every new primary of its service, and of its replicas."""
        self._watchers.add(watcher)

    def look_again(self, service_name: str) -> None:
        """Ask every sentinel whether there is a new primary. Never waits; one round at a time."""
        self._bind(service_name)
        self._run_errand("primary", service_name, self._ask_everybody(service_name))

    async def aclose(self) -> None:
        """Stop listening and close the connections to the sentinels. Asked again, it begins anew."""
        if self._home == (asyncio.get_running_loop(), os.getpid()):
            self._is_closing = True  # whoever is still listened to sends no errands any more
            errands = list(self._errands.values())
            for errand in errands:
                errand.cancel()
            await asyncio.gather(*errands, self._council.aclose(), return_exceptions=True)
        self._home = None
        self._begin()

    def _bind(self, service: str) -> None:
        """Belong to the running loop: one that was closed is forgotten, any other is an error."""
        here = asyncio.get_running_loop(), os.getpid()
        if self._home != here:
            if self._home is not None:
                loop, process = self._home
                if process == here[1] and not loop.is_closed():
                    raise RuntimeError(f"{self!r} is in use by another event loop, which still runs")
                self._begin()
            self._home = here
        self._services.add(service)
        self._council.listen()

    async def _on_news(self, node: SentinelNode, event: Event | None) -> None:
        """Ask a sentinel itself about what it announced: the answer carries the epoch, the message does not.

        Without an event it has just begun to be heard, or was not heard for a while: anything may have happened.
        """
        for name in self._services & {event.service} if event and event.service else set(self._services):
            if event is None or event.kind not in (SWITCHED, PROMOTED):
                self._look_at_replicas(name)
            try:
                await self._ask_one(node, name)
                if event is None:
                    await self._council.learn(node, name)
            except RedisError:
                continue  # the others will announce it too

    async def _ask_everybody(self, service: str) -> None:
        asked = [self._ask_one(node, service) for node in self._council.nodes]
        await asyncio.gather(*asked, return_exceptions=True)

    async def _ask_one(self, node: SentinelNode, service: str) -> None:
        view = await node.primary(service)
        # Whether the new primary is well or not, the old one is to be left.
        if self._latest.outdated(service, view) is None:
            self._learn(service, view)

    def _learn(self, service: str, view: View) -> None:
        address = self._latest.learn(service, view)
        if address is not None:
            for watcher in self._watchers_of(service):
                watcher.on_primary(address)
            self._look_at_replicas(service)

    def _look_at_replicas(self, service: str) -> None:
        if not all(watcher.is_primary for watcher in self._watchers_of(service)):
            self._run_errand("replicas", service, self._tell_of_replicas(service))

    async def _tell_of_replicas(self, service: str) -> None:
        inquiry = await self._inquire_replicas(service)
        if inquiry.winner is None and len(inquiry.doubtful) * 2 <= len(self._council.nodes):
            return  # while most do not say that there is none, those in use are as good as any
        for watcher in self._watchers_of(service):
            watcher.on_replicas(usable_replicas(inquiry.winner or [], self._max_lag))

    def _watchers_of(self, service: str) -> list[Watcher]:
        return [watcher for watcher in self._watchers if watcher.service_name == service]

    # ---- errands: what is asked with nobody waiting

    def _run_errand(self, kind: str, service: str, errand: Coroutine[None, None, None]) -> None:
        errands = self._errands
        if self._is_closing or (kind, service) in errands:
            errand.close()
            return
        errands[kind, service] = task = asyncio.get_running_loop().create_task(errand)
        task.add_done_callback(lambda _: errands.pop((kind, service), None))


async def _primary(node: SentinelNode, service: str) -> View:
    view = await node.primary(service)
    return replace(view, is_tilted=True) if node.is_tilted else view
