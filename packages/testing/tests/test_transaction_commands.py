"""MULTI, EXEC and WATCH, on a fake and on a real server."""

from __future__ import annotations

from respool_testing import FakeServer, RawConnection, ServerProcess
from respool_testing.replies import NULL_ARRAY, OK, QUEUED, Error, Reply

ABORTED = Error.of("EXECABORT Transaction discarded because of previous errors.")


async def say(client: RawConnection, *lines: str) -> list[Reply]:
    return [await client.call(*line.split()) for line in lines]


async def test_queued_commands_run_together(any_client: RawConnection) -> None:
    assert await say(any_client, "MULTI", "INCR n", "GET n") == [OK, QUEUED, QUEUED]
    assert await any_client.call("EXEC") == [1, b"1"]
    assert await any_client.call("INCR", "n") == 2


async def test_a_failing_command_does_not_stop_the_others(any_client: RawConnection) -> None:
    await say(any_client, "SET text x", "MULTI", "INCR text", "SET k v")
    assert await any_client.call("EXEC") == [Error.of("ERR value is not an integer or out of range"), OK]


async def test_a_command_that_cannot_be_queued_spoils_the_whole(any_client: RawConnection) -> None:
    await say(any_client, "MULTI", "SET k v", "NOSUCH", "GET")
    assert await any_client.call("EXEC") == ABORTED
    assert await any_client.call("EXISTS", "k") == 0


async def test_discard_forgets_what_was_queued(any_client: RawConnection) -> None:
    assert await say(any_client, "MULTI", "SET k v", "DISCARD", "EXISTS k") == [OK, QUEUED, OK, 0]


async def test_a_transaction_is_neither_nested_nor_ended_twice(any_client: RawConnection) -> None:
    replies = await say(any_client, "EXEC", "DISCARD", "MULTI", "MULTI", "WATCH k", "EXEC")
    assert replies == [
        Error.of("ERR EXEC without MULTI"),
        Error.of("ERR DISCARD without MULTI"),
        OK,
        Error.of("ERR MULTI calls can not be nested"),
        Error.of("ERR WATCH inside MULTI is not allowed"),
        [],
    ]


async def test_a_change_by_another_client_spoils_a_watch(
    any_client: RawConnection, any_server: FakeServer | ServerProcess
) -> None:
    await say(any_client, "WATCH k", "MULTI", "SET k mine")
    async with RawConnection(any_server.host, any_server.port) as other:
        await other.call("SET", "k", "theirs")
    assert await any_client.call("EXEC") == NULL_ARRAY
    assert await any_client.call("GET", "k") == b"theirs"


async def test_an_own_change_spoils_a_watch_too(any_client: RawConnection) -> None:
    await say(any_client, "WATCH k", "SET k v", "MULTI")
    assert await any_client.call("EXEC") == NULL_ARRAY


async def test_watching_again_does_not_forgive(any_client: RawConnection) -> None:
    await say(any_client, "WATCH k", "SET k v", "WATCH k", "MULTI")
    assert await any_client.call("EXEC") == NULL_ARRAY


async def test_unwatch_and_exec_forget_what_was_watched(any_client: RawConnection) -> None:
    assert await say(any_client, "WATCH k", "SET k v", "UNWATCH", "MULTI", "EXEC") == [OK, OK, OK, OK, []]
    assert await say(any_client, "WATCH k", "MULTI", "EXEC", "SET k w", "MULTI", "EXEC") == [
        OK,
        OK,
        [],
        OK,
        OK,
        [],
    ]


async def test_a_key_that_appears_and_vanishes_counts_as_changed(any_client: RawConnection) -> None:
    await say(any_client, "WATCH k", "SET k v", "DEL k", "MULTI")
    assert await any_client.call("EXEC") == NULL_ARRAY


async def test_an_expiry_spoils_a_watch(respool_server: FakeServer) -> None:
    respool_server.clock.freeze()
    async with RawConnection(respool_server.host, respool_server.port) as client:
        await say(client, "SET k v EX 10", "WATCH k", "MULTI")
        respool_server.clock.advance(10)
        assert await client.call("EXEC") == NULL_ARRAY


async def test_a_blocking_command_does_not_wait_inside_a_transaction(any_client: RawConnection) -> None:
    await say(any_client, "MULTI", "BLPOP q 0", "BLMOVE q p LEFT LEFT 0")
    assert await any_client.call("EXEC") == [NULL_ARRAY, None]
