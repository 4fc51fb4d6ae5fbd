"""Bytes to replies: every kind of both protocols, any way the bytes are cut, and what is not RESP."""

from __future__ import annotations

import math

import pytest

from respool._wire.parsing import MALFORMED, Push, ReplyParser
from respool.errors import ResponseError, WrongTypeError

REPLIES = [
    (b"+OK\r\n", b"OK"),
    (b":-7\r\n", -7),
    (b"$3\r\na\r\n\r\n", b"a\r\n"),
    (b"$0\r\n\r\n", b""),
    (b"$-1\r\n", None),
    (b"*-1\r\n", None),
    (b"*0\r\n", []),
    (b"*2\r\n:1\r\n*1\r\n$1\r\nx\r\n", [1, [b"x"]]),
    (b"_\r\n", None),
    (b"#t\r\n", True),
    (b"#f\r\n", False),
    (b",1.5\r\n", 1.5),
    (b",-inf\r\n", -math.inf),
    (b"(123456789012345678901234567890\r\n", b"123456789012345678901234567890"),
    (b"=7\r\ntxt:abc\r\n", b"abc"),
    (b"%2\r\n+a\r\n:1\r\n+b\r\n*0\r\n", {b"a": 1, b"b": []}),
    (b"~2\r\n:1\r\n*1\r\n:2\r\n", [1, [2]]),
]

NOT_RESP = [
    b"HTTP/1.1 400 Bad Request\r\n",
    b"\x15\x03\x03\x00\x02\x02\x50",
    b":abc\r\n",
    b"$x\r\n",
    b"*99999999999\r\n",
    b"$99999999999999999999\r\n",
    b"#maybe\r\n",
    b",one\r\n",
    b"%1\r\n*1\r\n:1\r\n:2\r\n",
]


def parse(*chunks: bytes) -> list[object]:
    parser = ReplyParser()
    return [reply for chunk in chunks for reply in parser.feed(chunk)]


@pytest.mark.parametrize(("data", "reply"), REPLIES)
def test_a_reply_is_read(data: bytes, reply: object) -> None:
    parsed = parse(data)
    assert parsed == [reply]
    assert type(parsed[0]) is type(reply)


@pytest.mark.parametrize(("data", "reply"), REPLIES)
def test_a_reply_is_the_same_byte_by_byte(data: bytes, reply: object) -> None:
    assert parse(*(data[at : at + 1] for at in range(len(data)))) == [reply]


def test_replies_of_one_read_come_in_order() -> None:
    assert parse(b"".join(data for data, _ in REPLIES)) == [reply for _, reply in REPLIES]


def test_half_a_reply_is_nothing_yet() -> None:
    parser = ReplyParser()
    assert list(parser.feed(b":1\r\n$5\r\nhel")) == [1]
    assert list(parser.feed(b"lo\r\n:2\r\n")) == [b"hello", 2]


def test_an_error_is_a_value_of_its_own_kind() -> None:
    (error,) = parse(b"-ERR no such key\r\n")
    assert type(error) is ResponseError
    assert str(error) == "ERR no such key"


def test_an_error_within_a_list_stays_there() -> None:
    (reply,) = parse(b"*2\r\n:1\r\n-WRONGTYPE no\r\n")
    assert isinstance(reply, list)
    assert reply[0] == 1
    assert isinstance(reply[1], WrongTypeError)


def test_a_push_is_told_from_a_list() -> None:
    push, reply = parse(b">2\r\n+invalidate\r\n*1\r\n+k\r\n*1\r\n:1\r\n")
    assert isinstance(push, Push)
    assert list(push) == [b"invalidate", [b"k"]]
    assert not isinstance(reply, Push)


@pytest.mark.parametrize("data", NOT_RESP)
def test_what_is_not_resp_is_refused(data: bytes) -> None:
    with pytest.raises(MALFORMED):
        parse(data)


@pytest.mark.parametrize("data", NOT_RESP)
def test_replies_before_the_garbage_are_still_given_out(data: bytes) -> None:
    replies = ReplyParser().feed(b":1\r\n+two\r\n" + data)
    assert [next(replies), next(replies)] == [1, b"two"]
    with pytest.raises(MALFORMED):
        next(replies)


@pytest.mark.parametrize("before", [b"", b"+OK\r\n", b"$2\r\nab\r\n"])
def test_an_attribute_is_refused_rather_than_shifting_replies(before: bytes) -> None:
    with pytest.raises(MALFORMED, match="attribute"):
        parse(before + b"|1\r\n+ttl\r\n:3600\r\n:5\r\n")


def test_an_attribute_at_the_start_of_a_read_is_refused() -> None:
    with pytest.raises(MALFORMED, match="attribute"):
        parse(b"+OK\r\n", b"|1\r\n+ttl\r\n:3600\r\n:5\r\n")


@pytest.mark.parametrize("value", [b"|1\r\n", b"\n|1\r\n", b"a\r\n|x", b"\n|\n|\n|"])
def test_a_value_that_looks_like_an_attribute_is_a_value(value: bytes) -> None:
    data = b"$%d\r\n%b\r\n" % (len(value), value)
    assert parse(data + b":1\r\n") == [value, 1]
    for cut in range(1, len(data)):
        assert parse(data[:cut], data[cut:] + b":1\r\n") == [value, 1]
