"""How many instructions a part takes, counted by valgrind: the same on a busy machine as on an idle one.

Two interpreters do the same work, except that one leaves out what is to be counted; the difference is the part.
Both warm up first, so that the interpreter's own adaptation is over.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys

from benchmarks.parts.part import Part

PATIENCE_SECONDS = 600
WARM_UP_TURNS = 3
_COLLECTED = re.compile(r"Collected : (\d+)")


class NoValgrind(Exception):
    """There is no valgrind on this machine."""


def instructions(part: Part, turns: int) -> float:
    """Return the instructions of one operation. Slow: the interpreter starts twice under valgrind."""
    valgrind = shutil.which("valgrind")
    if valgrind is None:
        raise NoValgrind("instructions need valgrind (Debian, Ubuntu: apt install valgrind)")
    complete = _count(valgrind, part.name, turns, counted=True)
    prepared = _count(valgrind, part.name, turns, counted=False)
    return (complete - prepared) / (turns * part.operations)


def _count(valgrind: str, name: str, turns: int, *, counted: bool) -> int:
    tool = [valgrind, "--tool=callgrind", "--callgrind-out-file=/dev/null"]
    program = [sys.executable, "-m", "benchmarks.parts.once", name, str(turns), str(int(counted))]
    done = subprocess.run(
        [*tool, *program],
        capture_output=True,
        check=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        # Else the order of dicts and sets differs from run to run.
        env={**os.environ, "PYTHONHASHSEED": "0"},
    )
    return collected(done.stderr)


def collected(said: str) -> int:
    """Read the number of instructions out of what callgrind said in the end."""
    found = _COLLECTED.search(said)
    if found is None:
        raise ValueError(f"callgrind did not say what it collected: {said[-200:]!r}")
    return int(found[1])
