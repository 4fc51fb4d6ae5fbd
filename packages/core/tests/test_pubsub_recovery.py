"""What was lost together is told as one gap, once all of it is heard again; what comes early waits behind it."""

from __future__ import annotations

from typing import Literal, TypeAlias

from hypothesis import given
from hypothesis import strategies as st

from respool import Gap
from respool._client.messages import Delivery, Kind, Subscription
from respool._client.recovery import MAX_HELD_BACK, Entry, Recovery

A, B = (Subscription(Kind.CHANNEL, name) for name in (b"a", b"b"))


def message(subscription: Subscription, data: bytes = b"v") -> Delivery:
    return Delivery(subscription, subscription.name, data)


def test_nothing_is_said_of_what_was_never_lost() -> None:
    recovery = Recovery()
    assert recovery.hear(A) == []
    assert recovery.sort(message(A)) == [message(A)]
    assert recovery.forget(A) == []


def test_one_gap_stands_for_all_that_was_lost_together() -> None:
    recovery = Recovery()
    assert recovery.lose([A, B], "it broke") == []
    assert A in recovery
    assert recovery.hear(A) == []
    assert recovery.hear(B) == [Gap("it broke")]
    assert A not in recovery
    assert recovery.hear(A) == []


def test_a_message_that_comes_before_all_are_heard_waits_behind_the_gap() -> None:
    recovery = Recovery()
    recovery.lose([A, B], "it broke")
    recovery.hear(A)
    assert recovery.sort(message(A)) == []
    assert recovery.hear(B) == [Gap("it broke"), message(A)]
    assert recovery.sort(message(A)) == [message(A)]


def test_a_message_on_what_was_not_lost_waits_for_nothing() -> None:
    recovery = Recovery()
    recovery.lose([A], "it broke")
    assert recovery.sort(message(B)) == [message(B)]


def test_nothing_waits_for_what_is_not_wanted_any_more() -> None:
    recovery = Recovery()
    recovery.lose([A, B], "it broke")
    recovery.hear(A)
    recovery.sort(message(A))
    assert recovery.forget(B) == [Gap("it broke"), message(A)]


def test_who_wants_none_of_it_is_told_of_no_gap() -> None:
    recovery = Recovery()
    recovery.lose([A], "it broke")
    assert recovery.forget(A) == []
    assert recovery.lose([B], "again") == []
    assert recovery.hear(B) == [Gap("again")]


def test_messages_of_what_is_not_wanted_any_more_wait_no_longer() -> None:
    recovery = Recovery()
    recovery.lose([A, B], "it broke")
    recovery.hear(A)
    recovery.sort(message(A))
    recovery.forget(A)
    assert recovery.hear(B) == [Gap("it broke")]


def test_what_waited_when_it_broke_again_stands_between_two_gaps() -> None:
    recovery = Recovery()
    recovery.lose([A, B], "it broke")
    recovery.hear(A)
    recovery.sort(message(A))
    assert recovery.lose([A], "again") == [Gap("it broke"), message(A)]
    recovery.hear(A)
    assert recovery.hear(B) == [Gap("again")]


def test_where_too_many_wait_a_gap_is_told_early_and_another_follows() -> None:
    recovery = Recovery()
    recovery.lose([A, B], "it broke")
    recovery.hear(A)
    said = [entry for _ in range(MAX_HELD_BACK) for entry in recovery.sort(message(A))]
    assert said == [Gap("it broke"), *[message(A)] * MAX_HELD_BACK]
    assert recovery.sort(message(A, b"late")) == []
    assert recovery.hear(B) == [Gap("it broke"), message(A, b"late")]


# ---- in any order

Step: TypeAlias = tuple[Literal["lose", "hear", "forget", "message"], Subscription]


def any_of(*kinds: Literal["lose", "hear", "forget", "message"]) -> st.SearchStrategy[list[Step]]:
    return st.lists(st.tuples(st.sampled_from(kinds), st.sampled_from([A, B])))


def play(recovery: Recovery, steps: list[Step]) -> list[Entry]:
    """Return what is said; each message says at which step it came. In the end all are heard."""
    said: list[Entry] = []
    for at, (what, which) in enumerate(steps):
        if what == "lose":
            said += recovery.lose([which], "it broke")
        elif what == "message":
            said += recovery.sort(message(which, b"%d" % at))
        else:
            said += recovery.hear(which) if what == "hear" else recovery.forget(which)
    return said + recovery.hear(A) + recovery.hear(B)


@given(any_of("lose", "hear", "message"))
def test_all_messages_are_said_in_the_order_in_which_they_came_on_a_channel(steps: list[Step]) -> None:
    said = play(Recovery(), steps)
    for which in (A, B):
        came = [b"%d" % at for at, step in enumerate(steps) if step == ("message", which)]
        assert [
            each.data for each in said if isinstance(each, Delivery) and each.channel == which.name
        ] == came


@given(any_of("lose", "hear", "message"))
def test_a_gap_stands_wherever_a_channel_was_lost(steps: list[Step]) -> None:
    said = play(Recovery(), steps)
    places = {each.data: place for place, each in enumerate(said) if isinstance(each, Delivery)}
    for lost_at, (what, which) in enumerate(steps):
        came = [at for at, step in enumerate(steps) if step == ("message", which)]
        before = [places[b"%d" % at] for at in came if at < lost_at]
        after = [places[b"%d" % at] for at in came if at > lost_at]
        between = said[max(before, default=0) : min(after, default=len(said))]
        assert what != "lose" or any(isinstance(each, Gap) for each in between)


@given(any_of("lose", "hear", "forget", "message"))
def test_nothing_waits_once_all_is_heard(steps: list[Step]) -> None:
    recovery = Recovery()
    play(recovery, steps)
    assert A not in recovery
    assert B not in recovery
    assert recovery.lose([A], "again") == []
