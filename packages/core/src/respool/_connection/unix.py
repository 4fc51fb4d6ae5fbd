"""Connections over a unix domain socket."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from respool._connection.base import BaseConnection
from respool._connection.credentials import CredentialSource
from respool._wire.values import ProtocolVersion


class UnixDomainSocketConnection(BaseConnection):
    """A connection over the unix socket at `path`. Times are in seconds.

    Options that only a TCP connection has are taken and mean nothing here.
    """

    def __init__(
        self,
        path: str = "",
        username: str | None = None,
        password: str | None = None,
        db: int = 0,
        stream_timeout: float | None = None,
        connect_timeout: float | None = None,
        encoding: str = "utf-8",
        decode_responses: bool = False,
        *,
        client_name: str | None = None,
        protocol_version: ProtocolVersion = 3,
        noreply: bool = False,
        noevict: bool = False,
        notouch: bool = False,
        credential_provider: CredentialSource | None = None,
        **_: object,
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
            credential_provider=credential_provider,
        )
        self.path = path

    def describe(self) -> str:
        return f"unix:{self.path}"

    async def open_socket(self, make_protocol: Callable[[], asyncio.Protocol]) -> asyncio.BaseTransport:
        transport, _ = await asyncio.get_running_loop().create_unix_connection(make_protocol, self.path)
        return transport
