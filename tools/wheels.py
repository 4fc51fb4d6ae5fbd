"""Whether the built wheels install into empty environments, one by one and in every combination of extras.

    python -m tools.wheels FOLDER

FOLDER holds the four wheels and everything they require, so that no index is asked and nothing but
what the metadata says can decide what is installed.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import venv
from collections.abc import Iterator
from itertools import chain, combinations
from pathlib import Path

FAMILY = frozenset({"respool", "respool_cluster", "respool_sentinel", "respool_testing"})
SATELLITES = ("cluster", "sentinel", "testing")

_IMPORT = """
import importlib, importlib.util, sys
present, absent = (part.split() for part in sys.argv[1:])
for name in present:
    importlib.import_module(name)
assert not [name for name in absent if importlib.util.find_spec(name)], absent
"""


def cases() -> Iterator[tuple[str, frozenset[str]]]:
    """Yield what to ask an installer for, and which of the family must then be there; nothing else may."""
    for satellite in SATELLITES:
        yield f"respool-{satellite}", frozenset({"respool", f"respool_{satellite}"})
    yield "respool-testing[pytest]", frozenset({"respool", "respool_testing"})
    yield "respool[all]", FAMILY
    for extras in chain.from_iterable(combinations(SATELLITES, size) for size in range(len(SATELLITES) + 1)):
        asked = f"respool[{','.join(extras)}]" if extras else "respool"
        yield asked, frozenset({"respool", *(f"respool_{extra}" for extra in extras)})


def check(house: Path, asked: str, present: frozenset[str]) -> None:
    """Install `asked` from `house` alone into an empty environment, and import what it must have brought."""
    with tempfile.TemporaryDirectory() as home:
        venv.create(home, with_pip=False)
        python = str(Path(home, "bin", "python"))
        pip = [sys.executable, "-m", "pip", "--python", python]
        subprocess.run([*pip, "install", "-q", "--no-index", "--find-links", house, asked], check=True)
        subprocess.run([*pip, "check"], check=True, stdout=subprocess.DEVNULL)
        names = " ".join(sorted(present)), " ".join(sorted(FAMILY - present))
        subprocess.run([python, "-I", "-c", _IMPORT, *names], check=True)


def main() -> None:
    """Try every case; the first that fails ends the run with its installer's words."""
    house = Path(sys.argv[1])
    for asked, present in cases():
        check(house, asked, present)
        print(f"{asked}: {', '.join(sorted(present))}", flush=True)


if __name__ == "__main__":
    main()
