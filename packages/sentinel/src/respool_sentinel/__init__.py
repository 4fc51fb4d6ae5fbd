"""Sentinel support for respool: discovery, failover, replica rotation."""

from __future__ import annotations

from respool_sentinel._client import SentinelClient
from respool_sentinel._connection import SentinelManagedConnection
from respool_sentinel._pool import SentinelConnectionPool
from respool_sentinel._sentinel import Sentinel

__all__ = ["Sentinel", "SentinelClient", "SentinelConnectionPool", "SentinelManagedConnection"]
