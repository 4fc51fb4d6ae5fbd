"""The introduction before real servers: what each of them answers to each command, played back.

Recorded from the servers named. Redis 5, which knows no HELLO and repeats what it does not know, is told by its source.
"""

from __future__ import annotations

import pytest

from respool._wire.handshake import Greeting, Introduction, Step, handshake
from respool._wire.parsing import ReplyParser
from respool._wire.values import ProtocolVersion
from respool.errors import (
    AuthenticationFailureError,
    AuthenticationRequiredError,
    BusyLoadingError,
    PrimaryDownError,
    ProtocolError,
    RedisError,
    ResponseError,
    UnknownCommandError,
)

Transcript = dict[str, bytes]

VECTOR_SETS = (
    b"$4\r\nname\r\n$9\r\nvectorset\r\n$3\r\nver\r\n:1\r\n$4\r\npath\r\n$0\r\n\r\n$4\r\nargs\r\n*0\r\n"
)


def greetings(name: bytes, version: bytes, modules: bytes = b"") -> Transcript:
    def said(protocol: int, pairs: bytes, module: bytes) -> bytes:
        facts = b"$6\r\nserver\r\n$%d\r\n%b\r\n$7\r\nversion\r\n$%d\r\n%b\r\n$5\r\nproto\r\n:%d\r\n$2\r\nid\r\n:3\r\n"
        rest = b"$4\r\nmode\r\n$10\r\nstandalone\r\n$4\r\nrole\r\n$6\r\nmaster\r\n$7\r\nmodules\r\n"
        listed = b"*1\r\n" + module + modules if modules else b"*0\r\n"
        return pairs + facts % (len(name), name, len(version), version, protocol) + rest + listed

    return {"HELLO 2": said(2, b"*14\r\n", b"*8\r\n"), "HELLO 3": said(3, b"%7\r\n", b"%4\r\n")}


def unknown(phrase: bytes, *subcommands: str) -> Transcript:
    return {f"CLIENT {name}": phrase % name.encode() for name in subcommands}


OLD = b"-ERR Unknown subcommand or wrong number of arguments for '%b'. Try CLIENT HELP.\r\n"
NEW = b"-ERR unknown subcommand '%b'. Try CLIENT HELP.\r\n"
STANDALONE = {"READONLY": b"-ERR This instance has cluster support disabled\r\n"}

REDIS_62 = greetings(b"redis", b"6.2.14") | unknown(OLD, "SETINFO", "NO-EVICT", "NO-TOUCH") | STANDALONE
REDIS_70 = greetings(b"redis", b"7.0.15") | unknown(NEW, "SETINFO", "NO-TOUCH") | STANDALONE
REDIS_80 = greetings(b"redis", b"8.0.2", VECTOR_SETS) | STANDALONE
REDIS_82 = greetings(b"redis", b"8.2.3", VECTOR_SETS) | STANDALONE
VALKEY_80 = greetings(b"valkey", b"8.0.1")
VALKEY_81 = greetings(b"valkey", b"8.1.1")
EVERY_SERVER = [REDIS_62, REDIS_70, REDIS_80, REDIS_82, VALKEY_80, VALKEY_81]

WRONGPASS = b"-WRONGPASS invalid username-password pair or user is disabled.\r\n"
LOCKED = b"-NOAUTH Authentication required.\r\n"
LOCKED_HELLO = (
    b"-NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO <proto> AUTH <user> "
    b"<pass> option can be used to authenticate the client and select the RESP protocol version at the same time\r\n"
)
ECHO = b"-ERR unknown command `HELLO`, with args beginning with: `3`, `AUTH`, `default`, `s3cret`, \r\n"
REDIS_5 = {"HELLO 2": ECHO, "HELLO 3": ECHO, "CLIENT ID": b":7\r\n"} | unknown(OLD, "SETINFO", "NO-EVICT")


def answer(transcript: Transcript, step: Step) -> object:
    spelled = " ".join(map(str, step.args))
    wire = next((reply for command, reply in transcript.items() if spelled.startswith(command)), b"+OK\r\n")
    (reply,) = ReplyParser().feed(wire)
    return reply


def meet(transcript: Transcript, intro: Introduction) -> Greeting:
    """Introduce to this server; commands of which its transcript does not tell are answered with OK."""
    steps = handshake(intro)
    flight = next(steps)
    while True:
        try:
            flight = steps.send([answer(transcript, step) for step in flight if step.answered])
        except StopIteration as stop:
            greeting: Greeting = stop.value
            return greeting


# --- welcome


@pytest.mark.parametrize(
    ("transcript", "name", "version"),
    [
        (REDIS_62, "redis", (6, 2, 14)),
        (REDIS_70, "redis", (7, 0, 15)),
        (REDIS_80, "redis", (8, 0, 2)),
        (REDIS_82, "redis", (8, 2, 3)),
        (VALKEY_80, "valkey", (8, 0, 1)),
        (VALKEY_81, "valkey", (8, 1, 1)),
    ],
)
@pytest.mark.parametrize("protocol", [2, 3])
def test_every_server_greets(
    transcript: Transcript, name: str, version: tuple[int, ...], protocol: ProtocolVersion
) -> None:
    intro = Introduction(
        protocol_version=protocol, db=1, client_name="me", library_version="1.0", noreply=True
    )
    greeting = meet(transcript, intro)
    assert greeting == Greeting(client_id=3, server_version=version, server_name=name, role="master")


def test_redis_5_greets_with_its_id_alone() -> None:
    intro = Introduction(protocol_version=2, password="s3cret", db=1, client_name="me")
    assert meet(REDIS_5, intro) == Greeting(client_id=7)


@pytest.mark.parametrize("transcript", [REDIS_70, REDIS_80, REDIS_82, VALKEY_80, VALKEY_81])
def test_no_evict_is_known_since_7(transcript: Transcript) -> None:
    assert meet(transcript, Introduction(noevict=True)).client_id == 3


@pytest.mark.parametrize("transcript", [REDIS_80, REDIS_82, VALKEY_80, VALKEY_81])
def test_no_touch_is_known_since_7_2(transcript: Transcript) -> None:
    assert meet(transcript, Introduction(notouch=True)).client_id == 3


# --- wishes that a server cannot meet


@pytest.mark.parametrize(
    ("transcript", "intro", "reason"),
    [
        (
            REDIS_62,
            Introduction(noevict=True),
            "noevict=True needs Redis 7.0 or Valkey: this is redis 6.2.14",
        ),
        (
            REDIS_62,
            Introduction(notouch=True),
            "notouch=True needs Redis 7.2 or Valkey: this is redis 6.2.14",
        ),
        (
            REDIS_70,
            Introduction(notouch=True),
            "notouch=True needs Redis 7.2 or Valkey: this is redis 7.0.15",
        ),
        (
            REDIS_5,
            Introduction(protocol_version=2, noevict=True),
            "noevict=True needs Redis 7.0 or Valkey: this is a server that does not tell its version",
        ),
    ],
)
def test_an_option_that_the_server_lacks_is_named(
    transcript: Transcript, intro: Introduction, reason: str
) -> None:
    with pytest.raises(UnknownCommandError, match=reason):
        meet(transcript, intro)


@pytest.mark.parametrize("transcript", [REDIS_62, REDIS_70, REDIS_80, REDIS_82])
def test_reading_from_replicas_wants_a_cluster(transcript: Transcript) -> None:
    with pytest.raises(ResponseError, match="reading from replicas needs a node of a cluster: this is redis"):
        meet(transcript, Introduction(readonly=True))


def test_a_user_is_unknown_to_redis_5() -> None:
    refusal = {"AUTH": b"-ERR wrong number of arguments for 'auth' command\r\n"}
    with pytest.raises(ResponseError, match="username= needs Redis 6"):
        meet(REDIS_5 | refusal, Introduction(protocol_version=2, username="u", password="s3cret"))


def test_the_default_user_is_known_to_redis_5() -> None:
    steps = handshake(Introduction(protocol_version=2, username="default", password="pw"))
    second = steps.send([answer(REDIS_5, step) for step in next(steps)])
    assert second[0].args == ("AUTH", "pw")


@pytest.mark.parametrize("transcript", EVERY_SERVER)
def test_a_database_out_of_range_is_named(transcript: Transcript) -> None:
    refusal = {"SELECT": b"-ERR DB index is out of range\r\n"}
    with pytest.raises(ResponseError, match=r"SELECT 99 in the handshake"):
        meet(transcript | refusal, Introduction(db=99))


@pytest.mark.parametrize("transcript", EVERY_SERVER)
def test_a_server_that_grants_another_protocol_than_asked_is_refused(transcript: Transcript) -> None:
    downgraded = transcript | {"HELLO 3": transcript["HELLO 2"]}
    with pytest.raises(ProtocolError, match=r"asked for RESP3, .* RESP2: use protocol_version=2"):
        meet(downgraded, Introduction())


# --- credentials


@pytest.mark.parametrize("transcript", EVERY_SERVER)
def test_missing_credentials_are_asked_for(transcript: Transcript) -> None:
    locked = {"HELLO 3": LOCKED_HELLO, "CLIENT": LOCKED, "SELECT": LOCKED}
    with pytest.raises(AuthenticationRequiredError, match="give a password"):
        meet(transcript | locked, Introduction(db=1))


@pytest.mark.parametrize("transcript", EVERY_SERVER)
def test_wrong_credentials_are_refused(transcript: Transcript) -> None:
    refusal = {"HELLO 3": WRONGPASS, "CLIENT": LOCKED, "SELECT": LOCKED}
    with pytest.raises(AuthenticationFailureError, match="WRONGPASS"):
        meet(transcript | refusal, Introduction(password="s3cret", db=1))


def test_a_user_without_password_is_not_taken_for_the_default_user() -> None:
    assert next(handshake(Introduction(username="u")))[0].args == ("HELLO", 3, "AUTH", "u", "")


@pytest.mark.parametrize(
    ("reply", "intro"),
    [
        (ECHO, Introduction(protocol_version=3, password="s3cret")),
        (b"-ERR bad syntax: AUTH default s3cret\r\n", Introduction(protocol_version=3, password="s3cret")),
        (b"-WRONGPASS no s3cret\r\n", Introduction(protocol_version=2, password="s3cret")),
    ],
)
def test_a_password_that_the_server_repeats_is_not_told_further(reply: bytes, intro: Introduction) -> None:
    with pytest.raises(RedisError) as refused:
        meet(REDIS_5 | {"HELLO 2": reply, "HELLO 3": reply, "AUTH": reply}, intro)
    assert "s3cret" not in str(refused.value)
    assert refused.value.__cause__ is None


# --- servers that are not ready


@pytest.mark.parametrize("command", ["HELLO 3", "SELECT"])
@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (b"-LOADING Redis is loading the dataset in memory\r\n", BusyLoadingError),
        (
            b"-MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.\r\n",
            PrimaryDownError,
        ),
    ],
)
def test_a_server_that_is_not_ready_is_told_apart(command: str, reply: bytes, kind: type[RedisError]) -> None:
    with pytest.raises(kind, match="in the handshake"):
        meet(REDIS_70 | {command: reply}, Introduction(db=1))


def test_what_is_optional_may_be_refused_for_any_reason() -> None:
    refusal = {"CLIENT SETINFO": b"-NOPERM User u has no permissions to run the 'client|setinfo' command\r\n"}
    assert meet(VALKEY_81 | refusal, Introduction(library_version="1")).client_id == 3
