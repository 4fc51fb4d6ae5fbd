"""Under what conditions a run took place: all that a reader needs to judge it, or to take it again."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from datetime import datetime, timezone
from pathlib import Path

from benchmarks.peers import version_of


def machine() -> dict[str, str]:
    """Describe interpreter and machine."""
    return {
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "system": f"{platform.system()} {platform.machine()}",
        "processor": _processor(),
        "cores": str(os.cpu_count() or "unknown"),
        "taken": datetime.now(timezone.utc).strftime("%Y-%m-%d %H:%M UTC"),
    }


def clients(peers: Sequence[str]) -> dict[str, str]:
    """Return the version of every peer."""
    return {peer: version_of(peer) for peer in peers}


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or "unknown"
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else "unknown"
