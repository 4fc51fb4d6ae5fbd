"""`python -m benchmarks.chaos`: play the scenes on a real server and print what callers noticed."""

from __future__ import annotations

import argparse
import asyncio
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.chaos import cluster, sentinel
from benchmarks.chaos.outcome import Outcome, lines, to_json
from benchmarks.chaos.scene import Scene
from respool_testing.real import brand_of, find_binary

SIMULATED = ("tests/test_simulated_counting.py", "tests/test_simulated_deployments.py")
BY_NAME = {scene.name: scene for scene in (*cluster.SCENES, *sentinel.SCENES)}


def main(words: Sequence[str]) -> int:
    """Run what the command line says. Returns 1 where something that was promised did not come true."""
    parser = argparse.ArgumentParser("python -m benchmarks.chaos", description=__doc__)
    parser.add_argument("scenes", nargs="*", metavar="SCENE", help=f"of {', '.join(BY_NAME)}; all")
    parser.add_argument("--server", metavar="FILE", help="executable of the server; the first there is")
    parser.add_argument("--times", type=int, default=1, help="for each scene; %(default)s")
    parser.add_argument("--seeds", type=int, metavar="N", help="simulate so many deployments before, too")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures")
    said = parser.parse_args(words)
    for name in said.scenes:
        if name not in BY_NAME:
            parser.error(f"no scene is called {name!r}: there are {', '.join(BY_NAME)}")
    if said.seeds and simulate(said.seeds):
        return 1
    binary = said.server or find_binary()
    print(f"{brand_of(binary)}, {said.times} x each scene", flush=True)
    chosen = [BY_NAME[name] for name in said.scenes or BY_NAME for _ in range(said.times)]
    return show(chosen, binary, said.json)


def simulate(seeds: int) -> int:
    """Run the tests in virtual time over so many seeds; returns what pytest does."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *SIMULATED]
    return subprocess.run(command, env={**os.environ, "RESPOOL_SEEDS": str(seeds)}, check=False).returncode


def show(scenes: Sequence[Scene], binary: str, json: Path | None) -> int:
    """Play scenes one after the other and print a table of them."""
    outcomes: list[Outcome] = []
    promises = {scene.name: scene.promise for scene in scenes}
    for scene in scenes:
        print(f"... {scene.name}: {scene.title}", file=sys.stderr)
        outcomes.append(asyncio.run(scene.play(binary)))
    print("\n".join(lines(outcomes, promises)))
    if json is not None:
        json.write_text(to_json(outcomes, promises), encoding="utf-8")
    return int(any(promises[each.scene].broken(each) for each in outcomes))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
