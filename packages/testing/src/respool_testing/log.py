"""What clients asked of a fake server, in order, and questions a test may put about it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from .patterns import Argument, RequestPattern

DEFAULT_LIMIT: Final = 10_000


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
    """The last requests a server got, and the commands it ran; `limit` says how many, None for all.

    `forgotten` counts those that fell out. Questions whose answer could lie among them fail and say so.
    """

    def __init__(self, limit: int | None = DEFAULT_LIMIT) -> None:
        self._entries: deque[LogEntry] = deque(maxlen=limit)
        self.forgotten = 0
        # Who sees each entry as it comes.
        self.observer: Callable[[LogEntry], None] | None = None

    def __iter__(self) -> Iterator[LogEntry]:
        return iter(list(self._entries))

    def __len__(self) -> int:
        return len(self._entries)

    def __getitem__(self, index: int) -> LogEntry:
        return self._entries[index]

    def clear(self) -> None:
        """Forget everything so far."""
        self._entries.clear()
        self.forgotten = 0

    def calls(
        self,
        name: str | None = None,
        *args: Argument,
        key: str | bytes | None = None,
        client_id: int | None = None,
    ) -> list[LogEntry]:
        """Return the commands that ran and match: name in any case, leading arguments, a key, a client.

        `key` is a glob that some argument must match, as in `key="x:*"`.
        """
        pattern = RequestPattern(name, args, key)
        return [
            entry
            for entry in self
            if entry.executed and pattern.matches(entry.words) and client_id in (None, entry.client_id)
        ]

    def assert_called(
        self,
        name: str,
        *args: Argument,
        key: str | bytes | None = None,
        client_id: int | None = None,
        times: int | None = None,
    ) -> None:
        """Fail unless a matching command ran, `times` times if given, else at least once."""
        count = len(self.calls(name, *args, key=key, client_id=client_id))
        if times is not None:
            self._assert_complete()
        if count != times if times is not None else not count:
            wanted = "at least once" if times is None else f"{times} times"
            meant = RequestPattern(name, args, key)
            raise AssertionError(f"{meant} should have run {wanted}, ran {count} times.\n{self.recent()}")

    def assert_not_called(
        self, name: str, *args: Argument, key: str | bytes | None = None, client_id: int | None = None
    ) -> None:
        """Fail if a matching command ran."""
        self.assert_called(name, *args, key=key, client_id=client_id, times=0)

    def assert_called_in_order(self, *commands: str | Sequence[Argument]) -> None:
        """Fail unless these ran one after the other, others in between or not: `("MULTI", ("SET", "k"), "EXEC")`.

        Each is a command's name with, if that matters, its first arguments; a string is split at its spaces.
        """
        entries = iter([entry for entry in self if entry.executed])
        for command in commands:
            words = command.split() if isinstance(command, str) else command
            pattern = RequestPattern(str(words[0]), tuple(words[1:]))
            if not any(pattern.matches(entry.words) for entry in entries):
                raise AssertionError(f"{pattern} did not run in its place.\n{self.recent()}")

    def record(self, entry: LogEntry) -> None:
        """Add an entry; the oldest one may have to go."""
        self.forgotten += len(self._entries) == self._entries.maxlen
        self._entries.append(entry)
        if self.observer is not None:
            self.observer(entry)

    def recent(self, count: int = 20) -> str:
        """Describe the last commands, one a line."""
        shown = [f"  {entry}" for entry in list(self._entries)[-count:]]
        if self.forgotten:
            shown.insert(0, f"  (the log has let go of {self.forgotten} earlier ones)")
        return "\n".join(["The last commands:", *shown]) if shown else "There were no commands at all."

    def _assert_complete(self) -> None:
        if self.forgotten:
            raise AssertionError(
                f"cannot tell how often: the log has let go of {self.forgotten} requests. "
                "Clear it before the part that matters, or give the server a higher log_limit."
            )
