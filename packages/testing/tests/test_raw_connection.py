"""The client that adds nothing."""

from __future__ import annotations

import pytest

from respool_testing import FakeServer, RawConnection
from respool_testing.raw import pack
from respool_testing.replies import (
    NULL_ARRAY,
    BigNumber,
    Error,
    Map,
    Push,
    Reply,
    Set,
    Simple,
    Verbatim,
)


def test_a_request_is_an_array_of_bulk_strings() -> None:
    assert pack("SET", b"\xff", 1, 1.5) == b"*4\r\n$3\r\nSET\r\n$1\r\n\xff\r\n$1\r\n1\r\n$3\r\n1.5\r\n"


@pytest.mark.parametrize("protocol", [2, 3])
@pytest.mark.parametrize(
    "reply",
    [
        Simple(b"OK"),
        Error(b"ERR no"),
        7,
        b"a\r\nb",
        None,
        [1, [b"x", None], []],
    ],
)
async def test_what_either_protocol_can_say_is_read_back(
    respool_server: FakeServer, respool_raw: RawConnection, protocol: int, reply: Reply
) -> None:
    await respool_raw.call("HELLO", protocol)
    respool_server.faults.on("GET").reply_with(reply)
    assert await respool_raw.call("GET", "k") == reply


@pytest.mark.parametrize(
    "reply", [True, False, 1.5, float("inf"), BigNumber(2**70), Verbatim(b"x"), Map([(b"a", Set([1]))])]
)
async def test_what_only_resp3_can_say_is_read_back(
    respool_server: FakeServer, respool_raw: RawConnection, reply: Reply
) -> None:
    await respool_raw.call("HELLO", 3)
    respool_server.faults.on("GET").reply_with(reply)
    assert await respool_raw.call("GET", "k") == reply


async def test_the_null_array_of_resp2_is_told_apart(
    respool_server: FakeServer, respool_raw: RawConnection
) -> None:
    respool_server.faults.on("GET").reply_with(NULL_ARRAY)
    assert await respool_raw.call("GET", "k") == NULL_ARRAY


async def test_pushes_before_a_reply_are_kept(respool_raw: RawConnection) -> None:
    await respool_raw.call("HELLO", 3)
    respool_raw.send("SUBSCRIBE", "news")
    assert await respool_raw.call("ECHO", "hi") == b"hi"
    assert respool_raw.pushes == [Push([b"subscribe", b"news", 1])]


async def test_a_reply_in_place_of_a_push_is_an_error(respool_raw: RawConnection) -> None:
    respool_raw.send("PING")
    with pytest.raises(AssertionError, match="expected a push message"):
        await respool_raw.push()


async def test_reading_past_the_end_is_an_error(respool_raw: RawConnection) -> None:
    respool_raw.send("QUIT")
    await respool_raw.reply()
    with pytest.raises(EOFError):
        await respool_raw.reply()


async def test_silence_has_an_end(respool_server: FakeServer) -> None:
    async with RawConnection(respool_server.host, respool_server.port, timeout=0.01) as client:
        with pytest.raises(TimeoutError):
            await client.reply()
