"""Bytes to requests, in tables of literal bytes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from respool_testing._engine.parser import ProtocolViolation, Request, RequestParser, split_inline
from respool_testing.raw import pack


def requests_in(*chunks: bytes, trusted: bool = True) -> list[Request]:
    """Feed chunks one by one and return every request that came whole."""
    parser, found = RequestParser(trusted=trusted), []
    for chunk in chunks:
        parser.feed(chunk)
        while (request := parser.next_request()) is not None:
            found.append(request)
    return found


@pytest.mark.parametrize(
    ("sent", "requests"),
    [
        (b"*1\r\n$4\r\nPING\r\n", [(b"PING",)]),
        (b"*2\r\n$4\r\nECHO\r\n$0\r\n\r\n", [(b"ECHO", b"")]),
        (b"*2\r\n$4\r\nECHO\r\n$4\r\na\r\nb\r\n", [(b"ECHO", b"a\r\nb")]),
        (b"*0\r\n*-1\r\n*1\r\n$4\r\nPING\r\n", [(b"PING",)]),
        (b"PING\r\nECHO hi\n", [(b"PING",), (b"ECHO", b"hi")]),
        (b"\r\n\r\nPING\r\n*1\r\n$4\r\nPING\r\n", [(b"PING",), (b"PING",)]),
        (b"*1\r\n$4\r\nPIN", []),
        (b"PING", []),
    ],
)
def test_whole_requests_are_found(sent: bytes, requests: list[Request]) -> None:
    assert requests_in(sent) == requests


@given(st.lists(st.lists(st.binary(max_size=20), min_size=1, max_size=4), max_size=5), st.integers(1, 7))
def test_requests_are_the_same_in_pieces_of_any_size(requests: list[list[bytes]], size: int) -> None:
    sent = b"".join(pack(*words) for words in requests)
    pieces = [sent[at : at + size] for at in range(0, len(sent), size)]
    assert requests_in(*pieces) == [tuple(words) for words in requests]


@pytest.mark.parametrize(
    ("sent", "complaint"),
    [
        (b"*x\r\n", "invalid multibulk length"),
        (b"*2147483648\r\n", "invalid multibulk length"),
        (b"*01\r\n", "invalid multibulk length"),
        (b"*1\r\n:1\r\n", "expected '$', got ':'"),
        (b"*1\r\n$-1\r\n", "invalid bulk length"),
        (b"*1\r\n$x\r\n", "invalid bulk length"),
        (b"*1\r\n$536870913\r\n", "invalid bulk length"),
        (b"*" + b"1" * 70_000, "too big mbulk count string"),
        (b"*1\r\n$" + b"1" * 70_000, "too big bulk count string"),
        (b"x" * 70_000, "too big inline request"),
        (b'ECHO "open\r\n', "unbalanced quotes in request"),
        (b'ECHO "a"b\r\n', "unbalanced quotes in request"),
    ],
)
def test_nonsense_is_refused_in_the_words_of_a_server(sent: bytes, complaint: str) -> None:
    with pytest.raises(ProtocolViolation) as caught:
        requests_in(sent)
    assert str(caught.value) == complaint


@pytest.mark.parametrize(
    ("sent", "complaint"),
    [
        (b"*11\r\n", "unauthenticated multibulk length"),
        (b"*1\r\n$16385\r\n", "unauthenticated bulk length"),
    ],
)
def test_strangers_may_say_little(sent: bytes, complaint: str) -> None:
    with pytest.raises(ProtocolViolation) as caught:
        requests_in(sent, trusted=False)
    assert str(caught.value) == complaint


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (b"a  b\tc", (b"a", b"b", b"c")),
        (b"", ()),
        (b'"a b" c', (b"a b", b"c")),
        (rb'"\n\t\x41\"\\"', (b'\n\tA"\\',)),
        (rb"'it\'s' '\n'", (b"it's", rb"\n")),
        (b'ab"c d"', (b"abc d",)),
        (b"'open", None),
    ],
)
def test_a_line_is_split_as_a_shell_would(line: bytes, words: Request | None) -> None:
    assert split_inline(line) == words
