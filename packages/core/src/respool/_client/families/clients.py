"""Commands on connections: signs of life, who is connected, who waits. What changes a connection has other doors."""

from __future__ import annotations

from asyncio import Future
from collections.abc import Iterable
from typing import TYPE_CHECKING, Generic, Literal, TypeAlias, TypeVar, cast

from respool._client.families.arguments import PeriodT, Words, flag, milliseconds, one_or_many, option
from respool._client.families.family import Family
from respool._client.replies.basic import succeeded, text_or_none
from respool._client.replies.clients import TrackingInfo, client, clients, tracking_info
from respool._wire.values import StringT, ValueT

T = TypeVar("T")

ClientType: TypeAlias = Literal["normal", "master", "replica", "pubsub"]

if TYPE_CHECKING:
    from typing_extensions import TypedDict, Unpack

    class ClientFilters(TypedDict, total=False):
        """Which connections are meant. Addresses are `host:port`. Redis knows the first seven, Valkey 9 all."""

        id: int | Iterable[int] | None
        type: ClientType | None
        user: str | None
        addr: str | None
        laddr: str | None
        skipme: bool | None
        maxage: int | None
        """At least so many seconds old."""
        name: str | None
        idle: int | None
        flags: str | None
        lib_name: str | None
        lib_ver: str | None
        db: int | None
        capa: str | None
        ip: str | None
        not_id: int | Iterable[int] | None
        not_type: ClientType | None
        not_user: str | None
        not_addr: str | None
        not_laddr: str | None
        not_name: str | None
        not_flags: str | None
        not_lib_name: str | None
        not_lib_ver: str | None
        not_db: int | None
        not_capa: str | None
        not_ip: str | None


class ClientCommands(Family[T], Generic[T]):
    """Commands on connections. A client is told as the server tells it: names of fields and text."""

    def client_getname(self) -> Future[str | None]:
        """Return the name of the shared connection. https://redis.io/docs/latest/commands/client-getname/"""
        return self._run((b"CLIENT", b"GETNAME"), text_or_none)

    def client_getredir(self) -> Future[int]:
        """Return who is told of changed keys, -1 for nobody. https://redis.io/docs/latest/commands/client-getredir/"""
        return self._run((b"CLIENT", b"GETREDIR"))

    def client_id(self) -> Future[int]:
        """Return the id of the shared connection. https://redis.io/docs/latest/commands/client-id/"""
        return self._run((b"CLIENT", b"ID"))

    def client_info(self) -> Future[dict[str, str]]:
        """Return what the server knows of the shared connection. https://redis.io/docs/latest/commands/client-info/"""
        return self._run((b"CLIENT", b"INFO"), client)

    def client_kill(self, address: str | None = None, **filters: Unpack[ClientFilters]) -> Future[int]:
        """Close the connections of which all this holds; return how many.

        https://redis.io/docs/latest/commands/client-kill/
        """
        words = (*option(b"ADDR", address), *_spelled(filters))
        why = None if words else "say which connections: this would close them all"
        return self._run_unless(why, (b"CLIENT", b"KILL", *words))

    def client_list(self, *ids: int, **filters: Unpack[ClientFilters]) -> Future[list[dict[str, str]]]:
        """Return the connections there are, those of these ids, or those of which all this holds.

        Redis knows `type` alone, Valkey 8.1 more. https://redis.io/docs/latest/commands/client-list/
        """
        return self._run((b"CLIENT", b"LIST", *_spelled(filters), *flag(b"ID", bool(ids)), *ids), clients)

    def client_pause(self, timeout: PeriodT, *, all: bool = True) -> Future[bool]:
        """Let clients wait for `timeout` milliseconds: all, or those that write.

        https://redis.io/docs/latest/commands/client-pause/
        """
        args = (b"CLIENT", b"PAUSE", milliseconds(timeout), b"ALL" if all else b"WRITE")
        return self._run(args, succeeded)

    def client_trackinginfo(self) -> Future[TrackingInfo[T]]:
        """Return whether the server tracks the keys of the shared connection.

        https://redis.io/docs/latest/commands/client-trackinginfo/
        """
        return self._run((b"CLIENT", b"TRACKINGINFO"), tracking_info)

    def client_unblock(self, client_id: int, *, error: bool = False) -> Future[bool]:
        """End what a client waits for, as if its time were over or with an error; False where it waits for nothing.

        https://redis.io/docs/latest/commands/client-unblock/
        """
        args = (b"CLIENT", b"UNBLOCK", client_id, b"ERROR" if error else b"TIMEOUT")
        return self._run(args, bool)

    def client_unpause(self) -> Future[bool]:
        """Let clients wait no longer. https://redis.io/docs/latest/commands/client-unpause/"""
        return self._run((b"CLIENT", b"UNPAUSE"), succeeded)

    def echo(self, message: ValueT) -> Future[T]:
        """Return `message`. https://redis.io/docs/latest/commands/echo/"""
        return self._run((b"ECHO", message))

    def ping(self, message: StringT | None = None) -> Future[T]:
        """Ask for a sign of life: PONG, or `message`. https://redis.io/docs/latest/commands/ping/"""
        return self._run((b"PING",) if message is None else (b"PING", message))


def _spelled(filters: ClientFilters) -> Words:
    given = {name.upper().replace("_", "-"): value for name, value in filters.items() if value is not None}
    return tuple(word for name, value in given.items() for word in (name, *_values(value)))


def _values(value: object) -> Words:
    if isinstance(value, bool):
        return (b"YES" if value else b"NO",)
    return one_or_many(cast("ValueT | Iterable[ValueT]", value))
