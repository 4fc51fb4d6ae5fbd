"""The command line of a run: words in, one settled object out. What is wrong is told here, before anything starts."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

from benchmarks.cells import CELLS
from benchmarks.effort import QUICK, Effort
from benchmarks.loops import STOCK, UVLOOP
from benchmarks.peers import NAMES
from benchmarks.peers.door import Address
from benchmarks.placement import NAMES as PLACEMENTS
from benchmarks.placement import Placement, possible

DESCRIPTION = """Measure respool beside other clients on one real server. Also: `python -m benchmarks parts`
(hot parts alone), `growth` (cost against size), `chart` (draw an earlier run)."""


@dataclass(frozen=True)
class Options:
    """What to measure, of whom, where, how long, and where to put the results."""

    peers: tuple[str, ...]
    cells: tuple[str, ...]
    placements: tuple[Placement, ...]
    effort: Effort
    loop: str
    seed: int
    server: Address | None
    json: Path | None
    chart: Path | None


def parse(words: Sequence[str], cores: Sequence[int]) -> Options:
    """Read the command line; `cores` are those that may be used unless it names others. Exits on what is wrong."""
    parser = _parser()
    said = parser.parse_args(words)
    effort = QUICK if said.quick else Effort()
    if said.rounds is not None:
        effort = replace(effort, rounds=said.rounds)
    if said.seconds is not None:
        effort = replace(effort, seconds=said.seconds)
    try:
        return Options(
            peers=_chosen("peer", said.peers, NAMES),
            cells=_cells(said.cells, ours=said.server is None),
            placements=_placements(said.placements, said.cores or cores, ours=said.server is None),
            effort=effort,
            loop=UVLOOP if said.uvloop else STOCK,
            seed=said.seed,
            server=said.server,
            json=said.json,
            chart=said.chart,
        )
    except ValueError as exc:
        parser.error(str(exc))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m benchmarks", description=DESCRIPTION)
    default = Effort()
    add = parser.add_argument
    add("--peers", type=_words, metavar="A,B", help=f"of {', '.join(NAMES)}; all")
    add("--cells", type=_words, metavar="A,B", help=f"of {', '.join(CELLS)}; all")
    add("--placements", type=_words, metavar="A,B", help=f"of {', '.join(PLACEMENTS)}; the pinned ones")
    add("--cores", type=_cores, metavar="N,N", help="cores for client and server; the first two there are")
    add("--rounds", type=_positive_int, help=f"{default.rounds}")
    add("--seconds", type=_positive_float, help=f"for each peer in each round; {default.seconds:g}")
    add("--quick", action="store_true", help="show that it works; the figures mean nothing")
    add("--uvloop", action="store_true", help="run every peer on uvloop")
    add("--seed", type=int, default=1, help="of the order in which peers take turns; %(default)s")
    add("--server", type=_address, metavar="URL", help="use this one, which cannot be pinned, and start none")
    add("--json", type=Path, metavar="FILE", help="write the results")
    add("--chart", type=Path, metavar="FILE", help="draw the results as SVG")
    return parser


def _chosen(kind: str, wanted: Sequence[str] | None, known: Iterable[str]) -> tuple[str, ...]:
    """Return what was wanted, or everything; raise `ValueError` for what is not known."""
    names = tuple(known)
    strangers = [name for name in wanted or () if name not in names]
    if strangers:
        raise ValueError(f"no {kind} is called {strangers[0]!r}: there are {', '.join(names)}")
    return tuple(wanted) if wanted else names


def _cells(wanted: Sequence[str] | None, *, ours: bool) -> tuple[str, ...]:
    """Return the cells to measure. A server that is there already is no cluster."""
    chosen = _chosen("cell", wanted, CELLS)
    possible_here = tuple(name for name in chosen if ours or not CELLS[name].on_cluster)
    if wanted and chosen != possible_here:
        raise ValueError("a cell on a cluster needs servers of our own: leave --server out")
    return possible_here


def _placements(wanted: Sequence[str] | None, cores: Sequence[int], *, ours: bool) -> tuple[Placement, ...]:
    there = possible(cores if ours else ())
    if wanted is None:
        pinned = tuple(there[name] for name in PLACEMENTS if name in there and name != "free")
        return pinned or (there["free"],)
    for name in _chosen("placement", wanted, PLACEMENTS):
        if name not in there:
            raise ValueError(f"{name!r} is not possible here: it needs cores to pin to, and our own server")
    return tuple(there[name] for name in wanted)


def _words(text: str) -> list[str]:
    return [word.strip() for word in text.split(",") if word.strip()]


def _cores(text: str) -> list[int]:
    return [int(word) for word in _words(text)]


def _positive_int(text: str) -> int:
    if (value := int(text)) < 1:
        raise ValueError(text)
    return value


def _positive_float(text: str) -> float:
    if not (value := float(text)) > 0:
        raise ValueError(text)
    return value


def _address(text: str) -> Address:
    parts = urlsplit(text)
    if parts.scheme != "redis" or parts.hostname is None:
        raise ValueError(text)
    return Address(parts.hostname, parts.port or 6379)
