"""Connections over TCP, with or without TLS."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from ssl import SSLContext
from typing import TYPE_CHECKING

from respool._connection.base import BaseConnection
from respool._connection.credentials import CredentialSource
from respool._connection.dialing import dial
from respool._connection.socket_options import (
    check_options,
    keepalive_options,
    set_options,
    user_timeout_options,
)
from respool._connection.tls import TLSOptions, tls_of
from respool._connection.tls_advice import explained
from respool._wire.values import ProtocolVersion
from respool.errors import DataError

if TYPE_CHECKING:
    from typing_extensions import Unpack


class TCPOptions(TLSOptions, total=False):
    """Further keywords of a TCP connection. Subclasses pass them on whole."""

    credential_provider: CredentialSource | None
    """Who knows user name and password at each connect, instead of `username` and `password`."""
    tcp_user_timeout: float | None
    """Seconds that sent data may stay unacknowledged; None: `stream_timeout`, but at least 30. `math.inf`: off."""


class Connection(BaseConnection):
    """A connection over TCP; times are in seconds.

    TLS takes an `ssl_context`, or its parts (`ssl=True`, `ssl_ca_certs` ...: see `TLSOptions`). Keepalive is on unless
    `socket_keepalive` is False; `socket_keepalive_options` maps numbers of TCP options to their values. What cannot be
    used raises `DataError` here, not later.
    """

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
        **options: Unpack[TCPOptions],
    ) -> None:
        _check_names(options, type(self).__name__)
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
            credential_provider=options.get("credential_provider"),
        )
        self.host = host
        self.port = _checked_port(port)
        self._tls = tls_of(ssl_context, options)
        self._socket_options = (
            *keepalive_options(socket_keepalive, socket_keepalive_options),
            *user_timeout_options(options.get("tcp_user_timeout"), self._settings.stream_timeout),
        )
        check_options(self._socket_options)

    def describe(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    async def open_socket(self, make_protocol: Callable[[], asyncio.Protocol]) -> asyncio.BaseTransport:
        try:
            transport = await dial(make_protocol, self.host, self.port, self._tls)
        except OSError as exc:
            error = explained(exc, self.describe()) if self._tls is not None else None
            if error is None:
                raise
            raise error from exc
        sock = transport.get_extra_info("socket")
        if sock is not None:  # a network without sockets has no options
            try:
                set_options(sock, self._socket_options)
            except OSError:  # lost as soon as it was found
                transport.close()
                raise
        return transport


def _check_names(options: Mapping[str, object], taker: str) -> None:
    unknown = sorted(options.keys() - TCPOptions.__optional_keys__)
    if unknown:
        raise TypeError(f"{taker}() takes no option {', '.join(unknown)}")


def _checked_port(port: object) -> int:
    try:
        number = int(port)  # type: ignore[call-overload]  # a URL's query says it as text
    except (TypeError, ValueError):
        number = -1
    if not 0 <= number <= 65535:
        raise DataError(f"a port is a number up to 65535, not {port!r}")
    return int(number)
