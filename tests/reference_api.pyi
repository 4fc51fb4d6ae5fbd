"""The public contract of connections and pools, as a stub: what is promised under which name.

`test_reference_api.py` executes this file and compares. A default of `...` means: some default.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from ssl import SSLContext
from typing import ClassVar, Generic, Literal, TypeVar

Value = str | bytes | int | float
Reply = object
Option = int | float | bool | str | None
Parsers = dict[str, Callable[..., Option]]
T = TypeVar("T")

class CommandInvocation: ...
class Node: ...
class ManagedNode: ...
class Sentinel(Generic[T]): ...

class BaseConnection(asyncio.BaseProtocol):
    protocol_version: Literal[2, 3]
    client_id: int | None
    tracking_client_id: int | None
    push_messages: asyncio.Queue[Reply]
    average_response_time: float

    def __init__(
        self,
        stream_timeout: float | None = None,
        encoding: str = "utf-8",
        decode_responses: bool = False,
        *,
        client_name: str | None = None,
        protocol_version: Literal[2, 3] = 3,
        noreply: bool = False,
        noevict: bool = False,
        notouch: bool = False,
    ) -> None: ...
    @property
    def estimated_time_to_idle(self) -> float: ...
    @property
    def is_connected(self) -> bool: ...
    @property
    def lag(self) -> float: ...
    @property
    def requests_pending(self) -> int: ...
    async def can_read(self) -> bool: ...
    async def connect(self) -> None: ...
    async def update_tracking_client(self, enabled: bool, client_id: int | None = None) -> bool: ...
    async def fetch_push_message(
        self,
        decode: Value | None = None,
        push_message_types: set[bytes] | None = None,
        block: bool | None = False,
    ) -> Reply: ...
    async def send_command(self, command: bytes, *args: Value) -> None: ...
    async def create_request(
        self,
        command: bytes,
        *args: Value,
        noreply: bool | None = None,
        decode: Value | None = None,
        encoding: str | None = None,
        raise_exceptions: bool = True,
        timeout: float | None = None,
    ) -> asyncio.Future[Reply]: ...
    async def create_requests(
        self,
        commands: list[CommandInvocation],
        raise_exceptions: bool = True,
        timeout: float | None = None,
    ) -> list[asyncio.Future[Reply]]: ...
    def disconnect(self) -> None: ...

class Connection(BaseConnection):
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
        protocol_version: Literal[2, 3] = 3,
        noreply: bool = False,
        noevict: bool = False,
        notouch: bool = False,
    ) -> None: ...

class UnixDomainSocketConnection(BaseConnection):
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
        protocol_version: Literal[2, 3] = 3,
        **_: Value,
    ) -> None: ...

class ClusterConnection(Connection):
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
        protocol_version: Literal[2, 3] = 3,
        read_from_replicas: bool = False,
        noreply: bool = False,
        noevict: bool = False,
        notouch: bool = False,
    ) -> None: ...

class SentinelManagedConnection(Connection, Generic[T]):
    def __init__(
        self,
        connection_pool: SentinelConnectionPool,
        host: str = "127.0.0.1",
        port: int = 6379,
        username: str | None = None,
        password: str | None = None,
        db: int = 0,
        stream_timeout: float | None = None,
        connect_timeout: float | None = None,
        ssl_context: SSLContext | None = None,
        encoding: str = "utf-8",
        decode_responses: bool = False,
        socket_keepalive: bool | None = None,
        socket_keepalive_options: dict[int, int | bytes] | None = None,
        *,
        client_name: str | None = None,
        protocol_version: Literal[2, 3] = ...,
    ) -> None: ...

class ConnectionPool:
    URL_QUERY_ARGUMENT_PARSERS: ClassVar[Parsers] = {
        "client_name": str,
        "connect_timeout": float,
        "idle_check_interval": int,
        "max_connections": int,
        "max_idle_time": int,
        "noevict": bool,
        "noreply": bool,
        "notouch": bool,
        "protocol_version": int,
        "stream_timeout": float,
    }

    def __init__(
        self,
        *,
        connection_class: type[Connection] | None = None,
        max_connections: int | None = None,
        max_idle_time: int = 0,
        idle_check_interval: int = 1,
        **connection_kwargs: object,
    ) -> None: ...
    @classmethod
    def from_url(
        cls, url: str, db: int | None = None, decode_components: bool = False, **kwargs: object
    ) -> ConnectionPool: ...
    async def get_connection(
        self, command_name: bytes | None = None, *args: Value, acquire: bool = True, **kwargs: Value | None
    ) -> Connection: ...
    def release(self, connection: Connection) -> None: ...
    def disconnect(self) -> None: ...

class BlockingConnectionPool(ConnectionPool):
    def __init__(
        self,
        connection_class: type[Connection] | None = None,
        queue_class: type[asyncio.Queue[Connection | None]] = asyncio.LifoQueue,
        max_connections: int | None = None,
        timeout: int = 20,
        max_idle_time: int = 0,
        idle_check_interval: int = 1,
        **connection_kwargs: Value | None,
    ) -> None: ...

class ClusterConnectionPool(ConnectionPool):
    URL_QUERY_ARGUMENT_PARSERS: ClassVar[Parsers] = {
        **ConnectionPool.URL_QUERY_ARGUMENT_PARSERS,
        "blocking": bool,
        "max_connections_per_node": bool,
        "read_from_replicas": bool,
        "reinitialize_steps": int,
        "skip_full_coverage_check": bool,
    }

    def __init__(
        self,
        startup_nodes: Iterable[Node] | None = None,
        connection_class: type[ClusterConnection] = ...,
        queue_class: type[asyncio.Queue[Connection | None]] = asyncio.LifoQueue,
        max_connections: int | None = None,
        max_connections_per_node: bool = False,
        reinitialize_steps: int | None = None,
        skip_full_coverage_check: bool = False,
        nodemanager_follow_cluster: bool = True,
        readonly: bool = False,
        read_from_replicas: bool = False,
        max_idle_time: int = 0,
        idle_check_interval: int = 1,
        blocking: bool = False,
        timeout: int = 20,
        **connection_kwargs: object,
    ) -> None: ...
    async def get_connection(
        self, command_name: bytes | None = None, *keys: Value, acquire: bool = True, **options: Value | None
    ) -> Connection: ...
    async def get_random_connection(self, primary: bool = False) -> ClusterConnection: ...
    async def get_connection_by_slot(self, slot: int) -> ClusterConnection: ...
    async def get_connection_by_node(self, node: ManagedNode) -> ClusterConnection: ...
    def reset(self) -> None: ...

class BlockingClusterConnectionPool(ClusterConnectionPool):
    def __init__(
        self,
        startup_nodes: Iterable[Node] | None = None,
        connection_class: type[ClusterConnection] = ...,
        queue_class: type[asyncio.Queue[Connection | None]] = asyncio.LifoQueue,
        max_connections: int | None = None,
        max_connections_per_node: bool = False,
        reinitialize_steps: int | None = None,
        skip_full_coverage_check: bool = False,
        nodemanager_follow_cluster: bool = True,
        readonly: bool = False,
        read_from_replicas: bool = False,
        max_idle_time: int = 0,
        idle_check_interval: int = 1,
        timeout: int = 20,
        **connection_kwargs: object,
    ) -> None: ...

class SentinelConnectionPool(ConnectionPool):
    def __init__(
        self,
        service_name: str,
        sentinel_manager: Sentinel[object],
        is_primary: bool = True,
        check_connection: bool = True,
        **kwargs: object,
    ) -> None: ...
    async def rotate_replicas(self) -> list[tuple[str, int]]: ...
