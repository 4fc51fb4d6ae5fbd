"""Commands on the server as a whole: its databases, its disk, its replication, its end."""

from __future__ import annotations

from asyncio import Future
from typing import TYPE_CHECKING, Generic, TypeVar

from respool._client.families.arguments import PeriodT, flag, flags, milliseconds, option
from respool._client.families.family import Family
from respool._client.replies.basic import succeeded, text
from respool._client.replies.server import (
    PrimaryRole,
    ReplicaRole,
    SentinelRole,
    info,
    moment,
    role,
    time_of_day,
)

if TYPE_CHECKING:
    from datetime import datetime

T = TypeVar("T")


class ServerCommands(Family[T], Generic[T]):
    """Commands on the server."""

    def bgrewriteaof(self) -> Future[str]:
        """Write the append-only file anew, meanwhile; return what the server says.

        https://redis.io/docs/latest/commands/bgrewriteaof/
        """
        return self._run((b"BGREWRITEAOF",), text)

    def bgsave(self, *, schedule: bool = True) -> Future[str]:
        """Write a snapshot, meanwhile; with `schedule` later if need be. https://redis.io/docs/latest/commands/bgsave/"""
        return self._run((b"BGSAVE", *flag(b"SCHEDULE", schedule)), text)

    def dbsize(self) -> Future[int]:
        """Return how many keys there are. https://redis.io/docs/latest/commands/dbsize/"""
        return self._run((b"DBSIZE",))

    def failover(
        self,
        *,
        to: tuple[str, int] | None = None,
        force: bool = False,
        abort: bool = False,
        timeout: PeriodT | None = None,
    ) -> Future[bool]:
        """Let a replica take over, `to` or any; `abort` ends that. `timeout` is in milliseconds.

        https://redis.io/docs/latest/commands/failover/
        """
        target = () if to is None else (b"TO", *to)
        limit = option(b"TIMEOUT", None if timeout is None else milliseconds(timeout))
        why = "force needs `to` and a timeout" if force and (to is None or timeout is None) else None
        return self._run_unless(
            why, (b"FAILOVER", *target, *flags(force=force, abort=abort), *limit), succeeded
        )

    def flushall(self, *, asynchronous: bool = False) -> Future[bool]:
        """Delete all keys of all databases. https://redis.io/docs/latest/commands/flushall/"""
        return self._run((b"FLUSHALL", *flag(b"ASYNC", asynchronous)), succeeded)

    def flushdb(self, *, asynchronous: bool = False) -> Future[bool]:
        """Delete all keys of this database. https://redis.io/docs/latest/commands/flushdb/"""
        return self._run((b"FLUSHDB", *flag(b"ASYNC", asynchronous)), succeeded)

    def info(self, *sections: str) -> Future[dict[str, str]]:
        """Return what the server tells of itself, by field, as it writes it. https://redis.io/docs/latest/commands/info/"""
        return self._run((b"INFO", *sections), info)

    def lastsave(self) -> Future[datetime]:
        """Return when the last snapshot was written, in UTC. https://redis.io/docs/latest/commands/lastsave/"""
        return self._run((b"LASTSAVE",), moment)

    def lolwut(self, *version: int) -> Future[str]:
        """Return a work of art and the server's version. https://redis.io/docs/latest/commands/lolwut/"""
        return self._run((b"LOLWUT", *flag(b"VERSION", bool(version)), *version), text)

    def replicaof(self, host: str, port: int) -> Future[bool]:
        """Make the server a replica of another one. https://redis.io/docs/latest/commands/replicaof/"""
        return self._run((b"REPLICAOF", host, port), succeeded)

    def replicaof_no_one(self) -> Future[bool]:
        """Make the server a primary. https://redis.io/docs/latest/commands/replicaof/"""
        return self._run((b"REPLICAOF", b"NO", b"ONE"), succeeded)

    def role(self) -> Future[PrimaryRole | ReplicaRole | SentinelRole]:
        """Return which part the server plays in replication. https://redis.io/docs/latest/commands/role/"""
        return self._run((b"ROLE",), role)

    def save(self) -> Future[bool]:
        """Write a snapshot; the server does nothing else until it is done. https://redis.io/docs/latest/commands/save/"""
        return self._run((b"SAVE",), succeeded)

    def shutdown(
        self, *, save: bool | None = None, now: bool = False, force: bool = False, abort: bool = False
    ) -> Future[bool]:
        """Stop the server: ends with `ConnectionError` when it is gone. `abort` ends a shutdown that waits.

        With a snapshot or without, or as it is set (None). https://redis.io/docs/latest/commands/shutdown/
        """
        how = () if save is None else (b"SAVE" if save else b"NOSAVE",)
        return self._run((b"SHUTDOWN", *how, *flags(now=now, force=force, abort=abort)), succeeded)

    def swapdb(self, first: int, second: int) -> Future[bool]:
        """Exchange two databases, for all clients. https://redis.io/docs/latest/commands/swapdb/"""
        return self._run((b"SWAPDB", first, second), succeeded)

    def time(self) -> Future[tuple[int, int]]:
        """Return the server's clock: seconds of Unix time, and microseconds. https://redis.io/docs/latest/commands/time/"""
        return self._run((b"TIME",), time_of_day)
