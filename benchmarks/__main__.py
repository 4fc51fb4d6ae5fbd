"""`python -m benchmarks [parts|growth|chart] ...`: hands the command line to who understands it."""

from __future__ import annotations

import sys
from importlib import import_module

ROOMS = {
    "parts": "benchmarks.parts.run",
    "growth": "benchmarks.growth.run",
    "chart": "benchmarks.redraw",
}


def main(words: list[str]) -> None:
    """Run the part that the first word names: without one, the comparison with the peers."""
    if words and words[0] in ROOMS:
        import_module(ROOMS[words[0]]).main(words[1:])
    else:
        import_module("benchmarks.run").main(words)


if __name__ == "__main__":
    main(sys.argv[1:])
