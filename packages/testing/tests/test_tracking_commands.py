"""CLIENT TRACKING and its invalidations, on a fake and on a real server."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from respool_testing import FakeServer, RawConnection, ServerProcess
from respool_testing.replies import OK, Error, Map, Push, Reply, Set

Server = FakeServer | ServerProcess


def invalidation(*keys: bytes) -> Push:
    return Push([b"invalidate", list(keys)])


@pytest_asyncio.fixture
async def cache(any_server: Server) -> AsyncIterator[RawConnection]:
    """Offer a second connection, in RESP3, that will track keys."""
    async with RawConnection(any_server.host, any_server.port) as client:
        await client.call("HELLO", 3)
        yield client


async def nothing_heard(client: RawConnection) -> bool:
    """Tell whether no message came before the reply to a PING."""
    await client.call("PING")
    return not client.pushes


async def test_a_key_that_was_read_is_invalidated_once(
    cache: RawConnection, any_client: RawConnection
) -> None:
    await cache.call("CLIENT", "TRACKING", "ON")
    await cache.call("MGET", "k", "other")
    await any_client.call("SET", "k", "1")
    await any_client.call("SET", "k", "2")
    assert await cache.push() == invalidation(b"k")
    assert await nothing_heard(cache)


async def test_what_was_not_read_is_not_invalidated(cache: RawConnection, any_client: RawConnection) -> None:
    await cache.call("CLIENT", "TRACKING", "ON")
    await any_client.call("SET", "k", "1")
    assert await nothing_heard(cache)


@pytest.mark.parametrize("change", ["DEL k", "RENAME k l", "EXPIRE k 100", "APPEND k x", "MOVE k 1"])
async def test_every_kind_of_change_counts(
    cache: RawConnection, any_client: RawConnection, change: str
) -> None:
    await any_client.call("SET", "k", "v")
    await cache.call("CLIENT", "TRACKING", "ON")
    await cache.call("GET", "k")
    await any_client.call(*change.split())
    assert await cache.push() == invalidation(b"k")


async def test_flushing_invalidates_everything(cache: RawConnection, any_client: RawConnection) -> None:
    await cache.call("CLIENT", "TRACKING", "ON")
    await any_client.call("FLUSHALL")
    assert await cache.push() == Push([b"invalidate", None])


async def test_an_own_change_is_told_after_the_reply_unless_noloop(cache: RawConnection) -> None:
    await cache.call("CLIENT", "TRACKING", "ON")
    await cache.call("GET", "k")
    cache.send("SET", "k", "1")
    assert [await cache.read(), await cache.read()] == [OK, invalidation(b"k")]
    await cache.call("CLIENT", "TRACKING", "ON", "NOLOOP")
    await cache.call("GET", "k")
    await cache.call("SET", "k", "2")
    assert await nothing_heard(cache)


async def test_broadcasting_tells_of_every_key_with_a_prefix(
    cache: RawConnection, any_client: RawConnection
) -> None:
    await cache.call("CLIENT", "TRACKING", "ON", "BCAST", "PREFIX", "user:")
    await any_client.call("MSET", "other", "1", "user:1", "1")
    assert await cache.push() == invalidation(b"user:1")
    assert await nothing_heard(cache)


async def test_broadcasting_without_a_prefix_tells_all(
    cache: RawConnection, any_client: RawConnection
) -> None:
    await cache.call("CLIENT", "TRACKING", "ON", "BCAST")
    await any_client.call("SET", "k", "1")
    assert await cache.push() == invalidation(b"k")


async def test_opting_in_holds_for_one_command(cache: RawConnection, any_client: RawConnection) -> None:
    await cache.call("CLIENT", "TRACKING", "ON", "OPTIN")
    assert await cache.call("CLIENT", "CACHING", "YES") == OK
    await cache.call("GET", "chosen")
    await cache.call("GET", "k")
    await any_client.call("MSET", "k", "1", "chosen", "1")
    assert await cache.push() == invalidation(b"chosen")
    assert await nothing_heard(cache)


async def test_opting_out_holds_for_one_command(cache: RawConnection, any_client: RawConnection) -> None:
    await cache.call("CLIENT", "TRACKING", "ON", "OPTOUT")
    assert await cache.call("CLIENT", "CACHING", "NO") == OK
    await cache.call("GET", "spared")
    await cache.call("GET", "k")
    await any_client.call("MSET", "spared", "1", "k", "1")
    assert await cache.push() == invalidation(b"k")
    assert await nothing_heard(cache)


async def test_a_resp2_client_has_another_connection_told(
    any_client: RawConnection, any_server: Server
) -> None:
    async with RawConnection(any_server.host, any_server.port) as listener:
        target = await listener.call("CLIENT", "ID")
        assert isinstance(target, int)
        listener.send("SUBSCRIBE", "__redis__:invalidate")
        await listener.read()
        await any_client.call("CLIENT", "TRACKING", "ON", "REDIRECT", target)
        assert await any_client.call("CLIENT", "GETREDIR") == target
        await any_client.call("GET", "k")
        await any_client.call("SET", "k", "1")
        assert await listener.read() == [b"message", b"__redis__:invalidate", [b"k"]]


async def test_a_redirection_into_the_void_is_reported(
    respool_server: FakeServer, respool_raw: RawConnection
) -> None:
    await respool_raw.call("HELLO", 3)
    async with RawConnection(respool_server.host, respool_server.port) as listener:
        target = await listener.call("CLIENT", "ID")
        assert isinstance(target, int)
        await respool_raw.call("CLIENT", "TRACKING", "ON", "REDIRECT", target)
    await respool_server.until(lambda: len(respool_server.connections) == 1)
    await respool_raw.call("GET", "k")
    await respool_raw.call("SET", "k", "1")
    assert await respool_raw.push() == Push([b"tracking-redir-broken", target])


async def test_turning_off_ends_it(cache: RawConnection, any_client: RawConnection) -> None:
    await cache.call("CLIENT", "TRACKING", "ON")
    await cache.call("GET", "k")
    await cache.call("CLIENT", "TRACKING", "OFF")
    await any_client.call("SET", "k", "1")
    assert await nothing_heard(cache)


@pytest.mark.parametrize(
    ("options", "flags", "redirect", "prefixes"),
    [
        ("OFF", {b"off"}, -1, []),
        ("ON", {b"on"}, 0, []),
        ("ON BCAST NOLOOP", {b"on", b"bcast", b"noloop"}, 0, [b""]),
        ("ON BCAST PREFIX a", {b"on", b"bcast"}, 0, [b"a"]),
        ("ON OPTIN", {b"on", b"optin"}, 0, []),
    ],
)
async def test_trackinginfo_tells_what_holds(
    cache: RawConnection, options: str, flags: set[bytes], redirect: int, prefixes: Reply
) -> None:
    await cache.call("CLIENT", "TRACKING", *options.split())
    reply = await cache.call("CLIENT", "TRACKINGINFO")
    assert isinstance(reply, Map)
    told: dict[Reply, Reply] = dict(reply.pairs)
    assert isinstance(told[b"flags"], Set)
    assert (set(told[b"flags"].members), told[b"redirect"], told[b"prefixes"]) == (flags, redirect, prefixes)


@pytest.mark.parametrize(
    ("request_line", "complaint"),
    [
        ("CLIENT TRACKING x", "ERR syntax error"),
        ("CLIENT TRACKING ON FOO", "ERR syntax error"),
        ("CLIENT TRACKING ON REDIRECT 99999", "ERR The client ID you want redirect to does not exist"),
        ("CLIENT TRACKING ON REDIRECT x", "ERR value is not an integer or out of range"),
        ("CLIENT TRACKING ON PREFIX a", "ERR PREFIX option requires BCAST mode to be enabled"),
        ("CLIENT TRACKING ON OPTIN OPTOUT", "ERR You can't specify both OPTIN mode and OPTOUT mode"),
        ("CLIENT TRACKING ON BCAST OPTIN", "ERR OPTIN and OPTOUT are not compatible with BCAST"),
        (
            "CLIENT TRACKING ON BCAST PREFIX a PREFIX ab",
            "ERR Prefix 'a' overlaps with another provided prefix 'ab'. "
            "Prefixes for a single client must not overlap.",
        ),
    ],
)
async def test_bad_tracking_options_are_refused(
    cache: RawConnection, request_line: str, complaint: str
) -> None:
    assert await cache.call(*request_line.split()) == Error.of(complaint)


@pytest.mark.parametrize(
    ("mode", "request_line", "beginning"),
    [
        (
            "ON BCAST",
            "CLIENT TRACKING ON",
            b"ERR You can't switch BCAST mode on/off before disabling tracking",
        ),
        ("ON OPTIN", "CLIENT TRACKING ON OPTOUT", b"ERR You can't switch OPTIN/OPTOUT mode before disabling"),
        (
            "OFF",
            "CLIENT CACHING YES",
            b"ERR CLIENT CACHING can be called only when the client is in tracking",
        ),
        (
            "ON",
            "CLIENT CACHING YES",
            b"ERR CLIENT CACHING YES is only valid when tracking is enabled in OPTIN",
        ),
        (
            "ON OPTIN",
            "CLIENT CACHING NO",
            b"ERR CLIENT CACHING NO is only valid when tracking is enabled in OPTOUT",
        ),
        ("ON OPTIN", "CLIENT CACHING FOO", b"ERR syntax error"),
    ],
)
async def test_what_does_not_fit_the_mode_is_refused(
    cache: RawConnection, mode: str, request_line: str, beginning: bytes
) -> None:
    await cache.call("CLIENT", "TRACKING", *mode.split())
    reply = await cache.call(*request_line.split())
    assert isinstance(reply, Error)
    assert reply.text.startswith(beginning)


async def test_a_key_that_expires_is_invalidated(
    respool_server: FakeServer, respool_raw: RawConnection
) -> None:
    respool_server.clock.freeze()
    await respool_raw.call("HELLO", 3)
    await respool_raw.call("SET", "k", "v", "PX", 100)
    await respool_raw.call("CLIENT", "TRACKING", "ON", "NOLOOP")
    await respool_raw.call("GET", "k")
    respool_server.clock.advance(0.1)
    assert await respool_raw.push() == invalidation(b"k")


async def test_what_the_test_itself_changes_is_invalidated(
    respool_server: FakeServer, respool_raw: RawConnection
) -> None:
    await respool_raw.call("HELLO", 3)
    await respool_raw.call("CLIENT", "TRACKING", "ON")
    await respool_raw.call("GET", "evicted")
    respool_server.db[0]["evicted"] = b"v"
    assert await respool_raw.push() == invalidation(b"evicted")
    await respool_raw.call("GET", "evicted")
    del respool_server.db[0]["evicted"]
    assert await respool_raw.push() == invalidation(b"evicted")
    respool_server.clear()
    assert await respool_raw.push() == Push([b"invalidate", None])
