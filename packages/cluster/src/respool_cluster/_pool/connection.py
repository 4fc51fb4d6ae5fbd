"""A connection to one node: it may read from a replica, and passes on what redirections teach."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from functools import partial
from ssl import SSLContext
from typing import TYPE_CHECKING

from respool import Connection
from respool.errors import ConnectionError, MovedError, RedisError
from respool.lowlevel import (
    Generation,
    ProtocolVersion,
    ResponseType,
    TCPOptions,
    build_request,
)
from respool_cluster._pool.acquaintance import Acquaintance, parse_zone

if TYPE_CHECKING:
    from typing_extensions import Unpack


class ClusterConnection(Connection):
    """A connection to a node of a cluster. With `read_from_replicas`, a replica answers it (READONLY).

    It follows no redirection: `MovedError` and `AskError` are the caller's, but its pool learns from the first.
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
        read_from_replicas: bool = False,
        noreply: bool = False,
        noevict: bool = False,
        notouch: bool = False,
        **options: Unpack[TCPOptions],
    ) -> None:
        self.read_from_replicas = read_from_replicas
        self.acquaintance = Acquaintance()
        """What is known of the node; shared with the other connections of its pool."""

        self.on_moved: Callable[[MovedError], None] | None = None
        """What hears of a slot that another node serves: its pool."""
        super().__init__(
            host,
            port,
            username,
            password,
            db,
            stream_timeout,
            connect_timeout,
            ssl_context,
            encoding,
            decode_responses,
            socket_keepalive,
            socket_keepalive_options,
            client_name=client_name,
            protocol_version=protocol_version,
            noreply=noreply,
            noevict=noevict,
            notouch=notouch,
            **options,
        )

    async def bring_up(self, generation: Generation) -> None:
        """Open the socket, introduce ourselves, ask for a replica's answers. For the link alone."""
        self._check_breaker()
        try:
            await super().bring_up(generation)
        except RedisError as exc:
            self.acquaintance.breaker.failed(asyncio.get_running_loop().time(), exc)
            raise
        self.acquaintance.breaker.succeeded()
        if self.read_from_replicas:
            # Not waited for: what is sent next arrives behind it, and is answered by a replica.
            readonly = build_request((b"READONLY",))
            generation.exchange([readonly])
            readonly.future.add_done_callback(partial(_check, generation))
        if self.acquaintance.wants_zone:
            info = build_request((b"INFO", b"SERVER"))
            generation.exchange([info])
            info.future.add_done_callback(self._on_info)

    def _on_info(self, info: asyncio.Future[object]) -> None:
        if not info.cancelled():
            self.acquaintance.zone = parse_zone(info.result() if info.exception() is None else None)

    def _check_breaker(self) -> None:
        breaker = self.acquaintance.breaker
        pause = breaker.pause(asyncio.get_running_loop().time())
        if pause:
            reason = breaker.reason
            raise ConnectionError(f"{reason} (tried again in {pause:.2g} s)") from reason

    def attend(self, replies: Sequence[asyncio.Future[ResponseType]]) -> None:
        """Have whoever wants to know hear of slots that moved."""
        if self.on_moved is not None:
            for reply in replies:
                reply.add_done_callback(partial(_tell, self.on_moved))


def _check(generation: Generation, readonly: asyncio.Future[object]) -> None:
    """End a connection whose server gives no answers from replicas: it is no node of a cluster."""
    error = None if readonly.cancelled() else readonly.exception()
    if isinstance(error, RedisError):
        generation.end(error)


def _tell(learner: Callable[[MovedError], None], request: asyncio.Future[ResponseType]) -> None:
    if request.cancelled():
        return
    failed = request.exception()
    error = request.result() if failed is None else failed  # with raise_exceptions=False it is the result
    if isinstance(error, MovedError):
        learner(error)
