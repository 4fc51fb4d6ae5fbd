"""Everything the kit offers, in one place to import it from."""

from __future__ import annotations

from ._snapshot import Snapshot
from .clock import Clock
from .cluster import FakeCluster, FakeNode
from .database import DatabaseView
from .endpoints import Endpoint
from .faults import Fault, Faults
from .log import CommandLog, LogEntry
from .raw import RawConnection
from .real import RealServer, ServerFailed, ServerNotFound, ServerProcess, TLSFiles
from .sentinel import AT_ONCE, LIKE_REAL, FailoverTiming, FakeSentinel
from .server import ClientView, FakeServer
from .simulation import Simulation, simulate

__all__ = [
    "AT_ONCE",
    "LIKE_REAL",
    "ClientView",
    "Clock",
    "CommandLog",
    "DatabaseView",
    "Endpoint",
    "FailoverTiming",
    "FakeCluster",
    "FakeNode",
    "FakeSentinel",
    "FakeServer",
    "Fault",
    "Faults",
    "LogEntry",
    "RawConnection",
    "RealServer",
    "ServerFailed",
    "ServerNotFound",
    "ServerProcess",
    "Simulation",
    "Snapshot",
    "TLSFiles",
    "simulate",
]
