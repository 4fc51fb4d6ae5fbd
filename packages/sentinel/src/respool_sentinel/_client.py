"""The commands of one sentinel, typed: for those who run sentinels. Who only uses services needs none of them.

https://redis.io/docs/latest/operate/oss_and_stack/management/sentinel/
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from respool import Redis
from respool.errors import InvalidResponse
from respool.lowlevel import ValueT
from respool_sentinel._views import Address, fields_of

if TYPE_CHECKING:
    from typing_extensions import Self


class SentinelClient:
    """A client of one sentinel. `options` are those of its connection. Close it with `aclose` or `async with`.

    Commands raise `ResponseError` where the sentinel refuses, which it does for a service it does not know.
    """

    def __init__(self, host: str = "127.0.0.1", port: int = 26379, **options: object) -> None:
        self._redis: Redis[bytes] = Redis(host, port, **options)  # type: ignore[call-overload]  # the caller's own

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._redis.connection_pool.describe()}>"

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Wait for the replies under way and close the connection."""
        await self._redis.aclose()

    # ---- what it sees

    async def masters(self) -> list[dict[str, str]]:
        """Return all services, each with what is known of its primary."""
        return await self._servers(b"MASTERS")

    async def master(self, service: str) -> dict[str, str]:
        """Return what is known of the primary of a service."""
        return fields_of(await self._ask(b"MASTER", service))

    async def replicas(self, service: str) -> list[dict[str, str]]:
        """Return what is known of each replica of a service."""
        return await self._servers(b"REPLICAS", service)

    async def sentinels(self, service: str) -> list[dict[str, str]]:
        """Return what is known of each other sentinel that watches a service."""
        return await self._servers(b"SENTINELS", service)

    async def get_master_addr_by_name(self, service: str) -> Address | None:
        """Return where the primary of a service is; None for a service it does not know."""
        match await self._ask(b"GET-MASTER-ADDR-BY-NAME", service):
            case None:
                return None
            case [bytes(host), bytes(port)] if port.isdigit():
                return host.decode(), int(port)
            case other:
                raise InvalidResponse(f"a sentinel named the primary {other!r}")

    async def myid(self) -> str:
        """Return its run id. Since Redis 6.2."""
        return _text(await self._ask(b"MYID"))

    async def ckquorum(self, service: str) -> str:
        """Check whether enough sentinels are there for a failover; return it in words, raise `ResponseError` if not."""
        return _text(await self._ask(b"CKQUORUM", service))

    async def config_get(self, pattern: str = "*") -> dict[str, str]:
        """Return its own settings by name. Since Redis 6.2."""
        return fields_of(await self._ask(b"CONFIG", b"GET", pattern))

    # ---- what it is told

    async def failover(self, service: str) -> None:
        """Begin a failover, as if the primary was down, without asking the others."""
        await self._ask(b"FAILOVER", service)

    async def monitor(self, service: str, host: str, port: int, quorum: int) -> None:
        """Begin to watch a service by the address of its primary. Real sentinels take no host names by default."""
        await self._ask(b"MONITOR", service, host, port, quorum)

    async def remove(self, service: str) -> None:
        """Watch a service no more."""
        await self._ask(b"REMOVE", service)

    async def reset(self, pattern: str) -> int:
        """Forget replicas, other sentinels and failovers of the services whose names match; return how many."""
        reply = await self._ask(b"RESET", pattern)
        return reply if isinstance(reply, int) else 0

    async def set(self, service: str, **settings: ValueT) -> None:
        """Change how a service is watched: `set("mymaster", quorum=2, down_after_milliseconds=5000)`."""
        words = [word for name, value in settings.items() for word in (name.replace("_", "-"), value)]
        await self._ask(b"SET", service, *words)

    async def config_set(self, name: str, value: ValueT) -> None:
        """Change one of its own settings. Since Redis 6.2."""
        await self._ask(b"CONFIG", b"SET", name, value)

    async def flushconfig(self) -> None:
        """Write its state to its configuration file."""
        await self._ask(b"FLUSHCONFIG")

    async def _servers(self, *words: ValueT) -> list[dict[str, str]]:
        reply = await self._ask(*words)
        if not isinstance(reply, list):
            raise InvalidResponse(f"a sentinel described servers as {reply!r}")
        return [fields_of(each) for each in reply]

    async def _ask(self, *words: ValueT) -> object:
        return await self._redis.execute_command(b"SENTINEL", *words)


def _text(reply: object) -> str:
    return reply.decode() if isinstance(reply, bytes) else str(reply)
