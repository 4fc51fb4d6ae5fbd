"""Publish and subscribe, on a fake and on a real server."""

from __future__ import annotations

import pytest

from respool_testing import FakeServer, RawConnection, ServerProcess
from respool_testing.replies import PONG, Error, Push, Reply

Server = FakeServer | ServerProcess


async def exchange(client: RawConnection, line: str, count: int = 1) -> list[Reply]:
    """Send a request and return so many answers, messages included."""
    client.send(*line.split())
    return [await client.read() for _ in range(count)]


async def test_subscriptions_are_confirmed_and_counted(any_client: RawConnection) -> None:
    assert await exchange(any_client, "SUBSCRIBE a b", 2) == [
        [b"subscribe", b"a", 1],
        [b"subscribe", b"b", 2],
    ]
    assert await exchange(any_client, "PSUBSCRIBE x*") == [[b"psubscribe", b"x*", 3]]
    assert await exchange(any_client, "UNSUBSCRIBE a") == [[b"unsubscribe", b"a", 2]]
    assert await exchange(any_client, "PUNSUBSCRIBE") == [[b"punsubscribe", b"x*", 1]]
    assert await exchange(any_client, "UNSUBSCRIBE") == [[b"unsubscribe", b"b", 0]]
    assert await exchange(any_client, "UNSUBSCRIBE") == [[b"unsubscribe", None, 0]]


async def test_messages_reach_channels_and_patterns(any_client: RawConnection, any_server: Server) -> None:
    async with RawConnection(any_server.host, any_server.port) as listener:
        await exchange(listener, "SUBSCRIBE news")
        await exchange(listener, "PSUBSCRIBE n*")
        assert await any_client.call("PUBLISH", "news", "hi") == 2
        assert await any_client.call("PUBLISH", "other", "hi") == 0
        assert [await listener.read(), await listener.read()] == [
            [b"message", b"news", b"hi"],
            [b"pmessage", b"n*", b"news", b"hi"],
        ]


async def test_in_resp3_messages_are_pushes_and_mix_with_replies(any_client: RawConnection) -> None:
    await any_client.call("HELLO", 3)
    assert await exchange(any_client, "SUBSCRIBE news") == [Push([b"subscribe", b"news", 1])]
    assert await any_client.call("PING") == PONG
    assert await any_client.call("PUBLISH", "news", "hi") == 1
    assert await any_client.push() == Push([b"message", b"news", b"hi"])


async def test_in_resp2_a_listener_may_do_little_else(any_client: RawConnection) -> None:
    await exchange(any_client, "SUBSCRIBE news")
    assert await exchange(any_client, "PING") == [[b"pong", b""]]
    assert await exchange(any_client, "PING hi") == [[b"pong", b"hi"]]
    assert await any_client.call("GET", "k") == Error.of(
        "ERR Can't execute 'get': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET "
        "are allowed in this context"
    )
    await exchange(any_client, "UNSUBSCRIBE news")
    assert await any_client.call("GET", "k") is None


async def test_shard_channels_are_a_world_of_their_own(any_client: RawConnection) -> None:
    await any_client.call("HELLO", 3)
    assert await exchange(any_client, "SSUBSCRIBE s") == [Push([b"ssubscribe", b"s", 1])]
    assert await any_client.call("PUBLISH", "s", "lost") == 0
    assert await any_client.call("SPUBLISH", "s", "hi") == 1
    assert await any_client.push() == Push([b"smessage", b"s", b"hi"])
    assert await exchange(any_client, "SUNSUBSCRIBE") == [Push([b"sunsubscribe", b"s", 0])]


async def test_the_server_tells_who_listens(any_client: RawConnection, any_server: Server) -> None:
    async with RawConnection(any_server.host, any_server.port) as listener:
        await exchange(listener, "SUBSCRIBE news")
        await exchange(listener, "PSUBSCRIBE n*")
        replies = [
            await any_client.call("PUBSUB", *line.split())
            for line in (
                "CHANNELS",
                "CHANNELS x*",
                "NUMSUB news other",
                "NUMPAT",
                "SHARDCHANNELS",
                "SHARDNUMSUB s",
            )
        ]
    assert replies == [[b"news"], [], [b"news", 1, b"other", 0], 1, [], [b"s", 0]]


async def test_a_listener_that_left_is_forgotten(
    respool_server: FakeServer, respool_raw: RawConnection
) -> None:
    async with RawConnection(respool_server.host, respool_server.port) as listener:
        await exchange(listener, "SUBSCRIBE news")
    await respool_server.until(lambda: len(respool_server.connections) == 1)
    assert await respool_raw.call("PUBSUB", "CHANNELS") == []


@pytest.mark.parametrize(
    ("request_line", "complaint"),
    [
        ("SUBSCRIBE", "ERR wrong number of arguments for 'subscribe' command"),
        ("PUBLISH news", "ERR wrong number of arguments for 'publish' command"),
        ("PUBSUB FOO", "ERR unknown subcommand 'FOO'. Try PUBSUB HELP."),
        (
            "PUBSUB CHANNELS a b",
            "ERR unknown subcommand or wrong number of arguments for 'CHANNELS'. Try PUBSUB HELP.",
        ),
    ],
)
async def test_bad_pubsub_requests_are_refused(
    any_client: RawConnection, request_line: str, complaint: str
) -> None:
    assert await any_client.call(*request_line.split()) == Error.of(complaint)
