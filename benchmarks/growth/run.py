"""`python -m benchmarks growth`: cost against size, as a table, as JSON, as a chart."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from benchmarks import conditions
from benchmarks.growth import flight, pools
from benchmarks.growth.chart import draw
from benchmarks.growth.curve import GrowthReport, lines
from benchmarks.loops import STOCK, UVLOOP
from benchmarks.loops import run as run_in
from benchmarks.peers import OURS, load
from benchmarks.target import prepared

FLYING = (OURS, "bare loop")
IN_FLIGHT = [1, 10, 100, 1000, 10_000, 100_000]
CONNECTIONS = [10, 100, 1000, 10_000]


async def grow(most: int, seconds: float) -> GrowthReport:
    """Measure every curve, up to sizes of `most`."""
    flying = [size for size in IN_FLIGHT if size <= most]
    pooled = [size for size in CONNECTIONS if size <= most]
    async with prepared(None) as target:
        report = GrowthReport({**conditions.machine(), "server": target.version})
        add = report.curves.append
        for name in FLYING:
            add(await flight.cost_curve(name, load(name), target.nodes[0], flying, seconds))
        for name in FLYING:
            add(
                await flight.weight_curve(
                    name, load(name), target.nodes[0], [size for size in flying if size >= 100]
                )
            )
    for curve in (pools.lease_curve, pools.close_curve, pools.hand_over_curve, pools.cancel_curve):
        add(await curve(pooled))
    return report


def main(words: Sequence[str]) -> None:
    """Run what the command line says."""
    parser = argparse.ArgumentParser("python -m benchmarks growth", description=__doc__)
    parser.add_argument("--most", type=int, default=IN_FLIGHT[-1], help="largest size; %(default)s")
    parser.add_argument("--seconds", type=float, default=0.5, help="for each size; %(default)s")
    parser.add_argument("--uvloop", action="store_true")
    parser.add_argument("--json", type=Path, metavar="FILE")
    parser.add_argument("--chart", type=Path, metavar="FILE")
    said = parser.parse_args(words)
    if said.most < CONNECTIONS[1]:
        parser.error(f"--most is at least {CONNECTIONS[1]}: smaller sizes show no growth")
    report = run_in(grow(said.most, said.seconds), UVLOOP if said.uvloop else STOCK)
    print("\n".join(lines(report)))
    if said.json is not None:
        said.json.write_text(report.to_json(), encoding="utf-8")
    if said.chart is not None:
        said.chart.write_text(draw(report), encoding="utf-8")
