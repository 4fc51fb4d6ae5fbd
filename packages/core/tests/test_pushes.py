"""Push messages: each to the first reader that wants it, the others kept in order, none lost to a cancel."""

from __future__ import annotations

import asyncio

import pytest

from respool._connection.pushes import NO_MESSAGE, PushBox
from respool.errors import ConnectionError

NEWS = frozenset({b"message"})
INVALIDATION = frozenset({b"invalidate"})


def news(text: bytes) -> list[object]:
    return [b"message", b"news", text]


async def waiting(box: PushBox, types: frozenset[bytes] | None = None) -> asyncio.Task[object]:
    """Start a reader and let it reach its wait."""
    task = asyncio.create_task(box.wait(types))
    await asyncio.sleep(0)
    return task


async def test_messages_are_kept_in_order() -> None:
    box = PushBox()
    for text in (b"1", b"2"):
        box.put(news(text))
    assert [box.take(None), box.take(None), box.take(None)] == [news(b"1"), news(b"2"), NO_MESSAGE]


async def test_the_oldest_of_the_wanted_type_is_taken_and_the_rest_keep_their_order() -> None:
    box = PushBox()
    box.put(news(b"1"))
    box.put([b"invalidate", [b"k"]])
    box.put(news(b"2"))
    assert box.take(INVALIDATION) == [b"invalidate", [b"k"]]
    assert [box.take(None), box.take(None)] == [news(b"1"), news(b"2")]


async def test_equal_messages_are_each_taken_once() -> None:
    box = PushBox()
    box.put(news(b"same"))
    box.put(news(b"same"))
    assert box.take(NEWS) == news(b"same")
    assert box.messages.qsize() == 1


@pytest.mark.parametrize("message", [b"+OK", [], 7])
async def test_what_has_no_type_is_wanted_only_by_who_wants_anything(message: object) -> None:
    box = PushBox(limit=1)
    box.put(message)
    assert box.take(NEWS) is NO_MESSAGE
    assert box.messages.qsize() == 1


async def test_a_waiting_reader_gets_the_next_message_past_the_queue() -> None:
    box = PushBox()
    reader = await waiting(box)
    box.put(news(b"1"))
    assert await reader == news(b"1")
    assert box.messages.empty()


async def test_a_reader_waits_on_for_its_own_type() -> None:
    box = PushBox()
    reader = await waiting(box, INVALIDATION)
    box.put(news(b"1"))
    assert not reader.done()
    box.put([b"invalidate", None])
    assert await reader == [b"invalidate", None]
    assert box.take(None) == news(b"1")


async def test_readers_are_served_first_come_first_served() -> None:
    box = PushBox()
    first, second = asyncio.create_task(box.wait(None)), asyncio.create_task(box.wait(None))
    await asyncio.sleep(0)
    box.put(news(b"1"))
    box.put(news(b"2"))
    assert [await first, await second] == [news(b"1"), news(b"2")]


async def test_a_cancelled_reader_takes_nothing() -> None:
    box = PushBox()
    reader = await waiting(box)
    reader.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reader
    box.put(news(b"1"))
    assert box.take(None) == news(b"1")


async def test_a_message_on_its_way_to_a_cancelled_reader_comes_back_first() -> None:
    box = PushBox()
    reader = await waiting(box)
    box.put(news(b"1"))
    box.put(news(b"2"))
    reader.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reader
    assert [box.take(None), box.take(None)] == [news(b"1"), news(b"2")]


async def test_a_message_on_its_way_to_a_cancelled_reader_goes_to_the_next() -> None:
    box = PushBox()
    first, second = asyncio.create_task(box.wait(None)), asyncio.create_task(box.wait(None))
    await asyncio.sleep(0)
    box.put(news(b"1"))
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    assert await second == news(b"1")


async def test_beyond_the_limit_the_oldest_falls_out_and_is_counted() -> None:
    box = PushBox(limit=2)
    for text in (b"1", b"2", b"3"):
        box.put(news(text))
    assert [box.take(None), box.take(None)] == [news(b"2"), news(b"3")]
    assert box.dropped == 1


async def test_every_reader_is_woken_with_an_error_of_its_own() -> None:
    box = PushBox()
    readers = [asyncio.create_task(box.wait(None)) for _ in range(2)]
    await asyncio.sleep(0)
    loss = ConnectionError("lost")
    box.fail(loss)
    errors = await asyncio.gather(*readers, return_exceptions=True)
    assert [type(error) for error in errors] == [ConnectionError, ConnectionError]
    assert len({id(error) for error in (*errors, loss)}) == 3


async def test_what_was_kept_outlives_the_loss() -> None:
    box = PushBox()
    box.put(news(b"1"))
    box.fail(ConnectionError("lost"))
    assert box.take(None) == news(b"1")
