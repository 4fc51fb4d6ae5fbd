"""A live picture of running servers on the terminal: who is connected, what they ask, and how much of it.

Drawing is a plain function of what there is to see. Knows nothing of how servers are started or stopped.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final, Protocol, TextIO

if TYPE_CHECKING:
    from .log import LogEntry
    from .server import ClientView

FRAME_SECONDS: Final = 0.25
COMMANDS_KEPT: Final = 200
# The terminal's other screen, without a cursor; and back to the first one, as it was.
ENTER: Final = "\x1b[?1049h\x1b[?25l"
LEAVE: Final = "\x1b[?25h\x1b[?1049l"
HOME: Final = "\x1b[H"
CLEAR_LINE: Final = "\x1b[K"
CLEAR_BELOW: Final = "\x1b[J"


class Visible(Protocol):
    """What is shown of a server."""

    host: str
    port: int

    @property
    def running(self) -> bool:
        """Tell whether the server accepts connections."""

    @property
    def connections(self) -> tuple[ClientView, ...]:
        """Return who is connected now."""


class View:
    """What goes on in some servers. `saw` takes commands in, `frame` draws all there is to see."""

    def __init__(self, title: str, servers: Sequence[Visible]) -> None:
        self._title = title
        self._servers = servers
        self._counts = [0] * len(servers)
        self._counts_before = list(self._counts)
        self._commands: deque[str] = deque(maxlen=COMMANDS_KEPT)

    def saw(self, number: int, entry: LogEntry) -> None:
        """Take in a command of one of the servers."""
        self._counts[number] += 1
        self._commands.append(f"{_place(self._servers[number])}  {entry}")

    def frame(self, width: int, height: int, seconds: float) -> list[str]:
        """Draw the lines of one picture; `seconds` have passed since the one before."""
        top = [self._title, "", *self._server_lines(seconds), "", *self._client_lines(), "", "last commands"]
        room = max(height - len(top), 0)
        lines = [*top, *list(self._commands)[len(self._commands) - min(room, len(self._commands)) :]]
        return [_printable(line)[:width] for line in lines[:height]]

    def _server_lines(self, seconds: float) -> list[str]:
        lines = ["server                 clients   commands   per second"]
        for server, count, before in zip(self._servers, self._counts, self._counts_before, strict=True):
            state = f"{len(server.connections):>7}" if server.running else "stopped"
            rate = (count - before) / seconds if seconds else 0.0
            lines.append(f"{_place(server):<22} {state}{count:>11}{rate:>13.0f}")
        self._counts_before = list(self._counts)
        return lines

    def _client_lines(self) -> list[str]:
        lines = ["client                 of server               name"]
        for server in self._servers:
            for client in server.connections:
                waiting = "  (waits)" if client.blocked else ""
                lines.append(f"{client.address:<22} {_place(server):<23} {client.name}{waiting}")
        return lines


async def show(view: View, terminal: TextIO, size: Callable[[], tuple[int, int]]) -> None:
    """Draw a view on a terminal, over and over, until cancelled; leaves the terminal as it was."""
    loop = asyncio.get_running_loop()
    drawn_at = loop.time()
    terminal.write(ENTER)
    try:
        while True:
            now = loop.time()
            lines = view.frame(*size(), seconds=now - drawn_at)
            drawn_at = now
            terminal.write(HOME + f"{CLEAR_LINE}\r\n".join(lines) + CLEAR_LINE + CLEAR_BELOW)
            terminal.flush()
            await asyncio.sleep(FRAME_SECONDS)
    finally:
        terminal.write(LEAVE)
        terminal.flush()


def _place(server: Visible) -> str:
    return f"{server.host}:{server.port}"


def _printable(line: str) -> str:
    """Keep a client's bytes from steering the terminal."""
    return "".join(each if each.isprintable() else "\N{MIDDLE DOT}" for each in line)
