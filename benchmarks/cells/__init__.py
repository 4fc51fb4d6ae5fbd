"""What is measured: one cell for each line of the table. A cell measures one peer once; rounds are not its business."""

from __future__ import annotations

from functools import partial
from types import MappingProxyType

from benchmarks.cells.calls import cluster_throughput, gathered, latency, pipelined, throughput
from benchmarks.cells.cell import Cell, Metric
from benchmarks.cells.connections import connect_rate, idle_weight, lease_rate
from benchmarks.cells.importing import import_time
from benchmarks.cells.large import read_large, write_large

__all__ = ["CELLS", "Cell", "Metric"]

CPU = Metric("cpu", "µs CPU per call", higher_is_better=False)
CALLS = (Metric("rate", "calls/s", higher_is_better=True), CPU)
LARGE = (Metric("rate", "MiB/s", higher_is_better=True), CPU)
CONNECTS = (Metric("rate", "connections/s", higher_is_better=True), CPU)
WAITS = (
    Metric("p50", "µs, median", higher_is_better=False),
    Metric("p99", "µs, p99", higher_is_better=False),
)

_ALL = (
    Cell("get-1", "GET, 1 task", CALLS, partial(throughput, tasks=1)),
    Cell("get-50", "GET, 50 tasks", CALLS, partial(throughput, tasks=50)),
    Cell("get-500", "GET, 500 tasks", CALLS, partial(throughput, tasks=500)),
    Cell("gather-1000", "GET, one gather over 1000 calls", CALLS, gathered),
    Cell("pipeline-100", "GET, pipelines of 100", CALLS, partial(pipelined, length=100)),
    Cell("pipeline-1000", "GET, pipelines of 1000", CALLS, partial(pipelined, length=1000)),
    Cell("latency-50", "GET, how long one takes among 50 tasks", WAITS, latency),
    Cell("get-1mib", "GET of 1 MiB, 1 task", LARGE, read_large),
    Cell("set-1mib", "SET of 1 MiB, 1 task", LARGE, write_large),
    Cell("connect", "connections opened and closed, one by one", CONNECTS, partial(connect_rate, at_once=1)),
    Cell(
        "connect-50", "connections opened and closed, 50 at once", CONNECTS, partial(connect_rate, at_once=50)
    ),
    Cell(
        "lease",
        "pool, lease and release",
        (Metric("cost", "µs", higher_is_better=False),),
        lease_rate,
    ),
    Cell(
        "idle",
        "memory of an idle connection",
        (Metric("weight", "KiB", higher_is_better=False),),
        idle_weight,
        fresh=True,
    ),
    Cell(
        "cluster-64",
        "cluster of three, GET, 64 tasks",
        CALLS,
        partial(cluster_throughput, tasks=64),
        on_cluster=True,
    ),
    Cell(
        "import",
        "import in a fresh interpreter",
        (Metric("time", "ms", higher_is_better=False),),
        import_time,
    ),
)

CELLS = MappingProxyType({cell.name: cell for cell in _ALL})
