"""The text of an error reply to its exception: one class a code, and never a crash over a malformed one."""

from __future__ import annotations

import pytest

from respool import errors
from respool._wire.error_replies import error_from_reply


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("WRONGTYPE Operation against a key holding the wrong kind of value", errors.WrongTypeError),
        ("NOSCRIPT No matching script.", errors.NoScriptError),
        ("EXECABORT Transaction discarded", errors.ExecAbortError),
        ("READONLY You can't write against a read only replica.", errors.ReadOnlyError),
        ("LOADING Redis is loading the dataset in memory", errors.BusyLoadingError),
        ("BUSY Redis is busy running a script.", errors.BusyScriptError),
        ("NOTBUSY No scripts in execution right now.", errors.NotBusyError),
        ("OOM command not allowed", errors.OutOfMemoryError),
        ("NOAUTH Authentication required.", errors.AuthenticationRequiredError),
        ("WRONGPASS invalid username-password pair", errors.AuthenticationFailureError),
        ("ERR invalid password", errors.AuthenticationFailureError),
        ("NOPERM this user has no permissions", errors.AuthorizationError),
        ("NOPROTO unsupported protocol version", errors.ProtocolError),
        ("TRYAGAIN Multiple keys request during rehashing of slot", errors.TryAgainError),
        ("CLUSTERDOWN The cluster is down", errors.ClusterDownError),
        ("CROSSSLOT Keys in request don't hash to the same slot", errors.ClusterCrossSlotError),
        ("MASTERDOWN Link with MASTER is down", errors.PrimaryDownError),
        ("UNBLOCKED client unblocked via CLIENT UNBLOCK", errors.UnblockedError),
        ("NOGROUP No such key 'x'", errors.StreamConsumerGroupError),
        ("BUSYGROUP Consumer Group name already exists", errors.StreamDuplicateConsumerGroupError),
        ("ERR max number of clients reached", errors.ConnectionError),
        ("ERR syntax error", errors.ResponseError),
        ("MYMODULE of its own", errors.ResponseError),
    ],
)
def test_a_code_has_its_exception(text: str, kind: type[errors.RedisError]) -> None:
    error = error_from_reply(text)
    assert type(error) is kind
    assert str(error) == text


@pytest.mark.parametrize(
    ("text", "code"), [("ERR syntax error", "ERR"), ("MYMODULE of its own", "MYMODULE"), ("", "")]
)
def test_a_response_error_tells_its_code(text: str, code: str) -> None:
    error = error_from_reply(text)
    assert isinstance(error, errors.ResponseError)
    assert error.code == code


@pytest.mark.parametrize(
    "text",
    [
        "ERR unknown command 'NOPE', with args beginning with: ",
        "ERR unknown command `NOPE`, with args beginning with: ",
        "ERR unknown subcommand 'NOPE'. Try CLIENT HELP.",
        "ERR Unknown subcommand 'NOPE'.",
    ],
)
def test_an_unknown_command_is_named(text: str) -> None:
    error = error_from_reply(text)
    assert isinstance(error, errors.UnknownCommandError)
    assert error.command == "NOPE"


@pytest.mark.parametrize(
    ("text", "kind", "slot", "address"),
    [
        ("MOVED 3999 127.0.0.1:6381", errors.MovedError, 3999, ("127.0.0.1", 6381)),
        ("MOVED 0 redis-1.example:7000", errors.MovedError, 0, ("redis-1.example", 7000)),
        ("MOVED 5 ::1:7000", errors.MovedError, 5, ("::1", 7000)),
        ("ASK 16383 :6381", errors.AskError, 16383, ("", 6381)),
        ("ASK 1 10.0.0.1:7 and more", errors.AskError, 1, ("10.0.0.1", 7)),
    ],
)
def test_a_redirection_tells_slot_and_address(
    text: str, kind: type[errors.RedisError], slot: int, address: tuple[str, int]
) -> None:
    error = error_from_reply(text)
    assert type(error) is kind
    assert isinstance(error, (errors.MovedError, errors.AskError))
    assert (error.slot_id, error.node_addr) == (slot, address)


@pytest.mark.parametrize("text", ["MOVED", "MOVED 1", "MOVED x 127.0.0.1:1", "ASK 1 127.0.0.1", "ASK 1 h:x"])
def test_a_malformed_redirection_is_a_plain_error_reply(text: str) -> None:
    assert type(error_from_reply(text)) is errors.ResponseError


@pytest.mark.parametrize("text", ["", " ", "-", "\x00\xff", "err lower case"])
def test_any_text_has_an_exception(text: str) -> None:
    assert type(error_from_reply(text)) is errors.ResponseError


def test_a_code_counts_as_a_whole_word_only() -> None:
    assert type(error_from_reply("BUSYBODY is no code we know")) is errors.ResponseError
