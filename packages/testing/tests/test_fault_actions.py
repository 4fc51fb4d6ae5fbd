"""What each fault does to the steps that were meant, without a server."""

from __future__ import annotations

import random

import pytest

from respool_testing._faults import actions
from respool_testing._faults.steps import Answer, Aside, End, Run, Send, Step, Turn, Wait, has_ended
from respool_testing.faults import Action, Exchange
from respool_testing.replies import Error, Push, Simple


def nothing() -> None:
    """Stand for the command."""


RUN = Run(nothing)
WHOLE = Send(b"+hello\r\n")
ASKED = Exchange(words=(b"GET", b"k"), server_address="127.0.0.1:7000", reply=WHOLE.data)


@pytest.mark.parametrize(
    ("action", "steps", "shaped"),
    [
        (actions.DropConnection(), [RUN], [End("drop_connection")]),
        (actions.Reset(), [WHOLE], [End("reset")]),
        (actions.Hang(), [Wait(1), WHOLE], [Wait(1), End("hang")]),
        (actions.Delay(2), [RUN], [Wait(2), RUN]),
        (actions.Delay(2), [Wait(1), RUN], [Wait(1), Wait(2), RUN]),
        (actions.ReplyWith(Simple(b"OK")), [RUN], [Answer(b"+OK\r\n")]),
        (actions.ReplyWith(Simple(b"OK")), [WHOLE], [Send(b"+OK\r\n")]),
        (actions.ReplyWith(5), [WHOLE, End("hang")], [Send(b":5\r\n"), End("hang")]),
        (actions.Moved(), [RUN], [Answer(b"-MOVED 7629 127.0.0.1:7000\r\n")]),
        (actions.Moved("h:1", "ASK"), [RUN], [Answer(b"-ASK 7629 h:1\r\n")]),
        (actions.CloseWith(Error(b"ERR full")), [RUN], [Send(b"-ERR full\r\n"), End("hang_up")]),
        (actions.SendRaw(b"?"), [WHOLE], [Send(b"?")]),
        (actions.Swallow(), [WHOLE], []),
        (actions.Repeat(), [WHOLE], [WHOLE, WHOLE]),
        (actions.PushFirst(Push([b"x"])), [WHOLE], [Send(b"*1\r\n$1\r\nx\r\n"), WHOLE]),
        (actions.Postpone(3), [WHOLE], [Aside(3, WHOLE.data)]),
        (actions.Fragment(5), [WHOLE], [Send(b"+hell"), Turn(), Send(b"o\r\n"), Turn()]),
        (actions.Throttle(80), [WHOLE], [Wait(0.05), Send(b"+hel"), Wait(0.05), Send(b"lo\r\n")]),
        (actions.HalfReply("hang"), [WHOLE], [Send(b"+hel"), End("hang")]),
        (actions.HalfReply("drop_connection"), [Send(b"ab"), Send(b"cd")], [Send(b"ab"), End("hang_up")]),
        (actions.Intercept(lambda asked: None), [RUN], [RUN]),
        (actions.Intercept(lambda asked: actions.SendRaw(asked.words[1])), [WHOLE], [Send(b"k")]),
    ],
)
def test_an_action_reshapes_what_was_meant(action: Action, steps: list[Step], shaped: list[Step]) -> None:
    assert action.shape(steps, ASKED) == shaped


def test_actions_act_one_after_the_other() -> None:
    steps: list[Step] = [WHOLE]
    for action in (actions.Delay(1), actions.HalfReply("hang"), actions.Fragment(3)):
        steps = action.shape(steps, ASKED)
    assert steps == [Wait(1), Send(b"+he"), Turn(), Send(b"l"), Turn(), End("hang")]


def test_nothing_acts_after_the_end() -> None:
    assert has_ended([Wait(1), End("hang")])
    assert not has_ended([Wait(1), WHOLE, End("hang")])
    assert not has_ended([])


def test_jitter_is_the_same_for_the_same_seed() -> None:
    def waits(seed: int) -> list[Step]:
        asked = Exchange(words=(b"GET",), random=random.Random(seed))
        return [step for _ in range(5) for step in actions.Delay(1, 0.5).shape([RUN], asked)[:1]]

    assert waits(1) == waits(1) != waits(2)
    assert all(isinstance(step, Wait) and 0.5 <= step.seconds <= 1.5 for step in waits(1))
