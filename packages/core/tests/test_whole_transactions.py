"""Transactions that are sent again, whole, where the server executed nothing of them; and those that are not."""

from __future__ import annotations

import asyncio
import gc
import weakref
from collections.abc import Sequence

import pytest

from packages.core.tests.waiting import come_true
from respool import Redis, RetryPolicy
from respool._connection.request import NOBODY
from respool._pool.whole import Whole
from respool.errors import (
    BusyLoadingError,
    ConnectionError,
    ExecAbortError,
    RedisError,
    ResponseError,
    TimeoutError,
)
from respool.lowlevel import GroupedRequest, Request, build_request, fail
from respool_testing import FakeServer

UNSENT = ConnectionError("never sent")
LOST = ConnectionError("lost", maybe_executed=True)
ABORTED = ExecAbortError("EXECABORT Transaction discarded because of previous errors.")
LOADING = BusyLoadingError("LOADING")


class Sent:
    """A line that notes what it is given, and always has another attempt."""

    def __init__(self, attempts: int = 10) -> None:
        self.submitted: list[Request[object]] = []
        self.postponed: list[Request[object]] = []
        self.attempts = attempts

    def send_all(self, requests: Sequence[Request[object]]) -> None:
        self.submitted = list(requests)

    def postpone(self, requests: Sequence[Request[object]], attempt: int) -> bool:
        self.postponed = list(requests) if attempt < self.attempts else []
        return attempt < self.attempts


class Attempt:
    """A transaction under way, and what its first two commands were told."""

    def __init__(self, line: Sent) -> None:
        self.told: list[RedisError] = []
        self.multi, self.incr = self._member("MULTI"), self._member("INCR", "k")
        self.run = build_request(("EXEC",), kind=GroupedRequest)
        self.members = [self.multi, self.incr, self.run]
        Whole(self.members, line, RetryPolicy()).send()

    def outcome(self) -> list[BaseException | None]:
        return [*self.told, self.run.future.exception() if self.run.done() else None]

    def _member(self, *words: str) -> Request[object]:
        member = build_request(words, rescue=self._tell, kind=GroupedRequest)
        member.future = NOBODY
        return member

    def _tell(self, _: Request[object], error: RedisError) -> bool:
        self.told.append(error)
        return True


async def test_what_was_never_sent_is_sent_again() -> None:
    line = Sent()
    attempt = Attempt(line)
    for member in attempt.members:
        fail(member, UNSENT)
    assert line.postponed == attempt.members == line.submitted
    assert attempt.outcome() == [None]


async def test_what_was_queued_is_sent_again_too() -> None:
    line = Sent()
    attempt = Attempt(line)
    attempt.multi.future.set_result(b"OK")
    attempt.incr.future.set_result(b"QUEUED")
    fail(attempt.run, UNSENT)
    assert line.postponed == attempt.members
    assert not any(each.done() for each in line.postponed)


@pytest.mark.parametrize(
    "error", [ABORTED, ExecAbortError("EXECABORT Transaction discarded because of: LOADING not yet")]
)
async def test_what_a_server_refused_for_now_is_sent_again(error: RedisError) -> None:
    line = Sent()
    attempt = Attempt(line)
    if error is ABORTED:
        fail(attempt.incr, LOADING)
    fail(attempt.run, error)
    assert len(line.postponed) == 3


@pytest.mark.parametrize(
    ("own", "error"), [(LOST, LOST), (ResponseError("ERR no such command"), ABORTED), (UNSENT, LOST)]
)
async def test_what_may_have_been_executed_or_never_will_is_not(own: RedisError, error: RedisError) -> None:
    line = Sent()
    attempt = Attempt(line)
    fail(attempt.incr, own)
    fail(attempt.run, error)
    assert line.postponed == []
    assert attempt.outcome() == [own, error]


async def test_without_another_attempt_every_error_is_told() -> None:
    attempt = Attempt(Sent(attempts=0))
    for member in attempt.members:
        fail(member, UNSENT)
    assert attempt.outcome() == [UNSENT, UNSENT, UNSENT]


async def test_what_took_too_long_is_not_sent_again() -> None:
    line, late = Sent(), TimeoutError("late")
    attempt = Attempt(line)
    for member in attempt.members:
        fail(member, late)
    assert attempt.outcome() == [late]
    assert line.postponed == []


async def test_nothing_is_left_to_the_garbage_collector() -> None:
    line = Sent()
    attempt = Attempt(line)
    attempt.run.future.set_result(None)
    await asyncio.sleep(0)
    freed = weakref.ref(attempt)  # known to its members, and to nobody else
    gc.disable()
    try:
        line.submitted.clear()
        attempt.members.clear()
        del attempt.multi, attempt.incr, attempt.run
        del attempt
        assert freed() is None
    finally:
        gc.enable()


# ---- the client


async def count_twice(redis: Redis[bytes]) -> list[object]:
    async with redis.pipeline() as pipe:
        pipe.incr("n")
        pipe.incr("n")
        return await pipe.execute()


async def test_a_transaction_outlives_a_connection_that_could_not_be_opened(
    respool_server: FakeServer,
) -> None:
    respool_server.faults.on("HELLO").drop_connection().times(2)
    async with Redis.from_url(respool_server.url) as redis:
        assert await count_twice(redis) == [1, 2]


async def test_a_transaction_whose_end_was_not_answered_is_not_repeated(respool_server: FakeServer) -> None:
    respool_server.faults.on("EXEC").drop_connection(when="after_execute").times(1)
    async with Redis.from_url(respool_server.url) as redis:
        with pytest.raises(ConnectionError) as caught:
            await count_twice(redis)
        assert caught.value.maybe_executed
        assert await redis.get("n") == b"2"


async def test_transactions_that_wait_fail_with_the_pool(respool_server: FakeServer) -> None:
    respool_server.faults.on("HELLO").drop_connection()
    policy = RetryPolicy(attempts=10**6, base=3600.0, cap=3600.0, uniform=lambda low, high: 1.0)
    async with Redis.from_url(respool_server.url, retry=policy) as redis:
        waiting = asyncio.ensure_future(count_twice(redis))
        await come_true(lambda: len(redis.connection_pool.line.pending()) == 4)
        redis.connection_pool.disconnect()
        with pytest.raises(RedisError):
            await waiting
