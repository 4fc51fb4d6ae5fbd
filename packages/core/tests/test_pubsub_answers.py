"""Who waits for confirmations is told once all of his are there, and each gets an exception of his own."""

from __future__ import annotations

import pytest

from packages.core.tests.waiting import let_news_arrive
from respool._client.answers import Answers
from respool._client.messages import Kind, Subscription
from respool.errors import ConnectionError

A, B = (Subscription(Kind.CHANNEL, name) for name in (b"a", b"b"))


async def test_an_answer_comes_when_all_is_confirmed() -> None:
    answers = Answers()
    answer = answers.expect([A, B])
    answers.confirm(A)
    assert not answer.done()
    answers.confirm(B)
    await answer


async def test_who_expects_nothing_has_it() -> None:
    assert Answers().expect([]).done()


async def test_one_confirmation_is_for_all_who_wait() -> None:
    answers = Answers()
    waiting = [answers.expect([A]), answers.expect([A])]
    answers.confirm(A)
    assert all(answer.done() for answer in waiting)
    answers.confirm(A)


async def test_each_who_waits_gets_an_exception_of_his_own() -> None:
    answers, error = Answers(), ConnectionError("gone")
    waiting = [answers.expect([A]), answers.expect([A, B])]
    assert answers.fail(A, error)
    errors = [answer.exception() for answer in waiting]
    assert [str(each) for each in errors] == ["gone", "gone"]
    assert len({id(each) for each in [*errors, error]}) == 3


async def test_a_failure_costs_only_who_waits_for_it() -> None:
    answers = Answers()
    other = answers.expect([B])
    assert not answers.fail(A, ConnectionError("gone"))
    assert not other.done()
    other.cancel()


async def test_who_failed_is_not_told_again() -> None:
    answers = Answers()
    answer = answers.expect([A, B])
    assert answers.fail_all(ConnectionError("gone"))
    assert not answers.fail(B, ConnectionError("again"))
    answers.confirm(B)
    with pytest.raises(ConnectionError, match="gone"):
        await answer


async def test_who_gave_up_is_forgotten() -> None:
    answers = Answers()
    answer = answers.expect([A, B])
    assert answers.is_awaited(A)
    answer.cancel()
    assert not answers.is_awaited(A)
    await let_news_arrive()
    assert not answers.fail_all(ConnectionError("gone"))


async def test_who_waits_still_is_counted_when_another_gave_up() -> None:
    answers = Answers()
    gone, there = answers.expect([A]), answers.expect([A])
    gone.cancel()
    await let_news_arrive()
    assert answers.is_awaited(A)
    answers.confirm(A)
    assert there.done()
