"""What is asked of a server, so that it says what is wanted: no question too many, every answer to whom it is for."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import Literal, TypeAlias

from hypothesis import given
from hypothesis import strategies as st

from respool import Gap
from respool._client.agenda import Agenda
from respool._client.intake import Intake
from respool._client.messages import Confirmation, Delivery, Kind, Subscription
from respool._client.recovery import Entry
from respool.errors import AuthorizationError, ResponseError

A, B, C = (Subscription(Kind.CHANNEL, name) for name in (b"a", b"b", b"c"))
P = Subscription(Kind.PATTERN, b"p*")
LOST = "the connection was lost"
ENDED = "the server ended the subscription"


class Notebook(Intake):
    """An intake that writes down what it is told."""

    def __init__(self) -> None:
        super().__init__(10, self)
        self.entries: list[Entry] = []
        self.words: list[tuple[Subscription, bool]] = []

    def take(self, entries: Iterable[Entry]) -> None:
        self.entries += entries

    def confirm(self, subscription: Subscription, *, begins: bool) -> None:
        self.words.append((subscription, begins))


def agenda_of(notebook: Notebook) -> Agenda:
    return Agenda(notebook, lambda _: None)


def confirm(agenda: Agenda, *subscriptions: Subscription, begins: bool = True) -> list[bool]:
    return [agenda.on_confirmation(Confirmation(each, begins)) for each in subscriptions]


def listening(notebook: Notebook, *subscriptions: Subscription) -> Agenda:
    agenda = agenda_of(notebook)
    agenda.want(subscriptions, None)
    agenda.take_due()
    confirm(agenda, *subscriptions)
    agenda.take_due()
    notebook.words.clear()
    return agenda


# ---- what is asked


def test_what_is_wanted_together_is_asked_for_together() -> None:
    agenda = agenda_of(Notebook())
    agenda.want([A, P, B], None)
    assert agenda.take_due() == [(b"SUBSCRIBE", [b"a", b"b"]), (b"PSUBSCRIBE", [b"p*"])]
    assert agenda.take_due() == []


def test_what_must_not_go_together_does_not() -> None:
    agenda = Agenda(Notebook(), lambda subscription: subscription.name == b"b")
    agenda.want([A, B, C], None)
    assert agenda.take_due() == [(b"SUBSCRIBE", [b"a", b"c"]), (b"SUBSCRIBE", [b"b"])]


def test_what_is_listened_to_already_is_confirmed_without_a_question() -> None:
    notebook = Notebook()
    agenda = listening(notebook, A)
    agenda.want([A], None)
    assert agenda.take_due() == []
    assert notebook.words == [(A, True)]


def test_what_is_under_way_is_not_asked_for_twice() -> None:
    agenda = agenda_of(Notebook())
    agenda.want([A], None)
    agenda.take_due()
    agenda.want([A], None)
    assert agenda.take_due() == []


def test_who_leaves_before_the_answer_is_seen_to_after_it() -> None:
    agenda = agenda_of(Notebook())
    agenda.want([A], None)
    agenda.take_due()
    agenda.leave([A])
    assert agenda.take_due() == []
    confirm(agenda, A)
    assert agenda.take_due() == [(b"UNSUBSCRIBE", [b"a"])]


def test_leaving_what_was_never_asked_for_asks_nothing() -> None:
    notebook = Notebook()
    agenda = agenda_of(notebook)
    agenda.want([A], None)
    agenda.leave([A, B])
    assert agenda.take_due() == []
    assert notebook.words == [(A, False)]


def test_who_comes_back_while_leaving_is_asked_for_again() -> None:
    agenda = listening(Notebook(), A)
    agenda.leave([A])
    assert agenda.take_due() == [(b"UNSUBSCRIBE", [b"a"])]
    agenda.want([A], None)
    assert agenda.take_due() == []
    assert confirm(agenda, A, begins=False) == [False]
    assert agenda.take_due() == [(b"SUBSCRIBE", [b"a"])]


def test_a_loss_asks_for_all_again_and_says_so() -> None:
    notebook = Notebook()
    agenda = listening(notebook, A, P)
    agenda.lose_all(LOST)
    assert (agenda.was_heard(A), agenda.awaits_answers) == (True, False)
    assert agenda.take_due() == [(b"SUBSCRIBE", [b"a"]), (b"PSUBSCRIBE", [b"p*"])]
    confirm(agenda, A)
    assert notebook.entries == []
    confirm(agenda, P)
    assert notebook.entries == [Gap(LOST)]


def test_a_loss_ends_the_waiting_of_those_who_leave() -> None:
    notebook = Notebook()
    agenda = listening(notebook, A)
    agenda.leave([A])
    agenda.take_due()
    agenda.lose_all(LOST)
    assert agenda.take_due() == []
    assert notebook.words == [(A, False)]
    assert notebook.entries == []


# ---- what is heard


def test_messages_are_passed_on_where_they_are_wanted() -> None:
    notebook = Notebook()
    agenda = listening(notebook, A)
    wanted, other = Delivery(A, b"a", b"v"), Delivery(B, b"b", b"v")
    agenda.on_delivery(wanted)
    agenda.on_delivery(other)
    agenda.drop([A])
    agenda.on_delivery(wanted)
    assert notebook.entries == [wanted]


def test_what_the_server_ends_by_itself_is_asked_for_again_and_is_a_gap() -> None:
    notebook = Notebook()
    agenda = listening(notebook, A)
    assert confirm(agenda, A, begins=False) == [True]
    assert agenda.take_due() == [(b"SUBSCRIBE", [b"a"])]
    confirm(agenda, A)
    assert notebook.entries == [Gap(ENDED)]


def test_what_was_lost_elsewhere_is_a_gap_when_it_is_heard_here() -> None:
    notebook = Notebook()
    agenda = agenda_of(notebook)
    agenda.want([A], "its node is gone")
    agenda.take_due()
    confirm(agenda, A)
    assert notebook.entries == [Gap("its node is gone")]


# ---- what is refused


def test_of_several_that_were_refused_together_each_is_asked_for_alone() -> None:
    agenda = agenda_of(Notebook())
    agenda.want([A, B], None)
    agenda.take_due()
    assert agenda.on_refusal(AuthorizationError("NOPERM")) == frozenset()
    assert agenda.take_due() == [(b"SUBSCRIBE", [b"a"]), (b"SUBSCRIBE", [b"b"])]
    assert agenda.on_refusal(AuthorizationError("NOPERM")) == {A}
    confirm(agenda, B)
    assert agenda.confirmed == {B}


def test_what_no_single_name_is_to_blame_for_is_refused_to_all() -> None:
    agenda = agenda_of(Notebook())
    agenda.want([A, B], None)
    agenda.take_due()
    assert agenda.on_refusal(ResponseError("ERR not here")) == {A, B}
    assert agenda.take_due() == []


def test_who_left_before_the_refusal_is_told_that_it_ended() -> None:
    notebook = Notebook()
    agenda = agenda_of(notebook)
    agenda.want([A], None)
    agenda.take_due()
    agenda.leave([A])
    assert agenda.on_refusal(AuthorizationError("NOPERM")) == frozenset()
    assert notebook.words == [(A, False)]
    assert agenda.take_due() == []


def test_a_refused_leaving_ends_it_all_the_same() -> None:
    notebook = Notebook()
    agenda = listening(notebook, A)
    agenda.leave([A])
    agenda.take_due()
    assert agenda.on_refusal(ResponseError("ERR not now")) == frozenset()
    assert agenda.confirmed == set()
    assert notebook.words == [(A, False)]


# ---- in any order

FORBIDDEN = B
Step: TypeAlias = tuple[Literal["want", "leave", "answer", "lose"], frozenset[Subscription]]
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["want", "want", "leave", "answer", "answer", "lose"]),
        st.frozensets(st.sampled_from([A, B, C, P]), min_size=1),
    )
)


class Scene:
    """An agenda, and a server that answers one command at a time and forbids one channel."""

    def __init__(self) -> None:
        self.notebook = Notebook()
        self.agenda = agenda_of(self.notebook)
        self.commands: deque[tuple[bytes, list[bytes]]] = deque()
        self.on_server: set[Subscription] = set()
        self.wanted: set[Subscription] = set()

    def play(self, step: Step) -> None:
        what, subscriptions = step
        if what == "want":
            self.wanted |= subscriptions
            self.agenda.want(sorted(subscriptions, key=str), None)
        elif what == "leave":
            self.leave(subscriptions)
        elif what == "answer" and self.commands:
            self.answer(*self.commands.popleft())
        elif what == "lose":
            self.commands.clear()
            self.on_server.clear()
            self.agenda.lose_all(LOST)
        self.commands += self.agenda.take_due()

    def leave(self, subscriptions: Iterable[Subscription]) -> None:
        self.wanted -= set(subscriptions)
        self.agenda.leave(subscriptions)

    def answer(self, command: bytes, names: list[bytes]) -> None:
        kind = Kind.PATTERN if command.startswith(b"P") else Kind.CHANNEL
        asked = [Subscription(kind, name) for name in names]
        begins = command == kind.joining
        if begins and FORBIDDEN in asked:
            self.leave(self.agenda.on_refusal(AuthorizationError("NOPERM")))
            return
        for each in asked:
            assert (each in self.on_server) is not begins, "a question too many"
            self.on_server ^= {each}
            assert not self.agenda.on_confirmation(Confirmation(each, begins))


@given(STEPS)
def test_in_the_end_the_server_says_what_is_wanted_and_everybody_has_an_answer(steps: list[Step]) -> None:
    scene = Scene()
    for step in steps:
        scene.play(step)
    while scene.commands:
        scene.play(("answer", frozenset()))
    assert scene.on_server == scene.agenda.confirmed == scene.wanted == set(scene.agenda.wanted)
    assert not scene.agenda.awaits_answers
    last_words = dict(scene.notebook.words)
    ever_wanted = {each for what, names in steps if what == "want" for each in names} - {FORBIDDEN}
    assert last_words.keys() >= ever_wanted
    assert {each for each, begins in last_words.items() if begins} == scene.wanted
