"""Connections over TCP, with or without TLS."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Callable
from ssl import SSLContext
from typing import cast

from respool._connection.base import BaseConnection
from respool._wire.values import ProtocolVersion

_HAPPY_EYEBALLS_SECONDS = 0.25
"""Head start of one address family over the other, as RFC 8305 recommends."""


class Connection(BaseConnection):
    """A connection over TCP. Give an `ssl_context` for TLS; times are in seconds."""

    def __init__(
        self,
        host: str = "127.0.0.1",
        port: int = 6379,
        username: str | None = None,
        password: str | None = None,
        db: int | None = 0,
        stream_timeout: float | None = None,
        connect_timeout: float | None = None,
        ssl_context: SSLContext | None = None,
        encoding: str = "utf-8",
        decode_responses: bool = False,
        socket_keepalive: bool | None = None,
        socket_keepalive_options: dict[int, int | bytes] | None = None,
        *,
        client_name: str | None = None,
        protocol_version: ProtocolVersion = 3,
        noreply: bool = False,
        noevict: bool = False,
        notouch: bool = False,
    ) -> None:
        super().__init__(
            stream_timeout,
            encoding,
            decode_responses,
            client_name=client_name,
            protocol_version=protocol_version,
            noreply=noreply,
            noevict=noevict,
            notouch=notouch,
            connect_timeout=connect_timeout,
            username=username,
            password=password,
            db=db,
        )
        self.host = host
        self.port = int(port)
        self._ssl_context = ssl_context
        self._keepalive = socket_keepalive
        self._keepalive_options = dict(socket_keepalive_options or {})

    def describe(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    async def open_socket(self, make_protocol: Callable[[], asyncio.Protocol]) -> asyncio.BaseTransport:
        transport, _ = await asyncio.get_running_loop().create_connection(
            make_protocol,
            self.host,
            self.port,
            ssl=self._ssl_context,
            # One address needs no race, and a race that is cancelled as it is won leaks the socket.
            happy_eyeballs_delay=None if _is_address(self.host) else _HAPPY_EYEBALLS_SECONDS,
        )
        self._set_socket_options(cast("socket.socket", transport.get_extra_info("socket")))
        return transport

    def _set_socket_options(self, sock: socket.socket) -> None:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self._keepalive is not False:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            for option, value in self._keepalive_options.items():
                sock.setsockopt(socket.IPPROTO_TCP, option, value)


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
