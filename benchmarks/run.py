"""One whole run beside the peers: start the server, take every row, print as it goes, write what was asked for."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from contextlib import AsyncExitStack

from benchmarks import conditions, table
from benchmarks.cells import CELLS
from benchmarks.chart import draw
from benchmarks.crew import Crew
from benchmarks.options import Options, parse
from benchmarks.placement import allowed_cores
from benchmarks.results import Report
from benchmarks.rounds import measure
from benchmarks.target import Target, prepared, prepared_cluster


async def run(options: Options) -> Report:
    """Take all rows. Progress goes to standard error, so that the table can be put into a file."""
    async with AsyncExitStack() as stack:
        alone = await stack.enter_async_context(prepared(options.server))
        cluster = await stack.enter_async_context(prepared_cluster()) if _wants_cluster(options) else alone
        crew = await stack.enter_async_context(Crew(options.loop))
        report = Report(describe(options, alone))
        for placement in options.placements:
            for cell in (CELLS[name] for name in options.cells):
                print(f"... {cell.name}, {placement.name}", file=sys.stderr)
                target = cluster if cell.on_cluster else alone
                row = await measure(
                    target, crew, cell, placement, options.peers, options.effort, options.seed
                )
                report.rows.append(row)
    return report


def _wants_cluster(options: Options) -> bool:
    return any(CELLS[name].on_cluster for name in options.cells)


def describe(options: Options, target: Target) -> dict[str, str]:
    """Return the conditions of a run, in the order in which they are printed."""
    effort = options.effort
    return {
        **conditions.machine(),
        "server": target.version,
        "loop": options.loop,
        "rounds": f"{effort.rounds} of {effort.seconds:g} s for each peer, order from seed {options.seed}",
        **conditions.clients(options.peers),
    }


def main(words: Sequence[str]) -> None:
    """Run what the command line says."""
    options = parse(words, allowed_cores())
    report = asyncio.run(run(options))
    print("\n".join(table.lines(report)))
    if options.json is not None:
        options.json.write_text(report.to_json(), encoding="utf-8")
    if options.chart is not None:
        options.chart.write_text(draw(report), encoding="utf-8")
