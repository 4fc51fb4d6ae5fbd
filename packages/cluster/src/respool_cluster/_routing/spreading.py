"""Commands that concern several nodes: their parts are sent, and the replies put together again."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from respool.errors import RedisError
from respool.lowlevel import Request, RequestMaker, ValueT, refuse
from respool_cluster._map.node import Node
from respool_cluster._map.slot import slot_of_keys
from respool_cluster._map.topology import Topology
from respool_cluster._routing.guide import Guide
from respool_cluster._routing.joining import join
from respool_cluster._routing.merging import Merge
from respool_cluster._routing.router import Router
from respool_cluster._routing.splitting import FanOut, fan_out, joiner, split


class Spreader:
    """Sends to several nodes what a router cannot send to one."""

    def __init__(self, router: Router, guide: Guide, maker: RequestMaker, encoding: str) -> None:
        self._router = router
        self._guide = guide
        self._maker = maker
        self._encoding = encoding

    def spread(self, request: Request[object]) -> bool:
        """Take a request over; False if it must stay whole. Never waits, never raises."""
        parts = split(request.args, lambda key: slot_of_keys([key], self._encoding))
        if parts is not None:
            requests = [self._part(part.args) for part in parts]
            _join(request, requests, joiner(request.args, parts))
            for each in requests:
                self._router.send(each)
            return True
        plan = fan_out(request.args)
        if plan is not None:
            task = asyncio.get_running_loop().create_task(self._to_all(request, plan))
            request.future.add_done_callback(lambda _: task.cancel())
        return plan is not None

    async def _to_all(self, request: Request[object], plan: FanOut) -> None:
        try:
            nodes = _targets(await self._guide.known(), plan)
        except RedisError as exc:
            refuse(request, exc)
            return
        requests = [self._part(request.args) for _ in nodes]
        _join(request, requests, plan.merge, any_will_do=plan.any_will_do)
        for node, each in zip(nodes, requests, strict=True):
            self._router.send_to(node, each)

    def _part(self, args: tuple[ValueT, ...]) -> Request[object]:
        part = self._maker.make(args, None, None, Request)
        part.convert = None  # it is the whole that is decoded and converted
        return part


def _join(
    whole: Request[object], parts: Sequence[Request[object]], merge: Merge, *, any_will_do: bool = False
) -> None:
    futures = [part.future for part in parts]
    join(whole.future, futures, merge, convert=whole.convert, any_will_do=any_will_do)


def _targets(topology: Topology, plan: FanOut) -> Sequence[Node]:
    return topology.nodes() if plan.to_replicas else [shard.primary for shard in topology.shards]
