"""A Redis for tests: fake servers in pure Python on real sockets, and fixtures for pytest.

Names are loaded when first used: the pytest plugin lives in this package, so every pytest run imports it.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from .clock import Clock
    from .cluster import FakeCluster, FakeNode
    from .database import DatabaseView
    from .faults import Fault, Faults
    from .log import CommandLog, LogEntry
    from .raw import RawConnection
    from .real import RealServer, ServerFailed, ServerNotFound, ServerProcess, TLSFiles
    from .sentinel import FakeSentinel
    from .server import ClientView, FakeServer

__all__ = [
    "ClientView",
    "Clock",
    "CommandLog",
    "DatabaseView",
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
    "TLSFiles",
]

_HOMES: Final = {
    "clock": ("Clock",),
    "cluster": ("FakeCluster", "FakeNode"),
    "database": ("DatabaseView",),
    "faults": ("Fault", "Faults"),
    "log": ("CommandLog", "LogEntry"),
    "raw": ("RawConnection",),
    "real": ("RealServer", "ServerFailed", "ServerNotFound", "ServerProcess", "TLSFiles"),
    "sentinel": ("FakeSentinel",),
    "server": ("ClientView", "FakeServer"),
}


def __getattr__(name: str) -> object:
    for home, names in _HOMES.items():
        if name in names:
            thing: object = getattr(import_module(f".{home}", __name__), name)
            globals()[name] = thing
            return thing
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
