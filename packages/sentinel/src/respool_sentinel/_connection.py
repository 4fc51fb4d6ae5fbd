"""A connection that asks where it leads each time it is opened, and checks what it found there."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from ssl import SSLContext
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from respool import Connection
from respool.errors import ConnectionError, PrimaryNotFoundError, RedisError, ReplicaNotFoundError
from respool.lowlevel import Generation, ProtocolVersion, ResponseType, TCPOptions
from respool_sentinel._views import Address, Role, role_of, spell

if TYPE_CHECKING:
    from typing_extensions import Unpack

T = TypeVar("T")


@dataclass(frozen=True)
class Target:
    """Where a connection shall lead, and what the sentinels say is there."""

    address: Address
    role: Role

    def contradicts(self, primary: Address) -> bool:
        """Tell whether this is wrong once `primary` is the primary."""
        return (self.role == "primary") != (self.address == primary)

    def is_among(self, replicas: Sequence[Address]) -> bool:
        """Tell whether readers may stay here: at a usable replica or, where there is none, at the primary."""
        return self.address in replicas or (self.role == "primary" and not replicas)


class Guide(Protocol):
    """What a connection asks of its pool."""

    @property
    def service_name(self) -> str: ...

    @property
    def is_primary(self) -> bool: ...

    @property
    def check_connection(self) -> bool: ...

    async def targets(self) -> Sequence[Target]:
        """Return where to try, the best first; at least one."""

    def judge(self, target: Target, is_right: bool) -> None:
        """Hear whether a server said itself that it is what the sentinels took it for."""

    def failed(self, target: Target) -> None:
        """Hear that a server could not be reached, or would not have us."""

    def refused(self, error: RedisError) -> None:
        """Hear what a server answered to a request of a connection's holder, where that was an error."""


class SentinelManagedConnection(Connection, Generic[T]):
    """A connection whose pool says where it leads: `host` and `port` are where it led last.

    A replica that cannot be reached gives way to the next. With the pool's `check_connection`, ROLE is asked
    before anything else is sent, and a server that is not what the sentinels took it for is refused with
    `PrimaryNotFoundError` or `ReplicaNotFoundError`; only `noreply` connections cannot be checked.
    """

    def __init__(
        self,
        connection_pool: Guide,
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
        self.connection_pool = connection_pool
        self.target: Target | None = None
        self._is_checked = connection_pool.check_connection and not noreply
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

    def describe(self) -> str:
        """Return the service and, once it is known, the address."""
        pool = self.connection_pool
        role = self.target.role if self.target else "primary" if pool.is_primary else "replica"
        where = f" at {spell(self.target.address)}" if self.target else ""
        return f"{role} of {pool.service_name!r}{where}"

    async def open_socket(self, make_protocol: Callable[[], asyncio.Protocol]) -> asyncio.BaseTransport:
        # Until it is known where this one leads, news of another primary do not concern it.
        self.target = None
        failure: OSError = ConnectionRefusedError("nowhere to connect to")
        for target in await self.connection_pool.targets():
            self.target = target
            self.host, self.port = target.address
            try:
                return await super().open_socket(make_protocol)
            except OSError as exc:  # a TLS error is none: most likely it is the same at every server
                self.connection_pool.failed(target)
                failure = exc
        raise failure

    async def bring_up(self, generation: Generation) -> None:
        """Open the socket, introduce ourselves, check the role. For the link alone."""
        try:
            await super().bring_up(generation)
            if self._is_checked and self.target is not None:
                await self._check_role(self.target)
        except BaseException:  # cancelled it is where that took too long
            if self.target is not None:
                self.connection_pool.failed(self.target)
            raise

    # What is shared has the pool's line to see to its failures; who holds a connection alone sees to them itself.

    def attend(self, replies: Sequence[asyncio.Future[ResponseType]]) -> None:
        """Have the sentinels asked where a reply says that this is not the server it should be."""
        for reply in replies:
            reply.add_done_callback(self._hear)

    def _hear(self, reply: asyncio.Future[ResponseType]) -> None:
        if not reply.cancelled():
            error = reply.exception() or reply.result()  # a result is one where the caller takes errors so
            if isinstance(error, RedisError):
                self.connection_pool.refused(error)

    async def _check_role(self, target: Target) -> None:
        role = role_of(await (await self.create_request(b"ROLE", decode=False)))
        self.connection_pool.judge(target, role == target.role)
        if role != target.role:
            raise _refusal(target, role, self.connection_pool.service_name)


def _refusal(target: Target, role: Role | None, service: str) -> ConnectionError:
    error = PrimaryNotFoundError if target.role == "primary" else ReplicaNotFoundError
    found = f"says it is a {role}" if role else "is neither primary nor replica"
    return error(
        f"{spell(target.address)}, the {target.role} of {service!r} by its sentinels, {found}: "
        "a failover may be under way; try again"
    )
