"""Commands on connections: signs of life, who is connected, who waits. What changes a connection has other doors."""

from __future__ import annotations

from typing import Generic, Literal, TypeAlias, TypeVar

from respool._client.families.arguments import PeriodT, Words, flag, milliseconds, option
from respool._client.families.family import Family
from respool._client.replies.basic import succeeded, text_or_none
from respool._client.replies.clients import TrackingInfo, client, clients, tracking_info
from respool._connection.request import Request
from respool._wire.values import StringT, ValueT

T = TypeVar("T")

ClientType: TypeAlias = Literal["normal", "master", "replica", "pubsub"]


class ClientCommands(Family[T], Generic[T]):
    """Commands on connections. A client is told as the server tells it: names of fields and text."""

    def client_getname(self) -> Request[str | None]:
        """Return the name of the shared connection. https://redis.io/docs/latest/commands/client-getname/"""
        return self._run((b"CLIENT", b"GETNAME"), text_or_none)

    def client_getredir(self) -> Request[int]:
        """Return who is told of changed keys, -1 for nobody. https://redis.io/docs/latest/commands/client-getredir/"""
        return self._run((b"CLIENT", b"GETREDIR"))

    def client_id(self) -> Request[int]:
        """Return the id of the shared connection. https://redis.io/docs/latest/commands/client-id/"""
        return self._run((b"CLIENT", b"ID"))

    def client_info(self) -> Request[dict[str, str]]:
        """Return what the server knows of the shared connection. https://redis.io/docs/latest/commands/client-info/"""
        return self._run((b"CLIENT", b"INFO"), client)

    def client_kill(
        self,
        address: str | None = None,
        *,
        id: int | None = None,
        type: ClientType | None = None,
        user: str | None = None,
        laddr: str | None = None,
        skipme: bool | None = None,
        maxage: int | None = None,
    ) -> Request[int]:
        """Close the connections of which all this holds; return how many. `maxage`: at least so many seconds old.

        https://redis.io/docs/latest/commands/client-kill/
        """
        filters: Words = (
            *option(b"ADDR", address),
            *option(b"ID", id),
            *option(b"TYPE", type),
            *option(b"USER", user),
            *option(b"LADDR", laddr),
            *option(b"SKIPME", _yes_or_no(skipme)),
            *option(b"MAXAGE", maxage),
        )
        why = None if filters else "say which connections: this would close them all"
        return self._run_unless(why, (b"CLIENT", b"KILL", *filters))

    def client_list(self, *ids: int, type: ClientType | None = None) -> Request[list[dict[str, str]]]:
        """Return the connections there are, or those of these ids. https://redis.io/docs/latest/commands/client-list/"""
        wanted = (*option(b"TYPE", type), *flag(b"ID", bool(ids)), *ids)
        return self._run((b"CLIENT", b"LIST", *wanted), clients)

    def client_pause(self, timeout: PeriodT, *, all: bool = True) -> Request[bool]:
        """Let clients wait for `timeout` milliseconds: all, or those that write.

        https://redis.io/docs/latest/commands/client-pause/
        """
        args = (b"CLIENT", b"PAUSE", milliseconds(timeout), b"ALL" if all else b"WRITE")
        return self._run(args, succeeded)

    def client_trackinginfo(self) -> Request[TrackingInfo[T]]:
        """Return whether the server tracks the keys of the shared connection.

        https://redis.io/docs/latest/commands/client-trackinginfo/
        """
        return self._run((b"CLIENT", b"TRACKINGINFO"), tracking_info)

    def client_unblock(self, client_id: int, *, error: bool = False) -> Request[bool]:
        """End what a client waits for, as if its time were over or with an error; False where it waits for nothing.

        https://redis.io/docs/latest/commands/client-unblock/
        """
        args = (b"CLIENT", b"UNBLOCK", client_id, b"ERROR" if error else b"TIMEOUT")
        return self._run(args, bool)

    def client_unpause(self) -> Request[bool]:
        """Let clients wait no longer. https://redis.io/docs/latest/commands/client-unpause/"""
        return self._run((b"CLIENT", b"UNPAUSE"), succeeded)

    def echo(self, message: ValueT) -> Request[T]:
        """Return `message`. https://redis.io/docs/latest/commands/echo/"""
        return self._run((b"ECHO", message))

    def ping(self, message: StringT | None = None) -> Request[T]:
        """Ask for a sign of life: PONG, or `message`. https://redis.io/docs/latest/commands/ping/"""
        return self._run((b"PING",) if message is None else (b"PING", message))


def _yes_or_no(answer: bool | None) -> str | None:
    return None if answer is None else "YES" if answer else "NO"
