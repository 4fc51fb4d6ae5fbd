"""A Redis for tests: fake servers in pure Python on real sockets, and fixtures for pytest.

Names are loaded when first used: the pytest plugin lives in this package, so every pytest run imports it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ._offer import (
        AT_ONCE,
        LIKE_REAL,
        ClientView,
        Clock,
        CommandLog,
        DatabaseView,
        Endpoint,
        FailoverTiming,
        FakeCluster,
        FakeNode,
        FakeSentinel,
        FakeServer,
        Fault,
        Faults,
        LogEntry,
        RawConnection,
        RealServer,
        ServerFailed,
        ServerNotFound,
        ServerProcess,
        Simulation,
        Snapshot,
        TLSFiles,
        simulate,
    )

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


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from . import _offer

    thing: object = getattr(_offer, name)
    return thing
