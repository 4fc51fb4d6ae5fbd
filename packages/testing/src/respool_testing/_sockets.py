"""What asyncio's transports do not say for themselves: where they lead, and how to cut one hard."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from typing import Final

_LINGER_NOT_AT_ALL: Final = struct.pack("ii", 1, 0)


def peer_of(transport: asyncio.BaseTransport) -> str:
    """Spell where a connection comes from, as CLIENT LIST does."""
    return _spelled(transport.get_extra_info("peername"))


def own_end_of(transport: asyncio.BaseTransport) -> str:
    """Spell where a connection came to."""
    return _spelled(transport.get_extra_info("sockname"))


def reset(transport: asyncio.WriteTransport) -> None:
    """Cut a connection so that the other side gets a TCP reset, where there is TCP."""
    connection = transport.get_extra_info("socket")
    if connection is not None:
        with contextlib.suppress(OSError):
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_NOT_AT_ALL)
    transport.abort()


def _spelled(address: object) -> str:
    if isinstance(address, tuple):
        host, port = address[:2]
        return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    return f"{address or ''}:0"
