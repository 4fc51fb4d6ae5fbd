"""Running one command on a connection of its own, at the node of its keys: for commands that block."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Protocol, cast

from respool import ConnectionPool
from respool.errors import AskError, MovedError, RedisError
from respool.lowlevel import FollowingRequest, GroupedRequest, Request, block_timeout, build_request, refuse
from respool_cluster._map.node import Node
from respool_cluster._routing.verdict import Verdict, destination, judge


class Guide(Protocol):
    """What is asked of who knows the cluster."""

    async def find(self, request: Request[object]) -> Node:
        """Return the node of a command's keys, once it is known."""

    async def look(self) -> object:
        """Wait until the cluster was looked at again."""

    def pool_of(self, node: Node) -> ConnectionPool: ...

    def learn(self, error: MovedError, asked: Node) -> Node:
        """Take note of what moved, and return where to."""


async def run_alone(request: Request[object], guide: Guide) -> None:
    """Complete a request. Cancelled while it waits for a reply, it closes the connection.

    The server would pop for nobody.
    """
    try:
        await _follow(request, guide)
    except Exception as exc:  # what a converter raises is the caller's to see
        refuse(request, exc)


async def _follow(request: Request[object], guide: Guide) -> None:
    """Send it, and send it again where it was not executed, as for any other command."""
    attempts, asking = 0, False
    node = await guide.find(request)
    while not request.done():
        attempt = await _try_at(guide.pool_of(node), request, asking=asking)
        error = attempt.exception()
        if error is None:
            if not request.done():
                request.future.set_result(attempt.result())
            return
        verdict = judge(request, error, attempts) if isinstance(error, RedisError) else Verdict.FAIL
        attempts, asking = attempts + 1, verdict is Verdict.ASK
        if verdict is Verdict.FOLLOW:
            node = guide.learn(cast("MovedError", error), node)
        elif verdict is Verdict.ASK:
            node = destination(cast("AskError", error), node)
        elif verdict is Verdict.WAIT and asyncio.get_running_loop().time() < request.deadline:
            with suppress(RedisError):
                await guide.look()
            node = await guide.find(request)
        else:
            raise error


async def _try_at(pool: ConnectionPool, request: Request[object], *, asking: bool) -> asyncio.Future[object]:
    """Return the outcome of one attempt; failing to get a connection is one, too."""
    loop = asyncio.get_running_loop()
    attempt = twin_of(request, FollowingRequest if asking else GroupedRequest)
    group = [*([asking_request()] if asking else []), attempt]
    try:
        async with pool.connection() as connection:
            for each in group:
                each.deadline = loop.time() + pool.stream_timeout + (block_timeout(request.args) or 0.0)
            connection.start().submit(group)
            try:
                await asyncio.wait([attempt.future])
            finally:
                if not attempt.done():
                    attempt.future.cancel()
                    connection.disconnect()
    except RedisError as exc:
        refuse(attempt, exc)
    return attempt.future


def twin_of(request: Request[object], kind: type[Request[object]] = FollowingRequest) -> Request[object]:
    """Return what travels for a request where that cannot itself: without its rescue."""
    twin = kind()
    twin.future = asyncio.get_running_loop().create_future()
    twin.args, twin.payload, twin.convert, twin.rescue = request.args, request.payload, request.convert, None
    return twin


def asking_request() -> Request[object]:
    """Return what goes in front of a command that was sent after its slot. The command tells the same, if it fails."""
    asking = build_request((b"ASKING",), kind=GroupedRequest)
    asking.future.add_done_callback(_forget)
    return asking


def _forget(asking: asyncio.Future[object]) -> None:
    if not asking.cancelled():
        asking.exception()
