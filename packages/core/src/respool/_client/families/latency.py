"""Commands on what took the server long: its latency monitor and its logs of slow commands."""

from __future__ import annotations

from asyncio import Future
from typing import Generic, Literal, TypeAlias, TypeVar

from respool._client.families.arguments import optional
from respool._client.families.family import Family
from respool._client.replies.basic import succeeded, text
from respool._client.replies.latency import (
    CommandHistogram,
    LatencyEvent,
    LoggedCommand,
    histograms,
    history,
    latest,
    logged_commands,
)

T = TypeVar("T")

CommandLogType: TypeAlias = Literal["slow", "large-request", "large-reply"]


class LatencyCommands(Family[T], Generic[T]):
    """Commands on latency and slow commands."""

    def commandlog_get(self, count: int, type: CommandLogType) -> Future[list[LoggedCommand[T]]]:
        """Return the latest commands that were slow or large, -1 for all. Valkey 8.1.

        https://valkey.io/commands/commandlog-get/
        """
        return self._run((b"COMMANDLOG", b"GET", count, type), logged_commands)

    def commandlog_len(self, type: CommandLogType) -> Future[int]:
        """Return how many commands were logged. Valkey 8.1. https://valkey.io/commands/commandlog-len/"""
        return self._run((b"COMMANDLOG", b"LEN", type))

    def commandlog_reset(self, type: CommandLogType) -> Future[bool]:
        """Forget the commands that were logged. Valkey 8.1. https://valkey.io/commands/commandlog-reset/"""
        return self._run((b"COMMANDLOG", b"RESET", type), succeeded)

    def latency_doctor(self) -> Future[str]:
        """Return the server's opinion of its latency. https://redis.io/docs/latest/commands/latency-doctor/"""
        return self._run((b"LATENCY", b"DOCTOR"), text)

    def latency_graph(self, event: str) -> Future[str]:
        """Return a drawing of an event. https://redis.io/docs/latest/commands/latency-graph/"""
        return self._run((b"LATENCY", b"GRAPH", event), text)

    def latency_histogram(self, *commands: str) -> Future[dict[str, CommandHistogram]]:
        """Return how long commands took, all or these. https://redis.io/docs/latest/commands/latency-histogram/"""
        return self._run((b"LATENCY", b"HISTOGRAM", *commands), histograms)

    def latency_history(self, event: str) -> Future[list[tuple[int, int]]]:
        """Return when an event was slow: Unix time in seconds, and for how many milliseconds.

        https://redis.io/docs/latest/commands/latency-history/
        """
        return self._run((b"LATENCY", b"HISTORY", event), history)

    def latency_latest(self) -> Future[list[LatencyEvent]]:
        """Return the events that were slow. https://redis.io/docs/latest/commands/latency-latest/"""
        return self._run((b"LATENCY", b"LATEST"), latest)

    def latency_reset(self, *events: str) -> Future[int]:
        """Forget events, all or these; return how many. https://redis.io/docs/latest/commands/latency-reset/"""
        return self._run((b"LATENCY", b"RESET", *events))

    def slowlog_get(self, count: int | None = None) -> Future[list[LoggedCommand[T]]]:
        """Return the latest slow commands, 10 of them or `count`, -1 for all.

        https://redis.io/docs/latest/commands/slowlog-get/
        """
        return self._run((b"SLOWLOG", b"GET", *optional(count)), logged_commands)

    def slowlog_len(self) -> Future[int]:
        """Return how many slow commands were logged. https://redis.io/docs/latest/commands/slowlog-len/"""
        return self._run((b"SLOWLOG", b"LEN"))

    def slowlog_reset(self) -> Future[bool]:
        """Forget the slow commands. https://redis.io/docs/latest/commands/slowlog-reset/"""
        return self._run((b"SLOWLOG", b"RESET"), succeeded)
