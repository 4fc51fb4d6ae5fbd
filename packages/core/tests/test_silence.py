"""What silence on a socket means."""

from __future__ import annotations

import asyncio
from math import inf

import pytest

from respool._connection.fifo import Fifo
from respool._connection.request import Request
from respool._connection.silence import SUSPECT_SECONDS, Silence

TIMEOUT = 5.0


def in_flight(fifo: Fifo, *, sent_at: float, deadline: float) -> Request[object]:
    request: Request[object] = Request()
    request.future = asyncio.get_running_loop().create_future()
    request.deadline = deadline
    fifo.book([request], 1, sent_at)
    return request


async def test_with_nothing_in_flight_silence_means_nothing() -> None:
    silence = Silence(Fifo(), TIMEOUT, now=0.0)
    assert silence.since is None
    assert silence.gone_at() == inf
    assert silence.next_look(100.0) == inf
    assert not silence.is_suspect(100.0)


async def test_a_socket_is_gone_when_the_heads_time_ran_out_in_silence() -> None:
    fifo = Fifo()
    silence = Silence(fifo, TIMEOUT, now=0.0)
    in_flight(fifo, sent_at=10.0, deadline=15.0)
    assert silence.gone_at() == 15.0


async def test_a_reply_to_an_earlier_request_is_no_silence() -> None:
    fifo = Fifo()
    silence = Silence(fifo, TIMEOUT, now=0.0)
    in_flight(fifo, sent_at=10.0, deadline=15.0)
    silence.last_received = 14.0
    assert silence.gone_at() == 14.0 + TIMEOUT / 2


async def test_a_hasty_request_condemns_nobody() -> None:
    fifo = Fifo()
    silence = Silence(fifo, TIMEOUT, now=0.0)
    in_flight(fifo, sent_at=10.0, deadline=10.1)
    assert silence.gone_at() == 10.0 + TIMEOUT / 2


async def test_a_reply_that_nobody_waits_for_is_missed_all_the_same() -> None:
    fifo = Fifo()
    silence = Silence(fifo, TIMEOUT, now=0.0)
    in_flight(fifo, sent_at=10.0, deadline=15.0).future.cancel()
    assert silence.gone_at() == 15.0
    assert silence.next_look(14.9) == 15.0


async def test_silence_is_suspect_after_a_second() -> None:
    fifo = Fifo()
    silence = Silence(fifo, TIMEOUT, now=0.0)
    in_flight(fifo, sent_at=10.0, deadline=15.0)
    assert silence.next_look(10.0) == 10.0 + SUSPECT_SECONDS
    assert not silence.is_suspect(10.0 + SUSPECT_SECONDS - 0.01)
    assert silence.is_suspect(10.0 + SUSPECT_SECONDS)
    assert silence.next_look(12.0) == 12.0 + SUSPECT_SECONDS


@pytest.mark.parametrize("deadline", [20.0, inf])
async def test_the_silence_of_what_blocks_on_purpose_is_not_suspect(deadline: float) -> None:
    fifo = Fifo()
    silence = Silence(fifo, TIMEOUT, now=0.0)
    in_flight(fifo, sent_at=10.0, deadline=deadline)
    assert not silence.is_suspect(19.0)
    assert silence.gone_at() == deadline
