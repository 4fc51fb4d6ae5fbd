"""`python -m benchmarks.parts.once PART TURNS COUNTED`: what runs under valgrind; COUNTED 0 only prepares."""

from __future__ import annotations

import asyncio
import gc
import sys

from benchmarks.parts import PARTS
from benchmarks.parts.callgrind import WARM_UP_TURNS
from benchmarks.parts.part import Part


async def take_turns(part: Part, turns: int, *, counted: bool) -> None:
    """Warm up, then take `turns`, with or without what is to be counted."""
    gc.disable()  # or the two runs would differ in when it comes
    each = part.make()
    for turn in range(-WARM_UP_TURNS, turns):
        await each.prepare()
        if counted or turn < 0:
            each.run()
        await asyncio.sleep(0)


if __name__ == "__main__":
    asyncio.run(take_turns(PARTS[sys.argv[1]], int(sys.argv[2]), counted=sys.argv[3] == "1"))
