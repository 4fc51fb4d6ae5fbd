"""A pool of connections to one service: it asks the sentinels where they lead and closes those that went stale."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING
from weakref import WeakSet

from respool import BaseConnection, ConnectionPool, RetryPolicy
from respool.errors import (
    ConnectionError,
    DataError,
    ExecAbortError,
    ReadOnlyError,
    RedisError,
    ReplicaNotFoundError,
)
from respool.lowlevel import ValueT
from respool_sentinel._connection import SentinelManagedConnection, Target
from respool_sentinel._discovery import Discovery
from respool_sentinel._patience import ExhaustedError, Patience, ServicePolicy, is_hopeless
from respool_sentinel._readers import Readers
from respool_sentinel._role_watch import RoleWatch
from respool_sentinel._settings import sentinel_options
from respool_sentinel._url import is_sentinel_url, parse_sentinel_url
from respool_sentinel._views import Address

if TYPE_CHECKING:
    from typing_extensions import Self

SETTLE_SECONDS = 0.05
"""How long the other replies of a server that turned out not to be the primary are waited for."""


class SentinelConnectionPool(ConnectionPool):
    """Connections to the primary of a service or, with `is_primary=False`, to its replicas in turn.

    Stateless commands share one connection to each replica, as far as `max_connections` goes, each command the next;
    with `shared_connections` so many. With no usable replica they lead to the primary, unless `replicas_only`. When a
    sentinel announces a new primary, every connection to the old one is closed at once; what was not written yet goes
    to the new one, and whoever waits for a connection goes on waiting, for `stream_timeout`. `check_connection` has the
    role of each server asked for on connect. Full, it raises `ConnectionError`; other keyword arguments are those of
    `ConnectionPool`.
    """

    def __init__(
        self,
        service_name: str | bytes,
        sentinel_manager: Discovery,
        is_primary: bool = True,
        check_connection: bool = True,
        *,
        replicas_only: bool = False,
        retry: RetryPolicy | None = None,
        **kwargs: object,
    ) -> None:
        self.service_name = service_name.decode() if isinstance(service_name, bytes) else service_name
        self.sentinel_manager = sentinel_manager
        self.is_primary = is_primary
        self.check_connection = check_connection
        self.replicas_only = replicas_only
        self._readers = Readers(self, spreads=not is_primary and "shared_connections" not in kwargs)
        self._made: WeakSet[SentinelManagedConnection[object]] = WeakSet()
        self._doubts: asyncio.TimerHandle | None = None
        self._role_watch = RoleWatch(self._in_use, self._hear_role)
        self._closing = 0
        self._owns_manager = False
        kwargs.setdefault("connection_class", SentinelManagedConnection)
        self._policy = ServicePolicy.around(retry or Patience(), self)
        super().__init__(retry=self._policy, **kwargs)  # type: ignore[arg-type]  # the caller's own: told by the constructor
        sentinel_manager.watch(self)

    @classmethod
    def from_url(
        cls, url: str, db: int | None = None, decode_components: bool = False, **kwargs: object
    ) -> Self:
        """Make a pool from a URL.

        `redis://` and `rediss://` say everything but the address, and go with `service_name` and `sentinel_manager`.
        `redis+sentinel://[user:password@]host[:port],.../service[/db][?option=value]` says all; the pool closes
        what asks the sentinels, then. Raises `DataError` for what is no such URL.
        """
        if not is_sentinel_url(url):
            return super().from_url(url, db, decode_components, **kwargs)
        place = parse_sentinel_url(url, db, decode_components)
        options = {**kwargs, **place.options}
        manager = Discovery(place.sentinels, sentinel_options(place.sentinel_options, options))
        pool = cls(**{"service_name": place.service, "sentinel_manager": manager, **options})  # type: ignore[arg-type]  # the same
        pool._owns_manager = True
        return pool

    # ---- where its connections lead

    async def rotate_replicas(self) -> list[Address]:
        """Return the usable replicas, starting one further at each call; the primary where there is none.

        Raises `PrimaryNotFoundError` where there is neither, with `replicas_only` `ReplicaNotFoundError`.
        """
        return [target.address for target in await self._replica_targets()]

    async def targets(self) -> list[Target]:
        """Return where the next connection shall try to lead, the best first. For its connections alone."""
        if self.check_connection and not self.noreply:
            self._role_watch.begin()
        if self.is_primary:
            return [await self._primary_target()]
        targets = {target.address: target for target in await self._replica_targets()}
        return [targets[address] for address in self._readers.by_need([*targets])]

    async def _primary_target(self) -> Target:
        return Target(await self.sentinel_manager.discover_primary(self.service_name), "primary")

    async def _replica_targets(self) -> list[Target]:
        try:
            replicas = await self.sentinel_manager.discover_replicas(self.service_name)
        except ReplicaNotFoundError:
            if self.replicas_only:
                raise
            return [await self._primary_target()]
        return [Target(address, "replica") for address in self._readers.in_turn(replicas)]

    def make_connection(self) -> BaseConnection:
        """Return a new connection, which asks this pool where it leads."""
        if not issubclass(self.connection_class, SentinelManagedConnection):
            raise DataError(f"{self.connection_class.__name__} is no SentinelManagedConnection")
        connection = self.connection_class(self, **self.connection_kwargs)  # type: ignore[arg-type]  # the same
        self._made.add(connection)
        return connection

    # ---- carrying callers over a failover

    async def get_connection(
        self, command_name: bytes | None = None, *args: ValueT, acquire: bool = True, **kwargs: object
    ) -> BaseConnection:
        """Return a connection that is connected: to hold alone until `release`, or a share of one (`acquire=False`).

        While there is no primary it goes on trying, for `stream_timeout`. Raises `ConnectionError` when no slot is
        free, or what connecting failed with last. Failed or cancelled, it costs no slot.
        """
        loop, attempt = asyncio.get_running_loop(), 0
        deadline = loop.time() + self.stream_timeout
        while True:
            try:
                return await super().get_connection(command_name, *args, acquire=acquire, **kwargs)
            except ConnectionError as exc:
                pause = self._policy.delay(attempt)
                attempt += 1
                if (
                    is_hopeless(exc)
                    or self._closing
                    or attempt > self._policy.attempts
                    or loop.time() + pause >= deadline
                ):
                    raise
            await asyncio.sleep(pause)

    def patience(self) -> float | None:
        """Return for how many seconds one may stand in line, None for ever. Raises `ConnectionError` for not at all."""
        try:
            return super().patience()
        except ConnectionError as exc:
            raise ExhaustedError(*exc.args) from None

    async def aclose(self) -> None:
        """Wait for the replies under way, blocking commands' aside, then close every connection."""
        self._closing += 1
        try:
            await super().aclose()
            if self._owns_manager:
                await self.sentinel_manager.aclose()
        finally:
            self._closing -= 1

    def disconnect(self) -> None:
        """Close every connection now. What is in flight fails; the pool can be used again."""
        if self._doubts is not None:
            self._doubts.cancel()
            self._doubts = None
        self._role_watch.end()
        super().disconnect()

    # ---- what it hears

    def on_primary(self, address: Address) -> None:
        """Close every connection that should not lead where it does now. For the discovery alone."""
        for connection in list(self._made):
            if connection.target is not None and connection.target.contradicts(address):
                connection.close()

    def on_replicas(self, addresses: list[Address]) -> None:
        """Leave what is no usable replica any more, once its last replies are there. For the discovery alone."""
        if not self.is_primary:
            self._readers.keep_to(addresses)

    def on_suspect(self, connection: BaseConnection) -> None:
        """Ask the sentinels about a server that takes suspiciously long. A replica is left for a better one."""
        self.sentinel_manager.look_again(self.service_name)
        if not self.is_primary:
            self._readers.leave(connection)

    def failed(self, target: Target) -> None:
        """Take note that a server could not be reached, or did not serve. For its connections alone."""
        if target.role == "replica":
            self._readers.avoid(target.address)

    def judge(self, target: Target, is_right: bool) -> None:
        """Pass on what a server said of itself. For its connections alone."""
        if target.role == "primary":
            tell = self.sentinel_manager.confirm if is_right else self.sentinel_manager.refute
            tell(self.service_name, target.address)

    def made(self) -> list[SentinelManagedConnection[object]]:
        """Return its connections. For its readers alone."""
        return list(self._made)

    def _in_use(self) -> list[SentinelManagedConnection[object]]:
        shared = self.shared()
        return [connection for connection in self._made if connection in shared]

    def _hear_role(self, target: Target, is_right: bool) -> None:
        """Leave a server that changed its role behind our back."""
        self.judge(target, is_right)
        if not is_right:
            self.sentinel_manager.look_again(self.service_name)
            for connection in list(self._made):
                if connection.target == target:
                    connection.close()

    def refused(self, error: RedisError) -> None:
        """Hear what went wrong with a request on a lease. For its connections alone."""
        if isinstance(error, ReadOnlyError):
            self.doubt()
        elif isinstance(error, ExecAbortError) and self.is_primary:
            self.sentinel_manager.look_again(self.service_name)  # which command was refused it does not say

    def doubt(self) -> None:
        """Ask the sentinels about a primary that refuses writes, and the server itself for its role: on connect."""
        if self.is_primary and self._doubts is None:
            self.sentinel_manager.look_again(self.service_name)
            loop = asyncio.get_running_loop()
            self._doubts = loop.call_later(SETTLE_SECONDS, self._reopen)

    def _reopen(self) -> None:
        self._doubts = None
        for connection in list(self._made):
            connection.close()
