"""When faults strike, and whom they mean: decided without a server."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from respool_testing._faults.aim import Stranger
from respool_testing.faults import Faults, FaultsOfMany, on, parse_fault

SOMEBODY = Stranger("10.0.0.1:5000", "127.0.0.1:7000", id=3, name=b"worker-1")


def strikes(faults: Faults, words: str = "SET k v", times: int = 1) -> list[bool]:
    """Tell for each of some requests whether a fault struck it."""
    request = tuple(word.encode() for word in words.split())
    return [bool(faults.plan("request", SOMEBODY, request).before) for _ in range(times)]


def test_the_nth_request_is_struck_alone() -> None:
    faults = Faults()
    faults.on("SET").nth(3).hang()
    assert strikes(faults, times=5) == [False, False, True, False, False]


def test_chance_is_the_same_for_the_same_seed() -> None:
    def struck(seed: int) -> list[bool]:
        faults = Faults()
        faults.on("SET").chance(0.5, seed=seed).hang()
        return strikes(faults, times=50)

    assert struck(1) == struck(1) != struck(2)
    assert 10 < sum(struck(1)) < 40


def test_a_fault_may_last_some_time_of_the_clock() -> None:
    now = 100.0
    faults = Faults(lambda: now)
    faults.on("SET").lasting(5).hang()
    assert strikes(faults) == [True]
    now = 105.0
    assert strikes(faults) == [False]


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        ("on SET", True),
        ("on", True),
        ("on GET", False),
        ("on SET k v", True),
        ("on SET v", False),
        ("on SET key=k*", True),
        ("on client=worker-*", True),
        ("on client=other", False),
        ("on client_id=3", True),
        ("on client_id=4", False),
        ("on address=10.0.0.*", True),
        ("on address=10.0.1.*", False),
        ("on node=*:7000", True),
        ("on node=*:7001", False),
        ("on_connect", False),
        ("on_push SET", False),
    ],
)
def test_a_fault_strikes_only_whom_it_means(words: str, meant: bool) -> None:
    faults = Faults()
    parse_fault(f"{words} do hang", faults)
    assert strikes(faults) == [meant]


def test_several_faults_are_armed_at_once_and_disarmed_with_their_block() -> None:
    faults = Faults()
    with faults.arm(on("SET").delay(1), on("SET").hang()):
        assert len(faults.plan("request", SOMEBODY, (b"SET",)).before) == 2
    assert strikes(faults) == [False]


def test_what_is_described_without_a_server_is_not_armed() -> None:
    fault = on("SET").hang()
    assert not fault.armed
    assert not fault.strikes()


def test_faults_of_many_servers_are_counted_together() -> None:
    parts = [Faults(), Faults()]
    fault = FaultsOfMany(parts).on("SET").nth(2).hang()
    assert [strikes(parts[0]), strikes(parts[1]), strikes(parts[0])] == [[False], [True], [False]]
    assert (fault.hits, fault.seen) == (1, 3)


def test_a_command_that_never_runs_has_no_reply_to_fail() -> None:
    faults = Faults()
    faults.on("SET").drop_connection()
    reply = faults.on("SET").fragment(1).optional()
    plan = faults.plan("request", SOMEBODY, (b"SET",))
    assert (plan.after, reply.hits) == ((), 0)


async def test_a_block_fails_if_its_fault_never_struck() -> None:
    with pytest.raises(AssertionError, match=r"These faults never struck:\n  Hang\(\) on SET"):
        async with Faults().on("SET").hang():
            pass
    with Faults().on("SET").optional().hang():
        pass


def test_an_error_in_the_block_is_not_hidden() -> None:
    with pytest.raises(KeyError), Faults().on("SET").hang():
        raise KeyError


@pytest.mark.parametrize(
    ("text", "spelled"),
    [
        ("on SET key=x:* after=3 do drop_connection when=after_execute times=1",
         "DropConnection() on SET with a key like x:* after 3 1 times, after_execute"),
        ("on do delay 0.5 jitter=0.1 chance=0.5 seed=7",
         "Delay(seconds=0.5, jitter=0.1) on any command with a chance of 0.5 (seed 7), before_execute"),
        ("on_connect lasting=2 do max_clients",
         "CloseWith(reply=Error(text=b'ERR max number of clients reached')) on new connections for 2.0 s, "
         "before_execute"),
        ("on_handshake do delay 1", "Delay(seconds=1.0, jitter=0.0) on TLS handshakes, before_execute"),
        ("on_push message news do postpone 1", "Postpone(seconds=1.0) on pushed message news, after_execute"),
        ("on GET nth=2 do reply_error 'OOM no memory'",
         "ReplyWith(reply=Error(text=b'OOM no memory')) on GET after 1 1 times, before_execute"),
        ("on GET do half_reply then=drop_connection", "HalfReply(then='drop_connection') on GET, after_execute"),
        (r"on GET do send_raw '?\r\n'", r"SendRaw(data=b'?\r\n') on GET, after_execute"),
        ("on GET do moved 127.0.0.1:7", "Moved(to='127.0.0.1:7', word='MOVED') on GET, before_execute"),
        ("on GET optional do moved", "Moved(to=None, word='MOVED') on GET, before_execute"),
    ],
)  # fmt: skip
def test_a_fault_can_be_read_from_a_line(text: str, spelled: str) -> None:
    assert str(parse_fault(text)) == spelled


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "a fault reads like"),
        ("SET do hang", "a fault reads like"),
        ("on SET hang", "a fault reads like"),
        ("on SET do", "no fault does"),
        ("on SET do explode", "what can be done: drop_connection"),
        ("on SET do delay", "delay takes 1 words"),
        ("on SET do delay soon", "could not convert"),
        ("on SET do hang 5", "hang takes 0 words"),
        ("on SET do delay 0", "a delay of 0.0 seconds is none"),
        ("on SET chance=2 do hang", "a probability is above 0"),
        ("on_connect key=x do hang", "on_connect"),
        ("on SET do loading when=after_execute", "loading"),
        ("on SET do half_reply then=explode", "then"),
        ("on SET do hang when=never", "when"),
    ],
)
def test_a_line_that_makes_no_sense_is_refused(text: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        parse_fault(text)


def test_nonsense_is_refused_when_it_is_said() -> None:
    refused: list[Callable[[], object]] = [
        lambda: on("SET").after(-1),
        lambda: on("SET").lasting(0),
        lambda: on("SET").throttle(0),
        lambda: on("SET").postpone(-1),
    ]
    for say in refused:
        with pytest.raises(ValueError, match=r"none|cannot|nothing|not late"):
            say()
