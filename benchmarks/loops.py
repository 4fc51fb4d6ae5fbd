"""The event loop under everything: asyncio's own, or uvloop."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import TypeVar

T = TypeVar("T")

STOCK = "asyncio"
UVLOOP = "uvloop"


def run(main: Coroutine[object, object, T], loop: str) -> T:
    """Run `main` in a loop of its own. Raises `ImportError` where the wanted one is not installed."""
    if loop == UVLOOP:
        import uvloop

        result: T = uvloop.run(main)
        return result
    return asyncio.run(main)
