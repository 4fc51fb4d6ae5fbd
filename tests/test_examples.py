"""The programs in examples/ do what they are there to show, on a fake server."""

from __future__ import annotations

import asyncio
import sys

from respool_testing import FakeServer
from tools.project import ROOT

PATIENCE_SECONDS = 60


async def run(*command: str) -> list[str]:
    """Run an example in a fresh interpreter and return the lines it printed; on stderr it says nothing."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-W", "error", *command, stdout=pipe, stderr=pipe, cwd=ROOT / "examples"
    )
    out, err = await asyncio.wait_for(process.communicate(), PATIENCE_SECONDS)
    assert (process.returncode, err.decode()) == (0, "")
    return out.decode().splitlines()


async def test_visits_are_counted_three_ways(respool_server: FakeServer) -> None:
    assert await run("visits.py", respool_server.url) == ["one by one: 1 2", "together: 3 4 5", "in all: 6"]
