"""The way to one node: its pool, and what failed there. Knows its own address and nothing of slots."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import TypeAlias

from respool import BaseConnection
from respool.errors import ConnectionError, RedisError
from respool.lowlevel import Line, Request, Rescue, fail
from respool_cluster._map.node import Node
from respool_cluster._pool.guarded_pool import GuardedPool
from respool_cluster._routing.alone import asking_request, twin_of

Rescuer: TypeAlias = Callable[[Request[object], RedisError, Node], bool]


class WatchedPool(GuardedPool):
    """A pool that passes on whom it suspects, and that its lines are its parent's after a fork."""

    suspected: Callable[[BaseConnection], None] = staticmethod(lambda connection: None)
    forked: Callable[[], None] = staticmethod(lambda: None)

    is_over = False
    """Whether the node left the cluster, or the client was closed: nobody who still knows this may open it again."""

    def make_connection(self) -> BaseConnection:
        """Return a new connection to this node. Raises `ConnectionError` when it is over."""
        if self.is_over:
            raise ConnectionError(f"{self.describe()} left the cluster, or the cluster client was closed")
        return super().make_connection()

    def on_suspect(self, connection: BaseConnection) -> None:
        """Pass on that the server takes suspiciously long."""
        self.suspected(connection)

    def forget_after_fork(self) -> None:
        """Start afresh in a forked child."""
        super().forget_after_fork()
        self.forked()


class Outlet:
    """One node's shared line. Nothing here waits or raises; failure goes to `rescuer`, with the node it happened at."""

    __slots__ = ("line", "node", "pool", "rescue")

    line: Line
    """That of the loop in which this is a lane."""

    def __init__(self, node: Node, pool: GuardedPool, rescuer: Rescuer) -> None:
        self.node = node
        self.pool = pool
        self.rescue: Rescue = lambda request, error: rescuer(request, error, node)

    def send(self, request: Request[object]) -> None:
        """Send a request: by its own deadline if it has one already, else by the default."""
        request.rescue = self.rescue
        if hasattr(request, "deadline"):
            self.pool.line.submit((request,))
        else:
            self.pool.line.send(request)

    def send_asking(self, request: Request[object]) -> None:
        """Send a request right behind ASKING. Neither goes without the other, whatever is cancelled."""
        request.rescue = self.rescue
        asking = asking_request()
        # A twin travels for it: a request that is no part of a group would be left out when cancelled, and
        # ASKING would then hold for somebody else's command.
        twin = twin_of(request)
        asking.deadline = twin.deadline = request.deadline
        twin.future.add_done_callback(partial(_hand_over, request))
        self.pool.line.submit((asking, twin))


def _hand_over(request: Request[object], twin: asyncio.Future[object]) -> None:
    error = twin.exception()
    if request.done():
        return
    if error is None:
        request.future.set_result(twin.result())
    elif isinstance(error, RedisError):
        fail(request, error)
    else:
        request.future.set_exception(error)
