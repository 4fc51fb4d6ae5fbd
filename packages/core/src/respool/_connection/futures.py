"""Futures of an event loop, made without a frame of the loop's where that does nothing else."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial


def future_maker(loop: asyncio.AbstractEventLoop) -> Callable[[], asyncio.Future[object]]:
    """Return what to call instead of `loop.create_future`: that itself, where the loop has a way of its own."""
    if getattr(type(loop), "create_future", None) is asyncio.BaseEventLoop.create_future:
        return partial(asyncio.Future, loop=loop)
    return loop.create_future
