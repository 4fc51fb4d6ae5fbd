"""What clients asked of a fake server, in order, and questions a test may put about it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from .patterns import Argument, RequestPattern


@dataclass(slots=True)
class LogEntry:
    """One request: its words, who sent it, when, and whether it was carried out.

    A command queued by MULTI is logged as not executed when it arrives, and as executed when EXEC runs it.
    """

    words: tuple[bytes, ...]
    client_id: int
    at: float
    executed: bool

    @property
    def name(self) -> str:
        """Return the command's name in capitals."""
        return self.words[0].decode("latin-1").upper()

    @property
    def args(self) -> tuple[bytes, ...]:
        """Return what follows the name."""
        return self.words[1:]

    def __str__(self) -> str:
        words = " ".join(word.decode("latin-1") for word in self.words)
        return f"{words}{'' if self.executed else '  (not executed)'}  [client {self.client_id}]"


class CommandLog:
    """Every request a server got, and every command it ran."""

    def __init__(self) -> None:
        self._entries: list[LogEntry] = []

    def __iter__(self) -> Iterator[LogEntry]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def __getitem__(self, index: int) -> LogEntry:
        return self._entries[index]

    def clear(self) -> None:
        """Forget everything so far."""
        self._entries.clear()

    def calls(
        self, name: str | None = None, *args: Argument, key: str | bytes | None = None
    ) -> list[LogEntry]:
        """Return the commands that ran and match: name in any case, leading arguments, a key pattern.

        `key` is a glob that some argument must match, as in `key="x:*"`.
        """
        pattern = RequestPattern(name, args, key)
        return [entry for entry in self._entries if entry.executed and pattern.matches(entry.words)]

    def assert_called(
        self, name: str, *args: Argument, key: str | bytes | None = None, times: int | None = None
    ) -> None:
        """Fail unless a matching command ran, `times` times if given, else at least once."""
        count = len(self.calls(name, *args, key=key))
        if count != times if times is not None else not count:
            wanted = "at least once" if times is None else f"{times} times"
            meant = RequestPattern(name, args, key)
            raise AssertionError(f"{meant} should have run {wanted}, ran {count} times.\n{self._recent()}")

    def assert_not_called(self, name: str, *args: Argument, key: str | bytes | None = None) -> None:
        """Fail if a matching command ran."""
        self.assert_called(name, *args, key=key, times=0)

    def record(self, entry: LogEntry) -> None:
        """Add an entry."""
        self._entries.append(entry)

    def _recent(self, count: int = 20) -> str:
        shown = [f"  {entry}" for entry in self._entries[-count:]]
        return "\n".join(["The last commands:", *shown]) if shown else "There were no commands at all."
