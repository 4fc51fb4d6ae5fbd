"""Waiting in tests: for what the loop itself brings about, and for what only a server can tell. Nothing sleeps."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

V = TypeVar("V")


async def come_true(condition: Callable[[], bool], *, seconds: float = 10.0) -> None:
    """Run the loop until `condition` holds; fail loudly if it never does."""
    end = asyncio.get_running_loop().time() + seconds
    while not condition():
        assert asyncio.get_running_loop().time() < end, "it did not come true"
        await asyncio.sleep(0)


async def until(ask: Callable[[], Awaitable[V]], is_it: Callable[[V], bool], *, seconds: float = 10.0) -> V:
    """Ask a server again and again until it is so; return the answer. Each question is a round trip."""
    end = asyncio.get_running_loop().time() + seconds
    while not is_it(answer := await ask()):
        assert asyncio.get_running_loop().time() < end, f"still {answer!r}"
    return answer


async def let_news_arrive() -> None:
    """Run the loop until what has happened elsewhere in it is known everywhere."""
    for _ in range(20):
        await asyncio.sleep(0)
