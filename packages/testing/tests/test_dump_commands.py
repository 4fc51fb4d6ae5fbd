"""Keys as bytes, carried from one server to another, on a fake and on a real server."""

from __future__ import annotations

import pytest

from respool_testing import FakeServer, RawConnection, ServerProcess
from respool_testing.replies import OK, Error, Reply

WRONG = Error.of("ERR DUMP payload version or checksum are wrong")


async def dump_of(client: RawConnection, key: str) -> bytes:
    """Return a key as bytes."""
    payload = await client.call("DUMP", key)
    assert isinstance(payload, bytes)
    return payload


@pytest.mark.parametrize(
    ("setup", "asked", "expected"),
    [
        ("SET k v", "GET copy", b"v"),
        ("RPUSH k a b a", "LRANGE copy 0 -1", [b"a", b"b", b"a"]),
        ("HSET k f v", "HGET copy f", b"v"),
    ],
)
async def test_what_was_dumped_can_be_restored(
    any_client: RawConnection, setup: str, asked: str, expected: Reply
) -> None:
    await any_client.call(*setup.split())
    assert await any_client.call("RESTORE", "copy", "0", await dump_of(any_client, "k")) == OK
    assert await any_client.call(*asked.split()) == expected
    assert await any_client.call("TTL", "copy") == -1


async def test_a_missing_key_cannot_be_dumped(any_client: RawConnection) -> None:
    assert await any_client.call("DUMP", "k") is None


async def test_a_restored_key_lives_as_long_as_it_is_told(any_client: RawConnection) -> None:
    await any_client.call("SET", "k", "v")
    payload = await dump_of(any_client, "k")
    assert await any_client.call("RESTORE", "a", "90000", payload) == OK
    assert await any_client.call("TTL", "a") == 90
    assert await any_client.call("RESTORE", "k", "1", payload, "REPLACE", "ABSTTL") == OK
    assert await any_client.call("EXISTS", "k") == 0


async def test_an_existing_key_is_replaced_only_on_demand(any_client: RawConnection) -> None:
    await any_client.call("SET", "k", "new")
    payload = await dump_of(any_client, "k")
    await any_client.call("SET", "k", "old")
    busy = Error.of("BUSYKEY Target key name already exists.")
    assert await any_client.call("RESTORE", "k", "0", payload) == busy
    assert await any_client.call("RESTORE", "k", "0", payload, "REPLACE") == OK
    assert await any_client.call("GET", "k") == b"new"


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        ("-1 x", Error.of("ERR Invalid TTL value, must be >= 0")),
        ("0 x", WRONG),
        ("x x", Error.of("ERR value is not an integer or out of range")),
        ("0 x FREQ 300", Error.of("ERR Invalid FREQ value, must be >= 0 and <= 255")),
        ("0 x IDLETIME -1", Error.of("ERR Invalid IDLETIME value, must be >= 0")),
        ("0 x FREQ 1", WRONG),
        ("0 x WHATEVER", Error.of("ERR syntax error")),
    ],
)
async def test_what_cannot_be_restored_is_refused(
    any_client: RawConnection, words: str, complaint: Error
) -> None:
    assert await any_client.call("RESTORE", "k", *words.split()) == complaint


async def test_a_payload_that_was_changed_is_refused(any_client: RawConnection) -> None:
    await any_client.call("SET", "k", "value")
    payload = (await dump_of(any_client, "k")).replace(b"value", b"worth")
    assert await any_client.call("RESTORE", "copy", "0", payload) == WRONG


async def test_fake_and_real_servers_refuse_each_others(
    real_server: ServerProcess, respool_server: FakeServer
) -> None:
    async with (
        RawConnection(real_server.host, real_server.port) as real,
        RawConnection(respool_server.host, respool_server.port) as fake,
    ):
        for one, other in ((real, fake), (fake, real)):
            await one.call("SET", "k", "v")
            assert await other.call("RESTORE", "copy", "0", await dump_of(one, "k")) == WRONG


@pytest.mark.parametrize("name", ["CLIENT", "CONFIG", "OBJECT", "PUBSUB"])
async def test_help_lists_the_subcommands(any_client: RawConnection, name: str) -> None:
    lines = await any_client.call(name, "HELP")
    assert isinstance(lines, list)
    said = [str(line) for line in lines]
    assert f"{name} <subcommand> [<arg> [value] [opt] ...]. Subcommands are:" in said[0]
    assert any("HELP" in line for line in said[1:])
