"""A real server that somebody else runs, given to the tests by its URL (`--respool-server`).

It is emptied before each test, so it must be empty at first, or its owner must say that it may be emptied.
"""

from __future__ import annotations

import socket
from typing import Final, NoReturn
from urllib.parse import unquote, urlsplit

import pytest

from .raw import pack

PATIENCE_SECONDS: Final = 10.0


class GivenServer:
    """The address of a running server; a test that asks for what only fakes have is skipped."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme != "redis" or not parts.hostname:
            raise pytest.UsageError(f"--respool-server takes redis://host:port, not {url!r}")
        self.url = url
        self.host = parts.hostname
        self.port = parts.port or 6379
        self._credentials = [unquote(each) for each in (parts.username, parts.password) if each]

    def __repr__(self) -> str:
        return f"<GivenServer {self.host}:{self.port}>"

    def __getattr__(self, name: str) -> NoReturn:
        if name.startswith("__"):
            raise AttributeError(name)
        pytest.skip(f"{name!r} is something only a fake server has; this one is {self.host}:{self.port}")

    def check_empty(self) -> None:
        """Fail unless there is nothing to lose on the server."""
        if b"db" in self._ask("INFO", "keyspace"):
            raise pytest.UsageError(
                f"{self.host}:{self.port} holds keys, and tests would remove them: "
                "empty it, or say --respool-flush"
            )

    def clear(self) -> None:
        """Remove every key."""
        self._ask("FLUSHALL")

    def _ask(self, *words: str) -> bytes:
        requests = [("AUTH", *self._credentials)] if self._credentials else []
        with socket.create_connection((self.host, self.port), PATIENCE_SECONDS) as connection:
            connection.sendall(b"".join(pack(*each) for each in (*requests, words, ("QUIT",))))
            answer = b"".join(iter(lambda: connection.recv(65536), b""))
        if answer.startswith(b"-"):
            raise pytest.UsageError(f"{self.host}:{self.port} says {answer.splitlines()[0].decode()}")
        return answer
