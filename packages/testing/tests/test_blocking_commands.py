"""Commands that wait for an item, on a fake and on a real server."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from respool_testing import FakeServer, RawConnection, ServerProcess
from respool_testing.replies import NULL_ARRAY, OK, PONG, Error, Reply

Server = FakeServer | ServerProcess


@asynccontextmanager
async def waiting(server: Server, observer: RawConnection, *words: str | int) -> AsyncIterator[RawConnection]:
    """Offer a connection that waits inside a command, known to do so."""
    async with RawConnection(server.host, server.port) as client:
        own = await client.call("CLIENT", "ID")
        assert isinstance(own, int)
        client.send(*words)
        while b"flags=b" not in await listed(observer, own):
            pass
        yield client


async def listed(observer: RawConnection, client_id: int) -> bytes:
    reply = await observer.call("CLIENT", "LIST", "ID", client_id)
    assert isinstance(reply, bytes)
    return reply


@pytest.mark.parametrize(
    ("words", "push", "expected"),
    [
        (("BLPOP", "other", "q", 0), ("RPUSH", "q", "a", "b"), [b"q", b"a"]),
        (("BRPOP", "q", 0), ("RPUSH", "q", "a", "b"), [b"q", b"b"]),
        (("BLMOVE", "q", "done", "LEFT", "LEFT", 0), ("RPUSH", "q", "a"), b"a"),
        (("BRPOPLPUSH", "q", "done", 0), ("RPUSH", "q", "a"), b"a"),
        (("BLMPOP", 0, 2, "other", "q", "LEFT", "COUNT", 5), ("RPUSH", "q", "a", "b"), [b"q", [b"a", b"b"]]),
    ],
)
async def test_a_waiting_client_gets_what_is_pushed(
    any_server: Server, any_client: RawConnection, words: tuple[str], push: tuple[str], expected: Reply
) -> None:
    async with waiting(any_server, any_client, *words) as waiter:
        assert await any_client.call(*push) == len(push) - 2
        assert await waiter.reply() == expected


async def test_who_waited_longest_is_served_first(any_server: Server, any_client: RawConnection) -> None:
    blpop = ("BLPOP", "q", 0)
    async with (
        waiting(any_server, any_client, *blpop) as first,
        waiting(any_server, any_client, *blpop) as second,
    ):
        await any_client.call("RPUSH", "q", "a", "b", "c")
        assert [await first.reply(), await second.reply()] == [[b"q", b"a"], [b"q", b"b"]]
    assert await any_client.call("LRANGE", "q", 0, -1) == [b"c"]


async def test_a_chain_of_waiting_clients_is_served(any_server: Server, any_client: RawConnection) -> None:
    async with (
        waiting(any_server, any_client, "BLMOVE", "one", "two", "LEFT", "LEFT", 0) as first,
        waiting(any_server, any_client, "BLPOP", "two", 0) as second,
    ):
        await any_client.call("RPUSH", "one", "item")
        assert [await first.reply(), await second.reply()] == [b"item", [b"two", b"item"]]


async def test_what_is_there_is_taken_at_once(any_client: RawConnection) -> None:
    await any_client.call("RPUSH", "q", "a")
    assert await any_client.call("BLPOP", "q", 0) == [b"q", b"a"]


@pytest.mark.parametrize(
    "words", ["BLPOP q 0.01", "BLMOVE q r LEFT LEFT 0.01", "BLMPOP 0.01 1 q LEFT", "BRPOPLPUSH q r 0.01"]
)
async def test_waiting_ends_when_time_is_up(any_client: RawConnection, words: str) -> None:
    assert await any_client.call(*words.split()) == NULL_ARRAY


async def test_requests_sent_meanwhile_wait_their_turn(any_server: Server, any_client: RawConnection) -> None:
    async with waiting(any_server, any_client, "BLPOP", "q", 0) as waiter:
        waiter.send("PING")
        await any_client.call("RPUSH", "q", "a")
        assert [await waiter.reply(), await waiter.reply()] == [[b"q", b"a"], PONG]


async def test_a_value_of_another_type_wakes_nobody(any_server: Server, any_client: RawConnection) -> None:
    async with waiting(any_server, any_client, "BLPOP", "q", 0) as waiter:
        await any_client.call("SET", "q", "text")
        await any_client.call("DEL", "q")
        await any_client.call("RPUSH", "q", "a")
        assert await waiter.reply() == [b"q", b"a"]


async def test_a_transaction_wakes_only_when_it_is_done(
    any_server: Server, any_client: RawConnection
) -> None:
    async with waiting(any_server, any_client, "BLPOP", "q", 0) as waiter:
        for line in ("MULTI", "RPUSH q a", "DEL q", "RPUSH q b"):
            await any_client.call(*line.split())
        assert await any_client.call("EXEC") == [1, 1, 1]
        assert await waiter.reply() == [b"q", b"b"]


async def test_a_client_that_left_takes_nothing(
    respool_server: FakeServer, respool_raw: RawConnection
) -> None:
    async with RawConnection(respool_server.host, respool_server.port) as waiter:
        waiter.send("BLPOP", "q", 0)
        await respool_server.until(lambda: any(each.blocked for each in respool_server.connections))
    await respool_server.until(lambda: len(respool_server.connections) == 1)
    await respool_raw.call("RPUSH", "q", "a")
    assert await respool_raw.call("LLEN", "q") == 1


@pytest.mark.parametrize(
    ("request_line", "complaint"),
    [
        ("BLPOP q x", "ERR timeout is not a float or out of range"),
        ("BLPOP q -1", "ERR timeout is negative"),
        ("BLPOP text 0", "WRONGTYPE Operation against a key holding the wrong kind of value"),
        ("BLMOVE q r UP LEFT 0", "ERR syntax error"),
        ("BLMPOP 0 0 q LEFT", "ERR numkeys should be greater than 0"),
        ("BLMPOP x 1 q LEFT", "ERR timeout is not a float or out of range"),
    ],
)
async def test_bad_waits_are_refused(any_client: RawConnection, request_line: str, complaint: str) -> None:
    assert await any_client.call("SET", "text", "x") == OK
    assert await any_client.call(*request_line.split()) == Error.of(complaint)
