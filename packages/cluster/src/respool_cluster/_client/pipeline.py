"""Pipelines of a cluster: each command to its node, in order; a transaction whole, to the one node it belongs to."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Generic, TypeVar

from respool import Pipeline, Script
from respool.errors import (
    AskError,
    ClusterDownError,
    ConnectionError,
    MovedError,
    RedisClusterError,
    RedisError,
    TryAgainError,
)
from respool.lowlevel import (
    FollowingRequest,
    Request,
    RequestMaker,
    ResponseType,
    Transaction,
    ValueT,
    build_request,
    fresh,
    refuse,
    retrieve,
)
from respool_cluster._map.node import Node
from respool_cluster._routing.guide import Guide
from respool_cluster._routing.router import Router

T = TypeVar("T")

_REFUSED = (AskError, ClusterDownError, MovedError, TryAgainError)


class ClusterPipeline(Pipeline[T], Generic[T]):
    """Queues commands; `execute` sends them, one write for each node, and returns all results in order.

    A transaction is all or nothing, and so its keys lie in one slot; without one, each command goes its own way and is
    repeated where that cannot execute it twice.
    """

    def __init__(self, router: Router, guide: Guide, maker: RequestMaker, transaction: bool) -> None:
        super().__init__(router.any_pool(), maker, transaction)
        self._router = router
        self._guide = guide

    def run_script(self, script: Script, *words: ValueT) -> asyncio.Future[ResponseType]:
        """Queue a script: by its digest, or with its source where a node lacks it. For `Script` alone."""
        if self._transaction:
            return super().run_script(script, *words)
        self._router.scripts.keep(script)
        return self._run((b"EVALSHA", script.sha, *words))

    async def _send(self, queued: list[Request[object]]) -> None:
        try:
            await (self._execute_as_one if self._transaction else self._execute_each)(queued)
        except asyncio.CancelledError:
            for request in queued:
                request.future.cancel()
            raise
        except RedisError as exc:
            for request in queued:
                refuse(request, fresh(exc, maybe_executed=False))

    async def _execute_each(self, queued: list[Request[object]]) -> None:
        strange = await self._guide.slots_of_foreign(queued)
        # Nothing waits from here on: what goes to the same node gets there in order.
        for request in queued:
            if request.done():
                continue  # cancelled, or refused
            if request in strange:
                self._router.send_to_slot(strange[request], request)
            else:
                self._router.send(request)

    async def _execute_as_one(self, queued: list[Request[object]]) -> None:
        """Send the transaction, again where nothing of it was executed, until its deadline."""
        end = self._guide.deadline()
        slot = await self._guide.slot_of_all(request.args for request in queued)
        while True:
            node = await self._guide.primary_of(slot)
            transaction = Transaction(queued)
            run = self._send_group(node, transaction, end)
            await asyncio.wait([run])
            refusal = _refusal(run, transaction)
            if refusal is None or asyncio.get_running_loop().time() >= end:
                transaction.settle(run)
                return
            if isinstance(refusal, MovedError):
                self._guide.learn(refusal, node)
            else:
                with suppress(RedisClusterError):
                    await self._guide.look()

    def _send_group(self, node: Node, transaction: Transaction, end: float) -> asyncio.Future[object]:
        run = build_request((b"EXEC",), kind=FollowingRequest)
        run.future.add_done_callback(retrieve)
        group = (*transaction.opening(), run)
        for request in group:
            request.deadline = end
        self._guide.pool_of(node).line.submit(group)
        return run.future


def _refusal(run: asyncio.Future[object], transaction: Transaction) -> RedisError | None:
    """Return why nothing was executed, if another attempt may do better."""
    for error in transaction.errors.values():
        if isinstance(error, _REFUSED):
            return error
    failure = None if run.cancelled() else run.exception()
    return failure if isinstance(failure, ConnectionError) and not failure.maybe_executed else None
