"""The sockets a fake server listens on. Knows nothing of what comes in by them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

Accept: TypeAlias = "Callable[[], asyncio.Protocol]"


class Listeners:
    """Every listening socket of one server, opened one by one and closed together."""

    def __init__(self) -> None:
        self._open: list[asyncio.Server] = []
        self._closing: list[asyncio.Server] = []
        self._socket_files: list[Path] = []

    def __bool__(self) -> bool:
        return bool(self._open)

    async def open_tcp(self, accept: Accept, host: str, port: int) -> int:
        """Listen on a TCP port, any free one for 0; return the port. Raises OSError where it is taken."""
        listener = await asyncio.get_running_loop().create_server(accept, host, port)
        self._open.append(listener)
        bound: int = listener.sockets[0].getsockname()[1]
        return bound

    async def open_unix(self, accept: Accept, path: str) -> None:
        """Listen on a socket file, which is removed when the listeners are closed."""
        self._open.append(await asyncio.get_running_loop().create_unix_server(accept, path))
        self._socket_files.append(Path(path))

    def close(self) -> None:
        """Listen no more; connections that were accepted stay."""
        self._closing += self._open
        for listener in self._open:
            listener.close()
        self._open = []
        for file in self._socket_files:
            file.unlink(missing_ok=True)
        self._socket_files = []

    async def closed(self) -> None:
        """Wait until the sockets are gone, and since Python 3.12 every connection they accepted too."""
        while self._closing:
            await self._closing[-1].wait_closed()
            self._closing.pop()
