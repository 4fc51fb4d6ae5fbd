"""The introduction of a connection: flights and replies told literally, no socket anywhere."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from respool._wire.error_replies import error_from_reply
from respool._wire.handshake import Flight, Greeting, Introduction, Replies, handshake
from respool._wire.values import ValueT
from respool.errors import (
    AuthenticationFailureError,
    AuthenticationRequiredError,
    BusyLoadingError,
    InvalidResponse,
    ProtocolError,
    ResponseError,
)

Words = tuple[ValueT, ...]

HELLO_2 = [b"server", b"redis", b"version", b"7.2.4", b"proto", 2, b"id", 12, b"role", b"master"]
HELLO_3 = {b"server": b"redis", b"version": b"7.2.4", b"proto": 3, b"id": 12, b"role": b"master"}
SETINFO = ("CLIENT", "SETINFO", "LIB-NAME", "respool")
UNKNOWN = error_from_reply("ERR unknown command 'HELLO', with args beginning with: '3' ")


def words(flight: Flight) -> list[Words]:
    return [step.args for step in flight]


def talk(intro: Introduction, *answers: Replies) -> tuple[list[list[Words]], Greeting]:
    """Answer each flight in turn; return what was said and the greeting at the end."""
    steps = handshake(intro)
    flights = [words(next(steps))]
    try:
        for replies in answers:
            flights.append(words(steps.send(replies)))
    except StopIteration as stop:
        return flights, stop.value
    raise AssertionError(f"the handshake is not over after {flights}")


@pytest.mark.parametrize(("protocol", "hello"), [(2, HELLO_2), (3, HELLO_3)])
def test_one_round_trip_is_enough(protocol: int, hello: object) -> None:
    intro = Introduction(protocol_version=protocol)  # type: ignore[arg-type]
    flights, greeting = talk(intro, [hello, b"OK"])
    assert flights == [[("HELLO", protocol), SETINFO]]
    assert greeting == Greeting(client_id=12, server_version=(7, 2, 4), server_name="redis", role="master")


@pytest.mark.parametrize(
    ("intro", "hello"),
    [
        (Introduction(password="pw"), ("HELLO", 3, "AUTH", "default", "pw")),
        (Introduction(username="u", password="pw"), ("HELLO", 3, "AUTH", "u", "pw")),
        (Introduction(username="u", password=""), ("HELLO", 3, "AUTH", "u", "")),
        (Introduction(client_name="me"), ("HELLO", 3, "SETNAME", "me")),
        (
            Introduction(username="u", password="pw", client_name="me"),
            ("HELLO", 3, "AUTH", "u", "pw", "SETNAME", "me"),
        ),
    ],
)
def test_hello_carries_credentials_and_name(intro: Introduction, hello: Words) -> None:
    assert words(next(handshake(intro)))[0] == hello


@pytest.mark.parametrize(
    ("intro", "command"),
    [
        (Introduction(db=3), ("SELECT", 3)),
        (Introduction(noevict=True), ("CLIENT", "NO-EVICT", "ON")),
        (Introduction(notouch=True), ("CLIENT", "NO-TOUCH", "ON")),
        (Introduction(readonly=True), ("READONLY",)),
        (Introduction(library_version="1.2"), ("CLIENT", "SETINFO", "LIB-VER", "1.2")),
    ],
)
def test_each_setting_is_one_command_of_the_first_flight(intro: Introduction, command: Words) -> None:
    assert command in words(next(handshake(intro)))


@pytest.mark.parametrize("db", [0, None])
def test_the_first_database_needs_no_command(db: int | None) -> None:
    assert words(next(handshake(Introduction(db=db)))) == [("HELLO", 3), SETINFO]


def test_a_refused_setinfo_is_no_matter() -> None:
    refusal = error_from_reply("ERR unknown subcommand 'SETINFO'. Try CLIENT HELP.")
    _, greeting = talk(Introduction(), [HELLO_3, refusal])
    assert greeting.client_id == 12


def test_replies_are_turned_off_last_and_without_an_answer() -> None:
    steps = handshake(Introduction(noreply=True))
    next(steps)
    (step,) = steps.send([HELLO_3, b"OK"])
    assert (step.args, step.answered) == (("CLIENT", "REPLY", "OFF"), False)
    with pytest.raises(StopIteration):
        steps.send([])


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("WRONGPASS invalid username-password pair or user is disabled.", AuthenticationFailureError),
        ("NOPROTO unsupported protocol version", ProtocolError),
        ("LOADING Redis is loading the dataset in memory", BusyLoadingError),
    ],
)
def test_a_refused_hello_is_raised_as_what_it_is(text: str, kind: type[Exception]) -> None:
    with pytest.raises(kind, match=r"HELLO in the handshake"):
        talk(Introduction(password="s3cret"), [error_from_reply(text), b"OK"])


def test_missing_credentials_are_asked_for_in_plain_words() -> None:
    refusal = error_from_reply("NOAUTH HELLO must be called with the client already authenticated")
    with pytest.raises(AuthenticationRequiredError, match="give a password"):
        talk(Introduction(), [refusal, b"OK"])


def test_a_refused_database_is_named() -> None:
    refusal = error_from_reply("ERR DB index is out of range")
    with pytest.raises(ResponseError, match=r"out of range \(SELECT 99 in the handshake\)"):
        talk(Introduction(db=99), [HELLO_3, b"OK", refusal])


def test_an_old_server_is_asked_again_in_its_own_words() -> None:
    intro = Introduction(protocol_version=2, username="u", password="pw", client_name="me", db=1)
    flights, greeting = talk(intro, [UNKNOWN, UNKNOWN, UNKNOWN], [b"OK", b"OK", 7, UNKNOWN, b"OK"])
    assert flights[1] == [
        ("AUTH", "u", "pw"),
        ("CLIENT", "SETNAME", "me"),
        ("CLIENT", "ID"),
        SETINFO,
        ("SELECT", 1),
    ]
    assert greeting == Greeting(client_id=7)


def test_an_old_server_gets_a_password_without_a_user() -> None:
    steps = handshake(Introduction(protocol_version=2, password="pw"))
    next(steps)
    assert words(steps.send([UNKNOWN, UNKNOWN]))[0] == ("AUTH", "pw")


def test_a_very_old_server_has_no_client_id() -> None:
    _, greeting = talk(Introduction(protocol_version=2), [UNKNOWN, UNKNOWN], [UNKNOWN, UNKNOWN])
    assert greeting == Greeting()


def test_an_old_server_cannot_speak_resp3() -> None:
    with pytest.raises(ProtocolError, match="protocol_version=2"):
        talk(Introduction(protocol_version=3), [UNKNOWN, UNKNOWN])


def test_a_password_refused_by_an_old_server_is_not_repeated_in_the_message() -> None:
    intro = Introduction(protocol_version=2, password="s3cret")
    with pytest.raises(AuthenticationFailureError) as refused:
        talk(intro, [UNKNOWN, UNKNOWN], [error_from_reply("ERR invalid password"), 7, UNKNOWN])
    assert "s3cret" not in str(refused.value)


@pytest.mark.parametrize("secret_holder", [Introduction(username="who", password="s3cret")])
def test_no_repr_shows_credentials(secret_holder: Introduction) -> None:
    flight = next(handshake(secret_holder))
    shown = repr(secret_holder) + repr(flight)
    assert "s3cret" not in shown
    assert "who" not in shown


@pytest.mark.parametrize("reply", [b"OK", 7, None, True])
def test_a_hello_answered_with_something_else_is_refused(reply: object) -> None:
    with pytest.raises(InvalidResponse, match="HELLO was answered"):
        talk(Introduction(), [reply, b"OK"])


@pytest.mark.parametrize(
    ("version", "parsed"),
    [
        (b"8.0.0-rc1", (8, 0, 0)),
        (b"255.255.255", (255, 255, 255)),
        (b"unstable", None),
        (None, None),
        (7, None),
    ],
)
def test_a_version_is_numbers_or_nothing(version: object, parsed: Sequence[int] | None) -> None:
    _, greeting = talk(Introduction(), [{b"version": version}, b"OK"])
    assert greeting.server_version == parsed


@pytest.mark.parametrize("hello", [{}, [], [b"id"], [b"id", b"x", b"role", 1]])
def test_a_greeting_that_says_little_is_taken_for_what_it_says(hello: object) -> None:
    _, greeting = talk(Introduction(), [hello, b"OK"])
    assert greeting == Greeting()
