"""The time an import takes, in interpreters that imported nothing before."""

from __future__ import annotations

import subprocess
import sys
from statistics import median

from benchmarks.cells.cell import Sample, Setting

PATIENCE_SECONDS = 60
PROGRAM = "import time; started = time.perf_counter(); import {0}; print(time.perf_counter() - started)"


async def import_time(setting: Setting) -> Sample:
    """Return the median over a few interpreters, each of which finds the byte code compiled."""
    times = [_once(setting.peer.module) for _ in range(setting.effort.imports)]
    return {"time": median(times) * 1e3}


def _once(module: str) -> float:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(module)],
        capture_output=True,
        check=True,
        text=True,
        timeout=PATIENCE_SECONDS,
    )
    return float(done.stdout)
