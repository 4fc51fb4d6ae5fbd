"""`python -m benchmarks parts [PART ...]`: what the hot parts of core cost alone, in time and in instructions."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Sequence

from benchmarks.parts import PARTS
from benchmarks.parts.callgrind import NoValgrind, instructions
from benchmarks.parts.part import Part
from benchmarks.parts.timing import nanoseconds

COUNTED_TURNS = 5


def main(words: Sequence[str]) -> None:
    """Measure the parts that are named, or all."""
    parser = _parser()
    said = parser.parse_args(words)
    if strangers := set(said.parts) - set(PARTS):
        parser.error(f"no part is called {min(strangers)!r}: there are {', '.join(PARTS)}")
    print(f"{'part':<14}{'median ns':>12}{'best tenth':>12}{'instructions':>14}  one operation is")
    for name in said.parts or PARTS:
        part = PARTS[name]
        middle, best = asyncio.run(nanoseconds(part, said.seconds))
        counted = _count(part) if said.instructions else ""
        print(f"{name:<14}{middle:>12,.0f}{best:>12,.0f}{counted:>14}  {part.title}", flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m benchmarks parts", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join(PARTS))
    parser.add_argument("--seconds", type=float, default=0.5, help="for each part; %(default)s")
    parser.add_argument(
        "--instructions", action="store_true", help="count them with valgrind too: some 30 s for each part"
    )
    return parser


def _count(part: Part) -> str:
    try:
        return f"{instructions(part, COUNTED_TURNS):,.0f}"
    except NoValgrind:
        return "no valgrind"
