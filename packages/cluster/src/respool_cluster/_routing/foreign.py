"""Commands that core's table does not hold, modules' and newer servers': where their keys stand is asked of a node.

Once for each command (COMMAND INFO); where the places depend on the arguments, once for each call (COMMAND GETKEYS). A
command of which no server tells anything goes to any node: that says what is wrong with it, or where it belongs.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial

from respool.errors import RedisError, ResponseError
from respool.lowlevel import Request, RequestMaker, ValueT, fresh, lookup, refuse, retrieve
from respool_cluster._map.slot import slot_of_keys, text_of
from respool_cluster._routing.entry import NO_KEYS, Entry, read_entry
from respool_cluster._routing.router import Router

_REMEMBERED = 1024  # names may come from anywhere


class Foreign:
    """Finds the slots of commands by asking, and has the router send them there."""

    def __init__(self, router: Router, maker: RequestMaker) -> None:
        self._router = router
        self._maker = maker
        self._entries: dict[str, Entry] = {}
        self._questions: dict[str, asyncio.Future[object]] = {}

    def adopt(self, request: Request[object]) -> bool:
        """Take over a request that has to go to a slot, or wait for a node's word on that; False if any node will do.

        What several slots are named in fails with `RedisClusterError`. Never waits, never raises.
        """
        if _is_known(request.args):
            return False
        if not hasattr(request, "deadline"):
            request.deadline = self._router.deadline()  # asking is part of the time it may take
        entry = self._entries.get(_name(request.args))
        if entry is None or entry.must_ask:
            task = asyncio.get_running_loop().create_task(self._find_and_send(request))
            request.future.add_done_callback(lambda _: task.cancel())
            return True
        try:
            slot = self._common(entry.keys(request.args))
        except RedisError as exc:
            refuse(request, exc)
            return True
        if slot is not None:
            self._router.send_to_slot(slot, request)
        return slot is not None

    async def slot_of(self, args: tuple[ValueT, ...]) -> int | None:
        """Return the slot of a command that the table does not hold; None for one that it holds, or without keys.

        Raises `RedisClusterError` for keys in several slots, and what asking for them failed with.
        """
        if _is_known(args):
            return None
        entry = await self._entry(_name(args))
        return self._common(await self._ask_keys(args) if entry.must_ask else entry.keys(args))

    async def slots_of(self, requests: Sequence[Request[object]]) -> dict[Request[object], int | None]:
        """Return the slots of those requests that the table does not hold, which fail where they have no slot.

        For who sends several in an order that is to stay: a request that has to wait for its slot would fall behind.
        """
        names = {_word(request.args) for request in requests}  # of many requests there are few
        strange = {name for name in names if lookup(name) is None}
        slots: dict[Request[object], int | None] = {}
        for request in requests if strange else ():
            if _word(request.args) not in strange or _is_known(request.args):
                continue
            try:
                slots[request] = await self.slot_of(request.args)
            except RedisError as exc:
                refuse(request, fresh(exc, maybe_executed=False))
        return slots

    async def _find_and_send(self, request: Request[object]) -> None:
        try:
            slot = await self.slot_of(request.args)
        except RedisError as exc:
            refuse(request, fresh(exc, maybe_executed=False))
        else:
            if not request.done():
                self._router.send_to_slot(slot, request)

    async def _entry(self, name: str) -> Entry:
        entry = self._entries.get(name)
        if entry is not None:
            return entry
        try:
            told = read_entry(await asyncio.shield(self._question(name)))
        except ResponseError:  # it may not be asked for
            told = NO_KEYS
        if told is None:
            return NO_KEYS  # not remembered: a module may be loaded
        if len(self._entries) >= _REMEMBERED:
            self._entries.clear()
        self._entries[name] = told
        return told

    def _question(self, name: str) -> asyncio.Future[object]:
        """Return the reply to come, to whoever wants to know the same."""
        question = self._questions.get(name)
        if question is None or question.done() or question.get_loop() is not asyncio.get_running_loop():
            question = self._questions[name] = self._ask(b"INFO", name)
            question.add_done_callback(partial(self._answered, name))
        return question

    def _answered(self, name: str, question: asyncio.Future[object]) -> None:
        retrieve(question)  # whoever asked may have left
        if self._questions.get(name) is question:
            del self._questions[name]

    async def _ask_keys(self, args: tuple[ValueT, ...]) -> list[ValueT]:
        try:
            keys = await self._ask(b"GETKEYS", *args)
        except ResponseError:  # it has none; or it is wrong, which the server says to itself, too
            return []
        return [key for key in keys if isinstance(key, (bytes, str))] if isinstance(keys, list) else []

    def _ask(self, *words: ValueT) -> asyncio.Future[object]:
        request = self._maker.make((b"COMMAND", *words), None, None, Request)
        request.convert = None  # keys are wanted as they are
        if not request.done():
            self._router.send(request)
        return request.future

    def _common(self, keys: list[ValueT]) -> int | None:
        return slot_of_keys(keys, self._maker.encoding) if keys else None


def _is_known(args: tuple[ValueT, ...]) -> bool:
    return lookup(text_of(args[0]), *args[1:2]) is not None


def _word(args: tuple[ValueT, ...]) -> str | bytes:
    name = args[0]
    return name if isinstance(name, (str, bytes)) else text_of(name)


def _name(args: tuple[ValueT, ...]) -> str:
    return text_of(args[0]).upper()
