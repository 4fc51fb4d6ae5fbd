"""One blocking connection for asking the server about itself, in between. Never part of what is measured."""

from __future__ import annotations

import socket
from types import TracebackType
from typing import TYPE_CHECKING

import hiredis

from respool_testing.raw import pack

if TYPE_CHECKING:
    from typing_extensions import Self

PATIENCE_SECONDS = 10.0


class Plain:
    """Sends one command and waits for its reply; an error reply is raised."""

    def __init__(self, host: str, port: int) -> None:
        self._socket = socket.create_connection((host, port), timeout=PATIENCE_SECONDS)
        self._reader = hiredis.Reader(notEnoughData=Plain)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._socket.close()

    def call(self, *words: str | bytes | int) -> object:
        """Return the reply to one command."""
        self._socket.sendall(pack(*words))
        while (reply := self._reader.gets()) is Plain:
            data = self._socket.recv(1 << 20)
            if not data:
                raise ConnectionError(f"the server closed the connection at {words[0]!r}")
            self._reader.feed(data)
        if isinstance(reply, hiredis.ReplyError):
            raise reply
        return reply
