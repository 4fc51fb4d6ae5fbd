"""Values of 1 MiB: what counts here is how often a client copies them."""

from __future__ import annotations

from benchmarks.cells.cell import Sample, Setting
from benchmarks.cells.working import WrongAnswer, counted, opened, repeating
from benchmarks.data import LARGE_KEY, LARGE_VALUE
from benchmarks.window import Window

MIB = 1 << 20


async def read_large(setting: Setting) -> Sample:
    """GET one large value, one call after the other."""
    async with opened(setting, 1) as client:

        async def turn() -> int:
            reply = await client.get(LARGE_KEY)
            if not isinstance(reply, (bytes, str)) or len(reply) != len(LARGE_VALUE):
                raise WrongAnswer("GET did not return the large value")
            return 1

        return _flow(await counted(setting, "get", repeating(turn)))


async def write_large(setting: Setting) -> Sample:
    """SET one large value, one call after the other."""
    async with opened(setting, 1) as client:

        async def turn() -> int:
            await client.set(LARGE_KEY, LARGE_VALUE)
            return 1

        return _flow(await counted(setting, "set", repeating(turn)))


def _flow(window: Window) -> Sample:
    return {"rate": window.rate() * len(LARGE_VALUE) / MIB, "cpu": window.cpu_microseconds()}
