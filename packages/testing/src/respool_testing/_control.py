"""The hand on one real server between tests: what it was like at first, and how it gets back to that.

Comes and goes, so that no test meets its connection. Knows nothing of pytest.
"""

from __future__ import annotations

import socket
from typing import Final, TypeAlias

from .raw import pack

Words: TypeAlias = "tuple[str | bytes, ...]"
Answer: TypeAlias = "bytes | int | list[Answer] | None"

PATIENCE_SECONDS: Final = 10.0
# What servers since 6.2 know, and some younger ones only: a refusal is no matter.
SWEEP: Final[tuple[Words, ...]] = (
    ("CLIENT", "UNPAUSE"),
    ("CLIENT", "KILL", "TYPE", "normal"),
    ("CLIENT", "KILL", "TYPE", "pubsub"),
    ("FLUSHALL",),
    ("SCRIPT", "FLUSH"),
    ("FUNCTION", "FLUSH"),
    ("SLOWLOG", "RESET"),
    ("ACL", "LOG", "RESET"),
)


class NotRestored(Exception):
    """A server does not let us put it back into its first state: somebody locked it, or stopped it."""


class Control:
    """Brings one server back to what it was when this was made: no clients, no data, its own settings."""

    def __init__(self, path: str) -> None:
        self._path = path
        (settings,) = self._converse(("CONFIG", "GET", "*"))
        self._settings = _pairs(settings)

    def reset(self) -> None:
        """Put the server back into its first state; raise NotRestored if it does not let us."""
        *_, users, settings = self._converse(*SWEEP, ("ACL", "USERS"), ("CONFIG", "GET", "*"))
        undo = [*_undo_users(users), *self._undo_settings(_pairs(settings))]
        if undo and not all(isinstance(done, int) or done == b"+OK" for done in self._converse(*undo)):
            raise NotRestored(f"the server does not take back what was set: {undo}")

    def _undo_settings(self, now: dict[bytes, bytes]) -> list[Words]:
        changed = [name for name, value in self._settings.items() if now.get(name) != value]
        return [("CONFIG", "SET", name, self._settings[name]) for name in changed]

    def _converse(self, *requests: Words) -> list[Answer]:
        """Come, say this, hear the answers and leave. An error is bytes that begin with `-`."""
        try:
            with socket.socket(socket.AF_UNIX) as connection:
                connection.settimeout(PATIENCE_SECONDS)
                connection.connect(self._path)
                connection.sendall(b"".join(pack(*words) for words in (*requests, ("QUIT",))))
                # It hangs up once it has forgotten us.
                return _parse(b"".join(iter(lambda: connection.recv(65536), b"")))[:-1]
        except OSError as error:
            raise NotRestored(f"the server does not answer: {error}") from None


def _undo_users(users: Answer) -> list[Words]:
    if not isinstance(users, list):
        raise NotRestored(f"the server keeps us out: {users!r}")
    strangers = [name for name in users if isinstance(name, bytes) and name != b"default"]
    return [("ACL", "DELUSER", *strangers)] if strangers else []


def _pairs(flat: Answer) -> dict[bytes, bytes]:
    if not isinstance(flat, list):
        raise NotRestored(f"the server keeps us out: {flat!r}")
    words = [word for word in flat if isinstance(word, bytes)]
    return dict(zip(words[::2], words[1::2], strict=True))


def _parse(data: bytes) -> list[Answer]:
    answers: list[Answer] = []
    at = 0
    while at < len(data):
        answer, at = _parse_one(data, at)
        answers.append(answer)
    return answers


def _parse_one(data: bytes, at: int) -> tuple[Answer, int]:
    end = data.index(b"\r\n", at)
    mark, rest, after = data[at : at + 1], data[at + 1 : end], end + 2
    if mark == b"$":
        length = int(rest)
        return (None, after) if length < 0 else (data[after : after + length], after + length + 2)
    if mark == b"*":
        items: list[Answer] = []
        for _ in range(int(rest)):
            item, after = _parse_one(data, after)
            items.append(item)
        return items, after
    return (int(rest) if mark == b":" else data[at:end]), after
