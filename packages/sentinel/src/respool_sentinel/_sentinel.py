"""The door for users: the sentinels, and clients of the services they watch."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Generic, Literal, TypeVar, overload

from respool import Redis
from respool_sentinel._discovery import Discovery
from respool_sentinel._pool import SentinelConnectionPool
from respool_sentinel._views import Address

if TYPE_CHECKING:
    from typing_extensions import Self

T = TypeVar("T")


class Sentinel(Discovery, Generic[T]):
    """Finds services by name, and follows their failovers.

    `sentinel_kwargs` are options of the connections to the sentinels (their own password, TLS; their
    `stream_timeout`, 2 seconds by default, limits each discovery), `connection_kwargs` those of the connections to the
    servers and of their pools. Close it with `aclose` or `async with`, in the event loop that used it.
    """

    @overload
    def __init__(
        self: Sentinel[bytes],
        sentinels: Iterable[Address],
        sentinel_kwargs: Mapping[str, object] | None = ...,
        *,
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
        decode_responses: Literal[True],
        encoding: str = ...,
        **connection_kwargs: object,
    ) -> None: ...

    def __init__(
        self,
        sentinels: Iterable[Address],
        sentinel_kwargs: Mapping[str, object] | None = None,
        *,
        decode_responses: bool = False,
        encoding: str = "utf-8",
        **connection_kwargs: object,
    ) -> None:
        super().__init__(sentinels, sentinel_kwargs or {})
        self._decode = decode_responses
        self._encoding = encoding
        self._connection_kwargs = connection_kwargs
        self._pools: dict[tuple[str, bool], SentinelConnectionPool] = {}

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {', '.join(map(str, self._nodes))}>"

    def primary_for(self, service_name: str) -> Redis[T]:
        """Return a client of the primary of a service, whoever that is. Nothing is asked before its first command.

        Clients of one service share a pool, which this sentinel closes; closing the client is not needed.
        """
        return self._client(service_name, is_primary=True)

    def replica_for(self, service_name: str) -> Redis[T]:
        """Return a client of one replica of a service after the other, of the primary if there is none. For reads."""
        return self._client(service_name, is_primary=False)

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

    def _client(self, service_name: str, *, is_primary: bool) -> Redis[T]:
        key = (service_name, is_primary)
        if key not in self._pools:
            options = {"encoding": self._encoding, **self._connection_kwargs}
            self._pools[key] = SentinelConnectionPool(service_name, self, is_primary, **options)  # type: ignore[arg-type]
        client: Redis[T] = Redis(  # type: ignore[call-overload]  # a bool that is known only at run time
            connection_pool=self._pools[key], decode_responses=self._decode, encoding=self._encoding
        )
        return client
