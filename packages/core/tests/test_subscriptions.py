"""Which message ends which subscribing command."""

from __future__ import annotations

import asyncio

import pytest

from respool._connection.invocation import build_subscribing_request
from respool._connection.subscriptions import SubscribingRequest, Subscriptions


def asked(name: bytes, *channels: str) -> SubscribingRequest:
    return build_subscribing_request(name, (name, *channels), "utf-8")


def heard(kind: str, name: str | None) -> list[object]:
    return [kind.encode(), name.encode() if name is not None else None, 0]


async def test_a_command_is_answered_when_every_channel_is_confirmed() -> None:
    state, request = Subscriptions(), asked(b"SUBSCRIBE", "a", "b")
    assert not state.confirms(heard("subscribe", "a"), request)
    assert state.confirms(heard("subscribe", "b"), request)


@pytest.mark.parametrize(
    "message", [[b"message", b"a", b"text"], [b"invalidate", [b"k"]], [b"invalidate", None], [7], []]
)
async def test_other_messages_answer_nothing(message: list[object]) -> None:
    assert not Subscriptions().confirms(message, asked(b"SUBSCRIBE", "a"))


async def test_a_confirmation_of_another_kind_answers_nothing() -> None:
    assert not Subscriptions().confirms(heard("psubscribe", "a"), asked(b"SUBSCRIBE", "a"))
    assert not Subscriptions().confirms(heard("sunsubscribe", "a"), asked(b"UNSUBSCRIBE", "a"))


async def test_leaving_everything_is_answered_when_nothing_is_left() -> None:
    state = Subscriptions()
    request = asked(b"SUBSCRIBE", "a", "b")
    for name in "ab":
        state.confirms(heard("subscribe", name), request)
    leaving = asked(b"UNSUBSCRIBE")
    assert not state.confirms(heard("unsubscribe", "b"), leaving)
    assert state.confirms(heard("unsubscribe", "a"), leaving)


async def test_leaving_everything_where_there_is_nothing_is_answered_at_once() -> None:
    assert Subscriptions().confirms(heard("punsubscribe", None), asked(b"PUNSUBSCRIBE"))


async def test_patterns_and_channels_are_left_apart() -> None:
    state = Subscriptions()
    state.confirms(heard("psubscribe", "p"), asked(b"PSUBSCRIBE", "p"))
    assert state.confirms(heard("unsubscribe", None), asked(b"UNSUBSCRIBE"))


async def test_confirmations_that_nobody_asked_for_are_not_kept() -> None:
    state = Subscriptions()
    for number in range(100):
        assert not state.confirms(heard("subscribe", str(number)), None)
    assert state.confirms(heard("unsubscribe", "1"), asked(b"UNSUBSCRIBE"))


async def test_messages_do_not_answer_an_ordinary_request() -> None:
    request: asyncio.Future[object] = asyncio.get_running_loop().create_future()
    assert not Subscriptions().confirms(heard("subscribe", "a"), request)  # type: ignore[arg-type]
