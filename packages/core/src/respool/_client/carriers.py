"""Who carries subscriptions: what a subscriber asks of them, and the one that has a single server to listen at."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Protocol, TypeAlias

from respool._client.intake import Intake
from respool._client.messages import Subscription
from respool._client.station import PASSING, Station
from respool._pool.pool import ConnectionPool
from respool.errors import RedisError, ResponseError


class Carrier(Protocol):
    """Keeps subscriptions alive, and hands what it hears to an intake."""

    @property
    def is_connected(self) -> bool:
        """Whether messages can arrive now."""

    @property
    def stream_timeout(self) -> float:
        """Seconds within which a server has to confirm."""

    def describe(self) -> str:
        """Return where it listens, and what is wrong there, for messages."""

    async def assign(self, subscriptions: Iterable[Subscription]) -> None:
        """Carry these from now on."""

    def withdraw(self, subscriptions: Iterable[Subscription]) -> None:
        """Carry these no longer."""

    async def aclose(self) -> None:
        """Carry nothing any more, and give back what it holds."""


MakeCarrier: TypeAlias = Callable[[Intake], Carrier]


class OneServer:
    """Carries everything at one server. A lost connection is opened again, for as long as it takes."""

    def __init__(self, pool: ConnectionPool, intake: Intake) -> None:
        self._pool = pool
        self._intake = intake
        self._station = Station(self._find_pool, intake, self)
        self._trouble = ""

    @property
    def is_connected(self) -> bool:
        """Whether messages can arrive now."""
        return self._station.is_connected

    @property
    def stream_timeout(self) -> float:
        """Seconds within which the server has to confirm."""
        return self._pool.stream_timeout

    def describe(self) -> str:
        """Return the address, and why there is no connection."""
        trouble = "" if self.is_connected or not self._trouble else f" ({self._trouble})"
        return f"{self._pool.describe()}{trouble}"

    async def assign(self, subscriptions: Iterable[Subscription]) -> None:
        """Carry these from now on; wait for the first connection, which may have to wait for room in the pool."""
        self._station.assign(subscriptions)
        await self._station.tried.wait()

    def withdraw(self, subscriptions: Iterable[Subscription]) -> None:
        """Carry these no longer."""
        self._station.withdraw(subscriptions)

    async def aclose(self) -> None:
        """Give the connection back."""
        await self._station.aclose()

    async def _find_pool(self) -> ConnectionPool:
        return self._pool

    # ---- what the station cannot do

    def on_unreachable(self, station: Station, error: RedisError) -> None:
        """Fail who subscribes to a server that was never there; otherwise raise what cannot pass by itself."""
        self._trouble = str(error)
        was_told = not station.has_listened and self._intake.joining.fail_all(error)
        if not was_told and not isinstance(error, PASSING):
            raise error

    def on_lost(self, station: Station, reason: str) -> None:
        """Remember why."""
        self._trouble = reason

    def on_ended(self, station: Station, subscription: Subscription) -> None:
        """Leave it at that: the server will say why when it is asked again."""

    def on_refused(
        self, station: Station, subscriptions: frozenset[Subscription], error: ResponseError
    ) -> None:
        """Fail who subscribes; raise where somebody relied on it already."""
        if any(station.was_heard(each) for each in subscriptions):
            raise error
        for each in subscriptions:
            self._intake.joining.fail(each, error)

    def on_idle(self, station: Station) -> None:
        """Keep the connection: opening another would take longer than subscribing."""

    def on_broken(self, station: Station, error: BaseException) -> None:
        """Tell who reads."""
        self._intake.end(error)
