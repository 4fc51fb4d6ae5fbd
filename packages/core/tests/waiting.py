"""Waiting in tests for what the loop itself brings about, where no server's event would tell."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


async def come_true(condition: Callable[[], bool], *, seconds: float = 10.0) -> None:
    """Run the loop until `condition` holds; fail loudly if it never does."""
    end = asyncio.get_running_loop().time() + seconds
    while not condition():
        assert asyncio.get_running_loop().time() < end, "it did not come true"
        await asyncio.sleep(0)
