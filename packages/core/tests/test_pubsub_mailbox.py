"""What has arrived waits for its reader, so much of it, and a gap stands for what did not fit."""

from __future__ import annotations

import asyncio

import pytest

from packages.core.tests.waiting import let_news_arrive
from respool import Gap
from respool._client.mailbox import Mailbox
from respool.errors import PubSubError

TOO_SLOW = "read too slowly: the oldest messages were dropped"


async def everything(mailbox: Mailbox[str]) -> list[str | Gap]:
    return [entry for _ in range(len(mailbox)) if (entry := await mailbox.take()) is not None]


async def test_what_fits_is_read_in_order() -> None:
    mailbox: Mailbox[str] = Mailbox(3)
    for entry in "abc":
        mailbox.put(entry)
    assert await everything(mailbox) == ["a", "b", "c"]
    assert await mailbox.take(0) is None


async def test_full_the_oldest_are_dropped_and_counted_where_they_stood() -> None:
    mailbox: Mailbox[str] = Mailbox(2)
    for entry in "abcde":
        mailbox.put(entry)
    assert len(mailbox) == 3
    assert await everything(mailbox) == [Gap(TOO_SLOW, 3), "d", "e"]


async def test_what_was_read_meanwhile_parts_two_gaps() -> None:
    mailbox: Mailbox[str] = Mailbox(1)
    for entry in "ab":
        mailbox.put(entry)
    assert await mailbox.take() == Gap(TOO_SLOW, 1)
    mailbox.put("c")
    assert await everything(mailbox) == [Gap(TOO_SLOW, 1), "c"]


async def test_a_dropped_gap_of_unknown_size_makes_the_number_unknown() -> None:
    mailbox: Mailbox[str] = Mailbox(1)
    for entry in ("a", Gap("the connection was lost"), "b", "c"):
        mailbox.put(entry)
    assert await everything(mailbox) == [Gap(TOO_SLOW, None), "c"]


async def test_a_dropped_gap_of_known_size_is_counted_with_what_it_stood_for() -> None:
    mailbox: Mailbox[str] = Mailbox(1)
    for entry in ("a", Gap("messages came too fast", 7), "b"):
        mailbox.put(entry)
    assert await everything(mailbox) == [Gap(TOO_SLOW, 8), "b"]


async def test_each_entry_goes_to_one_reader() -> None:
    mailbox: Mailbox[str] = Mailbox(9)
    readers = [asyncio.ensure_future(mailbox.take()) for _ in range(2)]
    await let_news_arrive()
    mailbox.put("a")
    mailbox.put("b")
    assert await asyncio.gather(*readers) == ["a", "b"]


async def test_a_reader_cancelled_when_something_came_leaves_it_to_others() -> None:
    mailbox: Mailbox[str] = Mailbox(9)
    gone, there = (asyncio.ensure_future(mailbox.take()) for _ in range(2))
    await let_news_arrive()
    mailbox.put("a")
    gone.cancel()
    assert await there == "a"
    assert gone.cancelled()


async def test_closed_it_takes_nothing_and_ends_after_what_is_there() -> None:
    mailbox: Mailbox[str] = Mailbox(9)
    mailbox.put("a")
    mailbox.close()
    mailbox.put("b")
    assert [await mailbox.take(), await mailbox.take(), await mailbox.take()] == ["a", None, None]


async def test_each_reader_gets_a_last_word_of_his_own() -> None:
    mailbox: Mailbox[str] = Mailbox(9)
    readers = [asyncio.ensure_future(mailbox.take()) for _ in range(2)]
    await let_news_arrive()
    last_word = PubSubError("no more")
    mailbox.close(last_word)
    errors = await asyncio.gather(*readers, return_exceptions=True)
    assert [str(each) for each in errors] == ["no more", "no more"]
    assert len({id(each) for each in [*errors, last_word]}) == 3
    with pytest.raises(PubSubError, match="no more"):
        await mailbox.take()


async def test_what_it_was_closed_with_first_is_its_last_word() -> None:
    mailbox: Mailbox[str] = Mailbox(9)
    mailbox.close()
    mailbox.close(PubSubError("too late"))
    assert await mailbox.take() is None
