"""The ways of redirected requests, to be told where they lead nowhere. Costs nothing where nobody is redirected."""

from __future__ import annotations

import asyncio
from collections import deque
from weakref import WeakKeyDictionary

from respool.errors import AskError, MovedError, RedisClusterError, RedisError
from respool.lowlevel import Request
from respool_cluster._map.node import Node
from respool_cluster._routing.verdict import destination

_TOLD = 8
"""Redirections that an error tells, the last ones."""


class Trails:
    """Remembers who sent a request where, for as long as anybody waits for its reply."""

    def __init__(self) -> None:
        self._steps: WeakKeyDictionary[asyncio.Future[object], deque[str]] = WeakKeyDictionary()

    def note(self, request: Request[object], error: MovedError | AskError, asked: Node) -> None:
        """Take note that the node `asked` sent a request elsewhere."""
        steps = self._steps.setdefault(request.future, deque(maxlen=_TOLD))
        code = "MOVED" if isinstance(error, MovedError) else "ASK"
        steps.append(f"{asked} said {code} {error.slot_id} {destination(error, asked)}")

    def told(self, request: Request[object], error: RedisError) -> RedisError:
        """Return the error for a request that found nobody: if it was redirected last, with the way it took."""
        if not isinstance(error, (MovedError, AskError)):
            return error
        way = ", then ".join(self._steps.get(request.future, ()))
        lost = RedisClusterError(
            f"the nodes of the cluster send each other slot {error.slot_id}, which none of them serves: {way}"
        )
        lost.__cause__ = error
        return lost
