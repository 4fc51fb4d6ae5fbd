"""The order of things on one socket: told with literal times, without a socket.

The tests are asynchronous only because a request is a future and wants a loop to belong to.
"""

from __future__ import annotations

import asyncio

import pytest

from respool._connection.fifo import Fifo
from respool._connection.request import GroupedRequest, Request, SilentRequest
from respool._wire.encoding import Payload


def ask(
    fifo: Fifo,
    payload: Payload = b"x",
    *,
    deadline: float = 100.0,
    timed: bool = False,
    kind: type[Request[object]] = Request,
) -> Request[object]:
    """Put one request into the queue of those that wait to be written."""
    request = kind()
    request.future = asyncio.get_running_loop().create_future()
    request.payload, request.deadline = payload, deadline
    if timed:
        request.timed = True
        fifo.deadlines.add(request)
    fifo.has_silent |= request.silent
    fifo.unsent.append(request)
    return request


def answer(fifo: Fifo, count: int, now: float) -> None:
    """Let the oldest requests be answered, as a socket does."""
    for _ in range(count):
        request = fifo.inflight.popleft()
        if not request.done():
            request.future.set_result(None)
    fifo.settle(count, now)


async def test_requests_of_one_take_are_one_buffer_in_order() -> None:
    fifo = Fifo()
    requests = [ask(fifo, payload) for payload in (b"a", b"b", b"c")]
    buffers, silent = fifo.take(0.0)
    assert (list(buffers), silent) == ([b"abc"], [])
    assert list(fifo.inflight) == requests
    assert not fifo.unsent


async def test_requests_wait_in_order_beyond_the_bound_of_requests() -> None:
    fifo = Fifo(max_requests=2)
    for payload in (b"a", b"b", b"c"):
        ask(fifo, payload)
    assert b"".join(fifo.take(0.0)[0]) == b"ab"
    assert not any(fifo.take(0.0)[0])
    answer(fifo, 1, 1.0)
    assert b"".join(fifo.take(1.0)[0]) == b"c"


async def test_requests_wait_beyond_the_bound_of_bytes_until_the_write_is_answered() -> None:
    fifo = Fifo(max_bytes=4)
    ask(fifo, b"aaaa")
    fifo.take(0.0)
    ask(fifo, b"b")
    assert not any(fifo.take(0.0)[0])
    answer(fifo, 1, 1.0)
    assert b"".join(fifo.take(1.0)[0]) == b"b"


async def test_one_request_larger_than_the_bound_is_still_written() -> None:
    fifo = Fifo(max_bytes=2)
    ask(fifo, (b"head", b"large", b"\r\n"))
    ask(fifo, b"next")
    assert b"".join(fifo.take(0.0)[0]) == b"headlarge\r\n"
    assert len(fifo.unsent) == 1


async def test_a_large_piece_is_handed_over_uncopied_between_joined_small_ones() -> None:
    fifo = Fifo()
    large = memoryview(b"large")
    ask(fifo, b"a")
    ask(fifo, b"b")
    ask(fifo, (b"head", large, b"tail"))
    ask(fifo, b"c")
    buffers, _ = fifo.take(0.0)
    assert b"".join(buffers) == b"abheadlargetailc"
    assert any(buffer is large for buffer in buffers)


async def test_a_request_cancelled_before_it_is_written_is_left_out() -> None:
    fifo = Fifo()
    ask(fifo, b"a")
    ask(fifo, b"b").future.cancel()
    ask(fifo, b"c")
    assert b"".join(fifo.take(0.0)[0]) == b"ac"
    assert len(fifo.inflight) == 2


async def test_nothing_is_in_flight_when_all_were_cancelled() -> None:
    fifo = Fifo()
    ask(fifo).future.cancel()
    assert not any(fifo.take(0.0)[0])
    assert len(fifo) == 0
    assert fifo.waiting_since is None


async def test_a_cancelled_request_of_a_group_is_written_all_the_same() -> None:
    fifo = Fifo()
    ask(fifo, b"multi", kind=GroupedRequest).future.cancel()
    ask(fifo, b"exec", kind=GroupedRequest)
    assert b"".join(fifo.take(0.0)[0]) == b"multiexec"
    assert len(fifo.inflight) == 2


async def test_a_cancelled_request_in_flight_keeps_its_place() -> None:
    fifo = Fifo()
    first, second = ask(fifo), ask(fifo)
    fifo.take(0.0)
    first.future.cancel()
    assert list(fifo.inflight) == [first, second]


async def test_a_silent_request_is_written_and_expects_no_reply() -> None:
    fifo = Fifo()
    quiet = ask(fifo, b"quiet", kind=SilentRequest)
    loud = ask(fifo, b"loud")
    buffers, silent = fifo.take(0.0)
    assert b"".join(buffers) == b"quietloud"
    assert silent == [quiet]
    assert list(fifo.inflight) == [loud]


async def test_its_length_counts_what_waits_and_what_is_in_flight() -> None:
    fifo = Fifo(max_requests=1)
    ask(fifo)
    ask(fifo)
    fifo.take(0.0)
    assert (len(fifo.unsent), len(fifo.inflight), len(fifo)) == (1, 1, 2)


async def test_the_head_has_been_waiting_since_its_own_write() -> None:
    fifo = Fifo()
    ask(fifo)
    fifo.take(1.0)
    ask(fifo)
    fifo.take(2.0)
    assert fifo.waiting_since == 1.0
    answer(fifo, 1, 3.0)
    assert fifo.waiting_since == 2.0
    answer(fifo, 1, 4.0)
    assert fifo.waiting_since is None


async def test_half_a_write_answered_leaves_the_other_half_waiting() -> None:
    fifo = Fifo()
    for _ in range(3):
        ask(fifo)
    fifo.take(1.0)
    answer(fifo, 2, 5.0)
    assert fifo.waiting_since == 1.0
    assert fifo.mean_seconds == 0.0


async def test_replies_of_several_writes_may_come_together() -> None:
    fifo = Fifo()
    for sent_at in (1.0, 2.0, 3.0):
        ask(fifo)
        ask(fifo)
        fifo.take(sent_at)
    answer(fifo, 5, 4.0)
    assert fifo.waiting_since == 3.0


async def test_the_mean_starts_at_the_first_reply_and_follows_slowly() -> None:
    fifo = Fifo()
    for sent_at, answered_at in ((0.0, 2.0), (10.0, 13.0)):
        ask(fifo)
        fifo.take(sent_at)
        answer(fifo, 1, answered_at)
    assert fifo.mean_seconds == pytest.approx(2.1)


async def test_the_next_deadline_is_the_soonest_of_both_kinds() -> None:
    fifo = Fifo()
    assert fifo.next_deadline() is None
    ask(fifo, deadline=50.0)
    assert fifo.next_deadline() == 50.0
    own = ask(fifo, deadline=20.0, timed=True)
    assert fifo.next_deadline() == 20.0
    own.future.cancel()
    assert fifo.next_deadline() == 50.0


async def test_what_is_over_has_no_deadline() -> None:
    fifo = Fifo()
    ask(fifo, deadline=5.0).future.cancel()
    ask(fifo, deadline=9.0)
    assert fifo.next_deadline() == 9.0


async def test_expiring_tells_written_from_unwritten_and_sends_the_latter_no_more() -> None:
    fifo = Fifo(max_requests=1)
    written, waiting = ask(fifo, deadline=5.0), ask(fifo, deadline=5.0)
    fifo.take(0.0)
    assert fifo.expire(4.9) == ([], [])
    assert fifo.expire(5.0) == ([written], [waiting])
    assert list(fifo.inflight) == [written]
    assert not fifo.unsent


async def test_a_deadline_of_its_own_expires_behind_later_ones() -> None:
    fifo = Fifo()
    ask(fifo, deadline=50.0)
    hasty = ask(fifo, deadline=5.0, timed=True)
    fifo.take(0.0)
    assert fifo.expire(5.0) == ([hasty], [])


async def test_a_long_deadline_of_its_own_does_not_hide_default_ones_behind_it() -> None:
    fifo = Fifo()
    ask(fifo, deadline=900.0, timed=True)
    default = ask(fifo, deadline=5.0)
    fifo.take(0.0)
    assert fifo.next_deadline() == 5.0
    assert fifo.expire(5.0) == ([default], [])


async def test_abandoning_tells_written_from_unwritten_and_skips_what_is_over() -> None:
    fifo = Fifo(max_requests=2)
    over, written, unsent, cancelled = (ask(fifo) for _ in range(4))
    fifo.take(0.0)
    over.future.cancel()
    cancelled.future.cancel()
    assert fifo.abandon() == ([written], [unsent])


async def test_nothing_is_left_after_abandoning() -> None:
    fifo = Fifo(max_requests=1, max_bytes=1)
    ask(fifo, timed=True)
    ask(fifo)
    fifo.take(0.0)
    fifo.abandon()
    assert len(fifo) == 0
    assert (fifo.next_deadline(), fifo.waiting_since) == (None, None)
    ask(fifo, b"again")
    assert b"".join(fifo.take(1.0)[0]) == b"again"
