"""Replies to bytes, in both protocols, in tables of literal bytes."""

from __future__ import annotations

import math

import pytest

from respool_testing._engine.encoding import encode, format_double
from respool_testing.replies import (
    NULL_ARRAY,
    OK,
    BigNumber,
    Error,
    Map,
    Push,
    Reply,
    Set,
    Several,
    Verbatim,
)

SPELLINGS: list[tuple[Reply, bytes, bytes]] = [
    (OK, b"+OK\r\n", b"+OK\r\n"),
    (Error.of("ERR no"), b"-ERR no\r\n", b"-ERR no\r\n"),
    (5, b":5\r\n", b":5\r\n"),
    (b"a\r\n", b"$3\r\na\r\n\r\n", b"$3\r\na\r\n\r\n"),
    (None, b"$-1\r\n", b"_\r\n"),
    (NULL_ARRAY, b"*-1\r\n", b"_\r\n"),
    (True, b":1\r\n", b"#t\r\n"),
    (1.5, b"$3\r\n1.5\r\n", b",1.5\r\n"),
    (BigNumber(2**70), b"$22\r\n%d\r\n" % 2**70, b"(%d\r\n" % 2**70),
    (Verbatim(b"hi"), b"$2\r\nhi\r\n", b"=6\r\ntxt:hi\r\n"),
    ([1, [None]], b"*2\r\n:1\r\n*1\r\n$-1\r\n", b"*2\r\n:1\r\n*1\r\n_\r\n"),
    (Map.of(a_b=1), b"*2\r\n$3\r\na-b\r\n:1\r\n", b"%1\r\n$3\r\na-b\r\n:1\r\n"),
    (Set([1]), b"*1\r\n:1\r\n", b"~1\r\n:1\r\n"),
    (Push([1]), b"*1\r\n:1\r\n", b">1\r\n:1\r\n"),
    (Several([1, 2]), b":1\r\n:2\r\n", b":1\r\n:2\r\n"),
    (Several([]), b"", b""),
]


@pytest.mark.parametrize(("reply", "resp2", "resp3"), SPELLINGS)
def test_a_reply_is_spelled_in_either_protocol(reply: Reply, resp2: bytes, resp3: bytes) -> None:
    assert encode(reply, 2) == resp2
    assert encode(reply, 3) == resp3


def test_what_a_server_cannot_say_is_refused() -> None:
    with pytest.raises(TypeError, match="not something a server can say"):
        encode(object(), 3)  # type: ignore[arg-type]


def test_an_error_stays_on_one_line() -> None:
    assert encode(Error.of("ERR a\r\nb"), 2) == b"-ERR a  b\r\n"


@pytest.mark.parametrize(
    ("value", "text"),
    [(1.0, b"1"), (0.1, b"0.1"), (math.inf, b"inf"), (-math.inf, b"-inf"), (math.nan, b"nan")],
)
def test_a_double_is_spelled_as_servers_do(value: float, text: bytes) -> None:
    assert format_double(value) == text
