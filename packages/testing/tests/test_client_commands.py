"""CLIENT, on a fake and on a real server."""

from __future__ import annotations

import pytest

from respool_testing import FakeServer, RawConnection, ServerProcess
from respool_testing.replies import OK, PONG, Error, Reply, Verbatim

Server = FakeServer | ServerProcess


def described(reply: Reply) -> list[dict[str, str]]:
    """Read what CLIENT LIST and CLIENT INFO say."""
    text = reply.text if isinstance(reply, Verbatim) else reply
    assert isinstance(text, bytes)
    lines = text.decode().splitlines()
    return [dict(word.split("=", 1) for word in line.split(" ") if word) for line in lines]


async def test_a_client_has_a_name_if_it_says_so(any_client: RawConnection) -> None:
    assert await any_client.call("CLIENT", "GETNAME") is None
    assert await any_client.call("CLIENT", "SETNAME", "worker-1") == OK
    assert await any_client.call("CLIENT", "GETNAME") == b"worker-1"
    reply = await any_client.call("CLIENT", "SETNAME", "two words")
    assert reply == Error.of("ERR Client names cannot contain spaces, newlines or special characters.")


async def test_info_describes_the_client_itself(any_client: RawConnection) -> None:
    await any_client.call("HELLO", 3, "SETNAME", "me")
    await any_client.call("SELECT", 2)
    (client,) = described(await any_client.call("CLIENT", "INFO"))
    told = {name: client[name] for name in ("name", "db", "resp", "cmd", "multi", "user")}
    assert told == {
        "name": "me",
        "db": "2",
        "resp": "3",
        "cmd": "client|info",
        "multi": "-1",
        "user": "default",
    }


async def test_list_describes_those_asked_for(any_client: RawConnection, any_server: Server) -> None:
    own = await any_client.call("CLIENT", "ID")
    async with RawConnection(any_server.host, any_server.port) as other:
        theirs = await other.call("CLIENT", "ID")
        await other.call("SUBSCRIBE", "news")
        (client,) = described(await any_client.call("CLIENT", "LIST", "TYPE", "pubsub"))
        assert (client["id"], client["sub"], client["flags"]) == (str(theirs), "1", "P")
        both = described(await any_client.call("CLIENT", "LIST", "ID", str(own), str(theirs), "99999"))
        assert [each["id"] for each in both] == [str(own), str(theirs)]


async def test_silence_lasts_until_it_is_lifted(any_client: RawConnection) -> None:
    any_client.send("CLIENT", "REPLY", "OFF")
    any_client.send("PING", "unheard")
    any_client.send("NOSUCH")
    assert await any_client.call("CLIENT", "REPLY", "ON") == OK
    assert await any_client.call("PING") == PONG


async def test_skip_silences_one_command(any_client: RawConnection) -> None:
    any_client.send("CLIENT", "REPLY", "SKIP")
    any_client.send("PING", "unheard")
    assert await any_client.call("PING", "heard") == b"heard"


@pytest.mark.parametrize("how", ["ID", "LADDR"])
async def test_kill_hangs_up_on_those_that_match(
    any_client: RawConnection, any_server: Server, how: str
) -> None:
    async with RawConnection(any_server.host, any_server.port) as victim:
        (told,) = described(await victim.call("CLIENT", "INFO"))
        value = {"ID": told["id"], "LADDR": told["laddr"]}[how]
        await any_client.call("CLIENT", "NO-EVICT", "on")
        assert await any_client.call("CLIENT", "KILL", how, value, "SKIPME", "yes") == 1
        assert await victim.rest() == b""


async def test_kill_by_address_is_the_older_way(any_client: RawConnection, any_server: Server) -> None:
    assert await any_client.call("CLIENT", "KILL", "1.2.3.4:5") == Error.of("ERR No such client")
    async with RawConnection(any_server.host, any_server.port) as victim:
        (told,) = described(await victim.call("CLIENT", "INFO"))
        assert await any_client.call("CLIENT", "KILL", told["addr"]) == OK
        assert await victim.rest() == b""


async def test_a_client_that_kills_itself_hears_the_reply(any_client: RawConnection) -> None:
    own = await any_client.call("CLIENT", "ID")
    assert isinstance(own, int)
    any_client.send("CLIENT", "KILL", "ID", own, "SKIPME", "no")
    assert await any_client.rest() == b":1\r\n"


async def test_unblock_ends_a_wait_in_one_of_two_ways(any_client: RawConnection, any_server: Server) -> None:
    unblocked = Error.of("UNBLOCKED client unblocked via CLIENT UNBLOCK")
    async with RawConnection(any_server.host, any_server.port) as waiter:
        own = await waiter.call("CLIENT", "ID")
        assert isinstance(own, int)
        for how, expected in (("TIMEOUT", b"*-1\r\n"), ("ERROR", b"-" + unblocked.text + b"\r\n")):
            waiter.send("BLPOP", "queue", 0)
            waiter.send("PING")
            while await any_client.call("CLIENT", "UNBLOCK", own, how) == 0:
                pass  # it has not begun to wait yet
            assert await waiter.read_bytes(len(expected)) == expected
            assert await waiter.reply() == PONG
    assert await any_client.call("CLIENT", "UNBLOCK", 99999) == 0


@pytest.mark.parametrize(
    ("request_line", "complaint"),
    [
        ("CLIENT REPLY x", "ERR syntax error"),
        ("CLIENT NO-EVICT x", "ERR syntax error"),
        ("CLIENT LIST TYPE x", "ERR Unknown client type 'x'"),
        ("CLIENT LIST ID x", "ERR Invalid client ID"),
        ("CLIENT LIST FOO", "ERR syntax error"),
        ("CLIENT KILL ID x", "ERR client-id should be greater than 0"),
        ("CLIENT KILL FOO bar", "ERR syntax error"),
        ("CLIENT KILL USER nobody", "ERR No such user 'nobody'"),
        ("CLIENT UNBLOCK 1 FOO", "ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR"),
        ("CLIENT UNBLOCK x", "ERR value is not an integer or out of range"),
        ("CLIENT KILL", "ERR wrong number of arguments for 'client|kill' command"),
    ],
)
async def test_bad_client_requests_are_refused(
    any_client: RawConnection, request_line: str, complaint: str
) -> None:
    assert await any_client.call(*request_line.split()) == Error.of(complaint)


async def test_libraries_introduce_themselves(respool_raw: RawConnection) -> None:
    assert await respool_raw.call("CLIENT", "SETINFO", "LIB-NAME", "respool") == OK
    assert await respool_raw.call("CLIENT", "SETINFO", "lib-ver", "0.1") == OK
    (told,) = described(await respool_raw.call("CLIENT", "INFO"))
    assert (told["lib-name"], told["lib-ver"]) == ("respool", "0.1")
    assert await respool_raw.call("CLIENT", "SETINFO", "foo", "x") == Error.of(
        "ERR Unrecognized option 'foo'"
    )
    reply = await respool_raw.call("CLIENT", "SETINFO", "lib-name", "two words")
    assert reply == Error.of("ERR lib-name cannot contain spaces, newlines or special characters.")
