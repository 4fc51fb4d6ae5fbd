"""From a command's words to the way to its node, for commands that went there before: what nearly all of them take.

A lane is learnt from the first command of its slot that was placed with care. Whatever may change where slots are
served, or what a way is worth, closes all lanes; that costs a second look at one command for each slot.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from respool.lowlevel import ValueT
from respool_cluster._map.slot import SLOTS, slot_of_sole_key
from respool_cluster._routing.outlet import Outlet


class Lanes:
    """The outlets of slots, in the loop in which they were learnt."""

    __slots__ = ("_by_slot", "_encoding", "_is_running", "_loop")

    def __init__(self, encoding: str) -> None:
        self._encoding = encoding
        self._loop: asyncio.AbstractEventLoop | None = None
        self._is_running: Callable[[], bool] = bool
        self._by_slot: list[Outlet | None] = []

    def find(self, args: Sequence[ValueT]) -> Outlet | None:
        """Return where a command goes; None where it takes more to tell. Raises nothing, whatever `args` are."""
        # Asking for the running loop would cost every command more than asking the loop that is known.
        if not self._is_running():
            return None
        try:
            return self._by_slot[slot_of_sole_key(args, self._encoding)]
        except (LookupError, TypeError, ValueError):
            return None

    def learn(self, slot: int, outlet: Outlet, loop: asyncio.AbstractEventLoop) -> None:
        """Take note that `outlet` is the way for every command of a slot."""
        if loop is not self._loop:
            self._loop = loop
            self._is_running = loop.is_running
            self._by_slot = [None] * SLOTS
        outlet.line = outlet.pool.line
        self._by_slot[slot] = outlet

    def close(self) -> None:
        """Forget everything."""
        self._loop = None
        self._is_running = bool
