"""The door for users: the sentinels, and clients of the services they watch."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Generic, Literal, TypeVar, overload

from respool import Cache, Redis
from respool.errors import DataError
from respool_sentinel._discovery import Discovery
from respool_sentinel._pool import SentinelConnectionPool
from respool_sentinel._settings import sentinel_options
from respool_sentinel._url import parse_sentinel_url
from respool_sentinel._views import Address

if TYPE_CHECKING:
    from typing_extensions import Self

T = TypeVar("T")


class Sentinel(Discovery, Generic[T]):
    """Finds services by name, and follows their failovers.

    `sentinel_kwargs` are options of the connections to the sentinels (their own password; TLS and timeouts are the
    servers' where it has none; `stream_timeout`, at most 2 seconds by default, limits each discovery).
    `connection_kwargs` are those of the connections to the servers and of their pools. Sentinels that know fewer
    than `min_other_sentinels` others are not believed; replicas more than `max_replica_lag` bytes behind are left out.
    Close it with `aclose` or `async with`, in the event loop that used it.
    """

    @overload
    def __init__(
        self: Sentinel[bytes],
        sentinels: Iterable[Address],
        sentinel_kwargs: Mapping[str, object] | None = ...,
        *,
        min_other_sentinels: int = ...,
        max_replica_lag: int | None = ...,
        decode_responses: Literal[False] = ...,
        encoding: str = ...,
        **connection_kwargs: object,
    ) -> None: ...

    @overload
    def __init__(
        self: Sentinel[str],
        sentinels: Iterable[Address],
        sentinel_kwargs: Mapping[str, object] | None = ...,
        *,
        min_other_sentinels: int = ...,
        max_replica_lag: int | None = ...,
        decode_responses: Literal[True],
        encoding: str = ...,
        **connection_kwargs: object,
    ) -> None: ...

    def __init__(
        self,
        sentinels: Iterable[Address],
        sentinel_kwargs: Mapping[str, object] | None = None,
        *,
        min_other_sentinels: int = 0,
        max_replica_lag: int | None = None,
        decode_responses: bool = False,
        encoding: str = "utf-8",
        **connection_kwargs: object,
    ) -> None:
        options = sentinel_options(sentinel_kwargs or {}, connection_kwargs)
        super().__init__(sentinels, options, min_other_sentinels, max_replica_lag)
        self._decode = decode_responses
        self._encoding = encoding
        self._connection_kwargs = connection_kwargs
        self.service_name: str | None = None
        self._pools: dict[tuple[str, bool], SentinelConnectionPool] = {}

    @overload
    @classmethod
    def from_url(
        cls,
        url: str,
        sentinel_kwargs: Mapping[str, object] | None = ...,
        *,
        db: int | None = ...,
        decode_components: bool = ...,
        decode_responses: Literal[False] = ...,
        **options: object,
    ) -> Sentinel[bytes]: ...

    @overload
    @classmethod
    def from_url(
        cls,
        url: str,
        sentinel_kwargs: Mapping[str, object] | None = ...,
        *,
        db: int | None = ...,
        decode_components: bool = ...,
        decode_responses: Literal[True],
        **options: object,
    ) -> Sentinel[str]: ...

    @classmethod
    def from_url(
        cls,
        url: str,
        sentinel_kwargs: Mapping[str, object] | None = None,
        *,
        db: int | None = None,
        decode_components: bool = False,
        **options: object,
    ) -> Sentinel[bytes] | Sentinel[str]:
        """Make one from `redis+sentinel://[user:password@]host[:port],.../service[/db][?option=value]`.

        The service is the one that `primary_for` and `replica_for` mean where they are told none. `rediss+sentinel://`
        is over TLS; options of the connections to the sentinels have `sentinel_` in front. The URL beats the
        keywords. Raises `DataError` for what is no such URL.
        """
        place = parse_sentinel_url(url, db, decode_components)
        own = {**(sentinel_kwargs or {}), **place.sentinel_options}
        sentinel: Sentinel[bytes] | Sentinel[str] = cls(place.sentinels, own, **{**options, **place.options})  # type: ignore[call-overload]
        sentinel.service_name = place.service
        return sentinel

    def primary_for(self, service_name: str | None = None, *, cache: Cache | None = None) -> Redis[T]:
        """Return a client of the primary of a service, whoever that is. Nothing is asked before its first command.

        Clients of one service share a pool, which this sentinel closes; closing the client is not needed. A `cache`,
        of which a pool has one at most, is emptied when the primary changes.
        """
        return self._client(service_name, is_primary=True, cache=cache)

    def replica_for(self, service_name: str | None = None) -> Redis[T]:
        """Return a client of one replica of a service after the other, of the primary if there is none. For reads."""
        return self._client(service_name, is_primary=False, cache=None)

    async def aclose(self) -> None:
        """Close the pools of the clients it made, stop listening, close the connections to the sentinels."""
        pools, self._pools = self._pools, {}
        for pool in pools.values():
            await pool.aclose()
        await super().aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self.aclose()

    def _client(self, service_name: str | None, *, is_primary: bool, cache: Cache | None) -> Redis[T]:
        service_name = service_name or self.service_name
        if service_name is None:
            raise DataError("which service is meant? Its name goes here, or into the URL of the sentinels")
        key = (service_name, is_primary)
        if key not in self._pools:
            options = {"encoding": self._encoding, **self._connection_kwargs}
            self._pools[key] = SentinelConnectionPool(service_name, self, is_primary, **options)  # type: ignore[arg-type]
        client: Redis[T] = Redis(  # type: ignore[call-overload]  # a bool that is known only at run time
            connection_pool=self._pools[key],
            cache=cache,
            decode_responses=self._decode,
            encoding=self._encoding,
        )
        return client
