"""A fast asyncio client for Redis and Valkey: connections, connection pools, and the client on top of them."""

from __future__ import annotations

from respool import errors
from respool._client.cache.cache import Cache
from respool._client.cache.stats import CacheStats
from respool._client.locks import Lock
from respool._client.mailbox import Gap
from respool._client.messages import Message
from respool._client.pipeline import Pipeline
from respool._client.pubsub import PubSub
from respool._client.redis import Redis
from respool._client.scripts import Script
from respool._client.watching import Watched
from respool._connection.base import BaseConnection
from respool._connection.credentials import CredentialProvider, Credentials
from respool._connection.invocation import CommandInvocation
from respool._connection.tcp import Connection
from respool._connection.unix import UnixDomainSocketConnection
from respool._pool.pool import BlockingConnectionPool, ConnectionPool
from respool._pool.retry import RetryPolicy
from respool._pool.stats import PoolStats
from respool.errors import (
    ConnectionError,
    DataError,
    RedisError,
    ResponseError,
    TimeoutError,
    WatchError,
)

__all__ = [
    "BaseConnection",
    "BlockingConnectionPool",
    "Cache",
    "CacheStats",
    "CommandInvocation",
    "Connection",
    "ConnectionError",
    "ConnectionPool",
    "CredentialProvider",
    "Credentials",
    "DataError",
    "Gap",
    "Lock",
    "Message",
    "Pipeline",
    "PoolStats",
    "PubSub",
    "Redis",
    "RedisError",
    "ResponseError",
    "RetryPolicy",
    "Script",
    "TimeoutError",
    "UnixDomainSocketConnection",
    "WatchError",
    "Watched",
    "errors",
]
