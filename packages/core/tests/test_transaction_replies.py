"""What the commands of a transaction are told of the one reply to EXEC."""

from __future__ import annotations

import asyncio

import pytest

from respool._client.transactions import Transaction
from respool.errors import InvalidResponse, ResponseError, WatchError
from respool.lowlevel import Request, build_request, fail


def executed(reply: object) -> asyncio.Future[object]:
    run = asyncio.get_running_loop().create_future()
    run.set_result(reply)
    return run


def two() -> list[Request[object]]:
    return [build_request(("INCR", key)) for key in ("a", "b")]


async def test_each_gets_its_own_part() -> None:
    queued = two()
    Transaction(queued).settle(executed([1, 2]))
    assert [request.future.result() for request in queued] == [1, 2]


async def test_what_the_server_left_out_is_not_waited_for_for_ever() -> None:
    queued = two()
    Transaction(queued).settle(executed([1]))
    assert queued[0].future.result() == 1
    with pytest.raises(InvalidResponse, match="1 of 2"):
        queued[1].future.result()


async def test_of_what_was_left_out_because_it_was_refused_the_refusal_is_told() -> None:
    queued = two()
    transaction = Transaction(queued)
    fail(transaction.stand_ins()[1], ResponseError("ERR not now"))
    transaction.settle(executed([1]))
    with pytest.raises(ResponseError, match="not now"):
        queued[1].future.result()


async def test_nothing_executed_is_a_changed_key() -> None:
    queued = two()
    Transaction(queued).settle(executed(None))
    assert all(isinstance(request.future.exception(), WatchError) for request in queued)


async def test_no_two_commands_share_one_error() -> None:
    queued = two()
    Transaction(queued).settle(executed(None))
    one, other = (request.future.exception() for request in queued)
    assert one is not other
