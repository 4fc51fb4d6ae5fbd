"""The stretch of time that counts: its clocks, and the server's word for what was done in it."""

from __future__ import annotations

import gc
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from benchmarks import counters
from benchmarks.peers.door import Address


@dataclass
class Window:
    """`calls` is set by who measures; the clocks are right once the block is left."""

    calls: int = 0
    seconds: float = 0.0
    cpu_seconds: float = 0.0
    """Processor time of all threads of this process, in user and kernel mode."""

    def rate(self) -> float:
        """Return calls per second."""
        return self.calls / self.seconds

    def cpu_microseconds(self) -> float:
        """Return processor time per call."""
        return self.cpu_seconds / self.calls * 1e6


@contextmanager
def measured() -> Iterator[Window]:
    """Measure the block."""
    window = Window()
    gc.collect()  # what others left behind is not to be paid for in here
    wall, cpu = time.perf_counter(), time.process_time()
    yield window
    window.seconds = time.perf_counter() - wall
    window.cpu_seconds = time.process_time() - cpu


@contextmanager
def audited(nodes: Sequence[Address], command: str) -> Iterator[Window]:
    """Measure the block; raise `Unaccounted` if the servers did not execute `command` as often as `calls` says."""
    before = counters.read_all(nodes)
    with measured() as window:
        yield window
    counters.check_calls(before, counters.read_all(nodes), command, window.calls)


@contextmanager
def audited_connections(at: Address) -> Iterator[Window]:
    """Measure the block; raise `Unaccounted` if fewer connections than `calls` reached the server."""
    before = counters.read_all([at])
    with measured() as window:
        yield window
    # The second reading came on a connection of its own, which is not the client's.
    after = counters.read_all([at])
    counters.check_connections(before, after, window.calls + 1)
