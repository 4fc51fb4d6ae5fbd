"""Replies to text: everything that is bytes, wherever it stands, and nothing else."""

from __future__ import annotations

import pytest

from respool._wire.decoding import decode_reply, decoder
from respool._wire.parsing import Push, ReplyParser
from respool.errors import ResponseError


@pytest.mark.parametrize(
    ("reply", "text"),
    [
        (b"caf\xc3\xa9", "café"),
        ([b"a", [b"b", 1]], ["a", ["b", 1]]),
        ({b"a": b"1", b"b": [b"2"]}, {"a": "1", "b": ["2"]}),
        (None, None),
        (True, True),
        (7, 7),
        (1.5, 1.5),
        ([], []),
    ],
)
def test_bytes_are_decoded_wherever_they_stand(reply: object, text: object) -> None:
    assert decode_reply(reply, "utf-8") == text


def test_bytes_that_do_not_decode_stay_bytes() -> None:
    assert decode_reply([b"\xff\xfe", b"ok"], "utf-8") == [b"\xff\xfe", "ok"]


def test_bytes_that_a_codec_finds_fault_with_stay_bytes() -> None:
    assert decode_reply([b"a-!", b"b-"], "punycode") == [b"a-!", "b"]


def test_the_encoding_is_the_one_asked_for() -> None:
    assert decode_reply(b"\xe9", "latin-1") == "é"


def test_a_push_becomes_a_list_of_text() -> None:
    (push,) = ReplyParser().feed(b">2\r\n+invalidate\r\n*1\r\n+k\r\n")
    assert isinstance(push, Push)
    assert decode_reply(push, "utf-8") == ["invalidate", ["k"]]


def test_an_error_within_a_reply_is_left_as_it_is() -> None:
    error = ResponseError("ERR no")
    assert decode_reply([b"a", error], "utf-8") == ["a", error]


def test_the_raw_reply_is_not_changed() -> None:
    reply = [b"a", {b"b": b"c"}]
    decode_reply(reply, "utf-8")
    assert reply == [b"a", {b"b": b"c"}]


def test_requests_of_one_encoding_share_their_decoder() -> None:
    assert decoder("utf-8") is decoder("utf-8")
    assert decoder("latin-1")(b"\xe9") == "é"


def test_a_reply_of_too_many_levels_is_returned_as_it_is() -> None:
    reply: object = b"x"
    for _ in range(5000):
        reply = [reply]
    assert decode_reply(reply, "utf-8") is reply


def test_a_reply_of_many_levels_is_decoded() -> None:
    (reply,) = ReplyParser().feed(b"*1\r\n" * 100 + b"+x\r\n")
    assert repr(decode_reply(reply, "utf-8")) == "[" * 100 + "'x'" + "]" * 100
