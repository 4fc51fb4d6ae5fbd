"""Greeting, authentication, choosing a database; on a fake and on a real server where both can be had."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from respool_testing import FakeServer, RawConnection, RealServer
from respool_testing.replies import OK, PONG, Error, Map, Reply, Simple

WRONG_PASSWORD = Error.of("WRONGPASS invalid username-password pair or user is disabled.")
NO_AUTH = Error.of("NOAUTH Authentication required.")


@pytest_asyncio.fixture(params=["fake", "real"])
async def guarded(request: pytest.FixtureRequest) -> AsyncIterator[RawConnection]:
    """Offer a connection to a server that wants a password."""
    if request.param == "real":
        request.getfixturevalue("real_server")  # skips where there is none
        server: FakeServer | RealServer = RealServer(args=["--requirepass", "secret"])
    else:
        server = FakeServer(password="secret")
    async with server, RawConnection(server.host, server.port) as client:
        yield client


def fields(reply: Reply) -> dict[Reply, Reply]:
    assert isinstance(reply, Map)
    return dict(reply.pairs)


async def test_ping_and_echo_say_back(any_client: RawConnection) -> None:
    assert await any_client.call("PING") == PONG
    assert await any_client.call("PING", "hi") == b"hi"
    assert await any_client.call("ECHO", "hi") == b"hi"
    assert await any_client.call("PING", "a", "b") == Error.of(
        "ERR wrong number of arguments for 'ping' command"
    )


async def test_inline_requests_are_understood(any_client: RawConnection) -> None:
    any_client.write(b'SET k "a b"\r\nGET k\r\n')
    assert [await any_client.reply(), await any_client.reply()] == [OK, b"a b"]


async def test_hello_changes_the_protocol_at_once(any_client: RawConnection) -> None:
    assert fields(await any_client.call("HELLO", 3))[b"proto"] == 3
    any_client.send("GET", "missing")
    assert await any_client.read_bytes(3) == b"_\r\n"
    assert isinstance(await any_client.call("HELLO", 2), list)


async def test_hello_tells_who_is_there(any_client: RawConnection) -> None:
    told = fields(await any_client.call("HELLO", 3, "SETNAME", "me"))
    assert (told[b"server"], told[b"mode"], told[b"role"]) == (b"redis", b"standalone", b"master")
    assert await any_client.call("CLIENT", "ID") == told[b"id"]
    assert await any_client.call("CLIENT", "GETNAME") == b"me"


@pytest.mark.parametrize(
    ("request_line", "complaint"),
    [
        ("HELLO 4", "NOPROTO unsupported protocol version"),
        ("HELLO x", "ERR Protocol version is not an integer or out of range"),
        ("HELLO 3 FOO", "ERR Syntax error in HELLO option 'FOO'"),
        ("HELLO 3 AUTH a", "ERR Syntax error in HELLO option 'AUTH'"),
        ("SELECT x", "ERR value is not an integer or out of range"),
        ("SELECT 16", "ERR DB index is out of range"),
        ("AUTH a b c", "ERR syntax error"),
        ("NOSUCH a b", "ERR unknown command 'NOSUCH', with args beginning with: 'a' 'b' "),
        ("GET", "ERR wrong number of arguments for 'get' command"),
        ("CLIENT FOO", "ERR unknown subcommand 'FOO'. Try CLIENT HELP."),
        ("CLIENT", "ERR wrong number of arguments for 'client' command"),
    ],
)
async def test_bad_greetings_are_refused(
    any_client: RawConnection, request_line: str, complaint: str
) -> None:
    assert await any_client.call(*request_line.split()) == Error.of(complaint)


async def test_a_long_unknown_command_is_quoted_in_part(any_client: RawConnection) -> None:
    reply = await any_client.call("x" * 200, "y" * 200, "z")
    assert reply == Error.of(f"ERR unknown command '{'x' * 128}', with args beginning with: '{'y' * 128}' ")


async def test_databases_are_separate(any_client: RawConnection) -> None:
    await any_client.call("SET", "k", "v")
    assert await any_client.call("SELECT", 1) == OK
    assert await any_client.call("GET", "k") is None


async def test_quit_closes_after_its_reply(any_client: RawConnection) -> None:
    any_client.send("QUIT")
    assert await any_client.rest() == b"+OK\r\n"


async def test_reset_forgets_everything_about_the_client(any_client: RawConnection) -> None:
    await any_client.call("HELLO", 3, "SETNAME", "me")
    await any_client.call("SELECT", 1)
    any_client.send("SUBSCRIBE", "news")
    await any_client.push()
    await any_client.call("MULTI")
    assert await any_client.call("RESET") == Simple(b"RESET")
    assert await any_client.call("EXEC") == Error.of("ERR EXEC without MULTI")
    assert await any_client.call("CLIENT", "GETNAME") is None


async def test_a_broken_request_ends_the_connection(any_client: RawConnection) -> None:
    any_client.write(b"*1\r\n:1\r\nPING\r\n")
    assert await any_client.rest() == b"-ERR Protocol error: expected '$', got ':'\r\n"


async def test_a_stranger_must_authenticate_first(guarded: RawConnection) -> None:
    assert await guarded.call("PING") == NO_AUTH
    assert await guarded.call("AUTH", "wrong") == WRONG_PASSWORD
    assert await guarded.call("AUTH", "secret") == OK
    assert await guarded.call("PING") == PONG


async def test_a_stranger_may_greet_and_authenticate_in_one(guarded: RawConnection) -> None:
    reply = await guarded.call("HELLO", 3)
    assert isinstance(reply, Error)
    assert reply.text.startswith(b"NOAUTH HELLO must be called with the client already authenticated")
    assert await guarded.call("HELLO", 3, "AUTH", "default", "wrong") == WRONG_PASSWORD
    assert fields(await guarded.call("HELLO", 3, "AUTH", "default", "secret"))[b"proto"] == 3


async def test_a_stranger_may_not_send_much(guarded: RawConnection) -> None:
    guarded.write(b"*11\r\n")
    assert await guarded.rest() == b"-ERR Protocol error: unauthenticated multibulk length\r\n"


async def test_reset_makes_a_stranger_again(guarded: RawConnection) -> None:
    await guarded.call("AUTH", "secret")
    await guarded.call("RESET")
    assert await guarded.call("PING") == NO_AUTH


async def test_a_password_nobody_asked_for_is_refused(any_client: RawConnection) -> None:
    reply = await any_client.call("AUTH", "secret")
    assert isinstance(reply, Error)
    assert reply.text.startswith(b"ERR AUTH <password> called without any password configured")
    assert await any_client.call("AUTH", "default", "anything") == OK
    assert await any_client.call("AUTH", "nobody", "anything") == WRONG_PASSWORD


async def test_further_users_have_passwords_of_their_own() -> None:
    async with (
        FakeServer(users={"bob": "builder"}) as server,
        RawConnection(server.host, server.port) as client,
    ):
        assert await client.call("AUTH", "bob", "wrong") == WRONG_PASSWORD
        assert await client.call("AUTH", "bob", "builder") == OK
        assert [each.user for each in server.connections] == ["bob"]


async def test_an_old_server_does_not_know_hello() -> None:
    async with FakeServer(version="5.0.14") as server, RawConnection(server.host, server.port) as client:
        reply = await client.call("HELLO", 3)
        assert reply == Error.of("ERR unknown command 'HELLO', with args beginning with: '3' ")
