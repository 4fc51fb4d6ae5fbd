"""Commands queued together that travel as one: whatever happens to some of them happens to no others."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from packages.core.tests.test_generation import Line, ping, tick
from respool._connection.bundle import Bundle
from respool._connection.fifo import Fifo
from respool._connection.generation import WORTH_A_WRITE
from respool._connection.request import Request, SilentRequest
from respool.errors import InvalidResponse, RedisError, ResponseError, TimeoutError
from respool_testing import Simulation, simulate

COUNT = WORTH_A_WRITE


def bundle_of(count: int = COUNT, convert: Callable[[object], object] | None = None) -> Bundle:
    """Queue PING with a number in its words, which the payload does not show."""
    loop = asyncio.get_running_loop()
    bundle = Bundle(Request)
    for number in range(count):
        bundle.payloads.append(ping())
        bundle.commands.append((b"PING", number))
        bundle.converts.append(convert)
        bundle.futures.append(loop.create_future())
    return bundle


def replies(start: int, stop: int) -> bytes:
    return b"".join(b":%d\r\n" % number for number in range(start, stop))


def numbers_of(requests: list[Request[object]]) -> list[object]:
    return [request.args[1] for request in requests]


# ---- writing


async def test_many_commands_queued_together_are_written_at_once() -> None:
    with Line() as line:
        assert line.generation.write_bundle(bundle_of())
        assert line.transport.writes == [ping(COUNT)]
        assert len(line.generation.fifo) == COUNT


async def test_few_commands_queued_together_wait_for_others_of_their_tick() -> None:
    with Line() as line:
        assert not line.generation.write_bundle(bundle_of(COUNT - 1))


async def test_a_bundle_does_not_pass_what_was_called_before() -> None:
    with Line() as line:
        line.generation.send_all(bundle_of(2).requests())
        assert not line.generation.write_bundle(bundle_of())
        await tick()
        assert line.generation.write_bundle(bundle_of())
        line.generation.pause_writing()
        assert not line.generation.write_bundle(bundle_of())


async def test_a_bundle_waits_behind_the_gate_like_others() -> None:
    with Line(up=False) as line:
        assert not line.generation.write_bundle(bundle_of())


async def test_what_was_cancelled_before_is_not_written() -> None:
    with Line() as line:
        bundle = bundle_of()
        bundle.futures[3].cancel()
        assert not line.generation.write_bundle(bundle)
        line.generation.send_all(bundle.requests())
        await tick()
        assert line.transport.writes == [ping(COUNT - 1)]


async def test_what_gets_no_replies_is_no_bundle() -> None:
    with Line() as line:
        bundle = bundle_of()
        bundle.kind = SilentRequest
        assert not line.generation.write_bundle(bundle)


async def test_a_command_whose_queueing_was_interrupted_makes_nobody_get_anothers_reply() -> None:
    with Line() as line:
        bundle = bundle_of()
        bundle.payloads.append(ping())
        assert not line.generation.write_bundle(bundle)
        with pytest.raises(ValueError, match="longer"):
            bundle.requests()


async def test_a_bundle_keeps_to_the_bounds() -> None:
    assert Fifo(max_requests=COUNT).take_bundle(bundle_of(), 0.0) is not None
    assert Fifo(max_requests=COUNT - 1).take_bundle(bundle_of(), 0.0) is None
    assert Fifo(max_bytes=len(ping(COUNT)) - 1).take_bundle(bundle_of(), 0.0) is None
    fifo = Fifo(max_requests=2 * COUNT - 1)
    assert fifo.take_bundle(bundle_of(), 0.0) is not None
    assert fifo.take_bundle(bundle_of(), 0.0) is None
    assert (len(fifo), len(fifo.pending())) == (COUNT, COUNT)


# ---- replies


async def test_each_command_gets_its_own_reply_however_they_are_cut() -> None:
    with Line() as line:
        first, second = bundle_of(), bundle_of()
        for bundle in (first, second):
            assert line.generation.write_bundle(bundle)
        after = line.send("PING")
        await tick()
        data = replies(0, 2 * COUNT + 1)
        for start in range(0, len(data), 7):
            line.generation.data_received(data[start : start + 7])
        assert [future.result() for future in (*first.futures, *second.futures)] == list(range(2 * COUNT))
        assert after.future.result() == 2 * COUNT
        assert len(line.generation.fifo) == 0


async def test_a_reply_to_a_cancelled_command_is_dropped() -> None:
    with Line() as line:
        bundle = bundle_of()
        line.generation.write_bundle(bundle)
        cancelled = {0, 3, 4, COUNT - 1}
        for place in cancelled:
            bundle.futures[place].cancel()
        line.generation.data_received(replies(0, COUNT))
        kept = [future.result() for future in bundle.futures if not future.cancelled()]
        assert kept == [number for number in range(COUNT) if number not in cancelled]
        assert len(line.generation.fifo) == 0


async def test_an_error_fails_its_own_command_only() -> None:
    with Line() as line:
        bundle = bundle_of()
        asked: list[object] = []

        def rescue(request: Request[object], error: RedisError) -> bool:
            asked.append((request.args[1], str(error)))
            return False

        bundle.rescue = rescue
        line.generation.write_bundle(bundle)
        line.generation.data_received(replies(0, 5) + b"-ERR no\r\n" + replies(6, COUNT))
        assert isinstance(bundle.futures[5].exception(), ResponseError)
        assert asked == [(5, "ERR no")]
        others = [place for place in range(COUNT) if place != 5]
        assert [bundle.futures[place].result() for place in others] == others
        assert len(line.generation.fifo) == 0


async def test_a_push_between_replies_takes_nobodys_place() -> None:
    with Line() as line:
        bundle = bundle_of()
        line.generation.write_bundle(bundle)
        push = b">2\r\n+invalidate\r\n_\r\n"
        line.generation.data_received(push + replies(0, 5) + push + replies(5, COUNT - 1))
        line.generation.data_received(push + replies(COUNT - 1, COUNT))
        assert [future.result() for future in bundle.futures] == list(range(COUNT))
        assert len(line.owner.pushes) == 3


async def test_what_a_converter_raises_is_its_commands_own() -> None:
    with Line() as line:
        bundle = bundle_of(convert=lambda reply: 1 // (reply != 2))
        bundle.converts[1] = None
        line.generation.write_bundle(bundle)
        line.generation.data_received(replies(0, COUNT))
        assert isinstance(bundle.futures[2].exception(), ZeroDivisionError)
        assert [future.result() for future in bundle.futures if future is not bundle.futures[2]] == [1] * (
            COUNT - 1
        )


async def test_replies_that_came_before_garbage_reach_who_asked() -> None:
    with Line() as line:
        bundle = bundle_of()
        line.generation.write_bundle(bundle)
        line.generation.data_received(replies(0, 5) + b"?\r\n")
        assert [future.result() for future in bundle.futures[:5]] == [0, 1, 2, 3, 4]
        ((error, unanswered, _),) = line.owner.ends
        assert isinstance(error, InvalidResponse)
        assert numbers_of(unanswered) == list(range(5, COUNT))


# ---- the end


async def test_the_end_tells_of_each_command_that_has_no_reply() -> None:
    with Line() as line:
        bundle = bundle_of()
        line.generation.write_bundle(bundle)
        line.generation.data_received(replies(0, 5))
        bundle.futures[7].cancel()
        line.generation.connection_lost(None)
        ((_, unanswered, unsent),) = line.owner.ends
        assert numbers_of(unanswered) == [number for number in range(5, COUNT) if number != 7]
        assert not unsent
        assert len(line.generation.fifo) == 0


async def test_a_converter_may_end_the_connection() -> None:
    with Line() as line:
        bundle = bundle_of()
        bundle.converts[2] = lambda _: line.generation.connection_lost(None)
        line.generation.write_bundle(bundle)
        line.generation.data_received(replies(0, COUNT))
        assert bundle.futures[2].done()
        ((_, unanswered, _),) = line.owner.ends
        assert numbers_of(unanswered) == list(range(3, COUNT))


@pytest.mark.parametrize("interruption", [KeyboardInterrupt, SystemExit])
async def test_an_interruption_amidst_replies_ends_the_connection(interruption: type[BaseException]) -> None:
    def interrupt(_: object) -> object:
        raise interruption

    with Line() as line:
        bundle = bundle_of()
        bundle.converts[2] = interrupt
        line.generation.write_bundle(bundle)
        with pytest.raises(interruption):
            line.generation.data_received(replies(0, COUNT))
        ((_, unanswered, _),) = line.owner.ends
        assert numbers_of(unanswered) == list(range(3, COUNT))


def test_the_commands_of_a_bundle_run_out_of_time_together() -> None:
    async def main(simulation: Simulation) -> None:
        with Line(timeout=0.5) as line:
            bundle = bundle_of()
            line.generation.write_bundle(bundle)
            line.generation.data_received(replies(0, 5))
            (late, *_), _ = await asyncio.wait(bundle.futures[5:])
            error = late.exception()
            assert isinstance(error, TimeoutError)
            assert error.maybe_executed
            assert "PING: no reply from here in time" in str(error)

    simulate(main)


# ---- anything, in any order

HAPPENINGS = st.sampled_from([b":%d\r\n", b":%d\r\n", b":%d\r\n", b"-ERR %d\r\n", b">1\r\n:%d\r\n"])


async def outcomes(
    happenings: list[bytes], cuts: set[int], cancelled: set[int], *, together: bool
) -> list[object]:
    """Send commands as a bundle, or one by one; return what became of each and of those behind them."""
    with Line() as line:
        bundle = bundle_of(WORTH_A_WRITE)
        if together:
            assert line.generation.write_bundle(bundle)
        else:
            line.generation.send_all(bundle.requests())
            await tick()
        behind = line.send("PING", "behind")
        await tick()
        for place in cancelled:
            bundle.futures[place].cancel()
        data = b"".join(each % number for number, each in enumerate(happenings))
        places = [0, *sorted(cut for cut in cuts if cut < len(data)), len(data)]
        for start, stop in pairwise(places):
            if start < stop:
                line.generation.data_received(data[start:stop])
        lengths = [len(line.generation.fifo), len(line.generation.fifo.pending())]
        line.generation.connection_lost(None)
        told = [(str(error), *map(numbers_of, ends)) for error, *ends in line.owner.ends]
        return [*map(outcome, (*bundle.futures, behind.future)), lengths, line.owner.pushes, told]


def outcome(future: asyncio.Future[object]) -> object:
    if not future.done():
        return "waits"
    if future.cancelled():
        return "cancelled"
    error = future.exception()
    return str(error) if isinstance(error, RedisError) else future.result()


@settings(max_examples=300, deadline=None, derandomize=True)
@given(
    st.lists(HAPPENINGS, min_size=1, max_size=WORTH_A_WRITE),
    st.sets(st.integers(1, 200), max_size=10),
    st.sets(st.integers(0, WORTH_A_WRITE - 1), max_size=5),
)
def test_a_bundle_fares_as_its_commands_would_alone(
    happenings: list[bytes], cuts: set[int], cancelled: set[int]
) -> None:
    async def both() -> None:
        alone, together = [
            await outcomes(happenings, cuts, cancelled, together=together) for together in (False, True)
        ]
        assert together == alone

    asyncio.run(both())
