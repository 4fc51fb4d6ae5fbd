"""Commands that the table does not hold: where they go, what is asked for that, and how often."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from respool.errors import ConnectionError, RedisClusterError, UnknownCommandError
from respool_cluster import Node, RedisCluster
from respool_cluster._routing.entry import NO_KEYS, Entry, read_entry
from respool_testing import FakeCluster
from respool_testing.faults import Exchange, Fault, ReplyWith

OK = b"done"


@pytest_asyncio.fixture
async def client(respool_cluster: FakeCluster) -> AsyncIterator[RedisCluster[bytes]]:
    node = respool_cluster.nodes[0]
    async with RedisCluster([Node(node.host, node.port)]) as client:
        await client.ping()
        yield client


def told(first: int, last: int, step: int, *flags: bytes, subcommands: int = 0) -> list[object]:
    """Return what COMMAND INFO says of one command."""
    return [b"mod.do", -2, list(flags), first, last, step, [], [], [], [b"sub"] * subcommands]


def describe(cluster: FakeCluster, first: int, last: int, step: int, *flags: bytes) -> Fault:
    """Let all nodes describe MOD.DO."""
    entry = told(first, last, step, *flags)
    return cluster.faults.on("COMMAND", "INFO", "MOD.DO").reply_with([entry])  # type: ignore[list-item]


def serve(cluster: FakeCluster, key: str) -> Fault:
    """Let the node of a key alone know MOD.DO."""
    owner = cluster.owner_of(key)
    return cluster.faults.on("MOD.DO", node=f"{owner.host}:{owner.port}").reply_with(OK)


@pytest.mark.parametrize(
    ("reply", "entry"),
    [
        ([told(1, 1, 1)], Entry(1, 1, 1, must_ask=False)),
        ([told(0, 0, 0, b"movablekeys")], Entry(0, 0, 0, must_ask=True)),
        ([told(0, 0, 0, subcommands=1)], Entry(0, 0, 0, must_ask=True)),
        ([told(2, 2, 1, subcommands=1)], Entry(2, 2, 1, must_ask=False)),
        ([[b"old", 2, [b"write"], 1, -1, 2]], Entry(1, -1, 2, must_ask=False)),
        ([None], None),
        ([], None),
        (b"OK", None),
        ([[b"short"]], None),
        ([[b"odd", 1, [], b"1", 1, 1]], None),
    ],
)
def test_what_servers_say_of_a_command_is_read(reply: object, entry: Entry | None) -> None:
    assert read_entry(reply) == entry


@pytest.mark.parametrize(
    ("entry", "keys"),
    [
        (Entry(1, 1, 1, must_ask=False), ["a"]),
        (Entry(1, -1, 1, must_ask=False), ["a", "1", "b", "2"]),
        (Entry(1, -1, 2, must_ask=False), ["a", "b"]),
        (Entry(1, -2, 2, must_ask=False), ["a", "b"]),
        (Entry(2, 2, 0, must_ask=False), ["1"]),
        (Entry(9, 9, 1, must_ask=False), []),
        (NO_KEYS, []),
    ],
)
def test_keys_stand_where_the_server_said(entry: Entry, keys: list[str]) -> None:
    assert entry.keys(("MOD.DO", "a", "1", "b", "2")) == keys


async def test_an_unknown_command_goes_to_the_node_of_its_key(
    respool_cluster: FakeCluster, client: RedisCluster[bytes]
) -> None:
    describe(respool_cluster, 1, 1, 1)
    serve(respool_cluster, "k")
    assert await client.execute_command("mod.do", "k", 1) == OK


async def test_it_is_asked_for_once(respool_cluster: FakeCluster, client: RedisCluster[bytes]) -> None:
    described = describe(respool_cluster, 1, 1, 1)
    serve(respool_cluster, "k")
    calls = [client.execute_command("MOD.DO", "{k}", each) for each in range(3)]
    assert await asyncio.gather(*calls) == [OK] * 3
    assert await client.execute_command("MOD.DO", "k") == OK
    assert described.hits == 1


async def test_keys_in_several_slots_are_refused_before_anything_is_sent(
    respool_cluster: FakeCluster, client: RedisCluster[bytes]
) -> None:
    describe(respool_cluster, 1, -1, 1)
    for _ in range(2):  # when it is asked for, and when it is known
        with pytest.raises(RedisClusterError, match=r"several slots .*'a'.*'b'"):
            await client.execute_command("MOD.DO", "a", "b")


async def test_keys_that_only_the_server_can_tell_are_asked_for(
    respool_cluster: FakeCluster, client: RedisCluster[bytes]
) -> None:
    describe(respool_cluster, 0, 0, 0, b"movablekeys")
    respool_cluster.faults.on("COMMAND", "GETKEYS", "MOD.DO").reply_with([b"k"])
    serve(respool_cluster, "k")
    assert await client.execute_command("MOD.DO", 1, "k") == OK


async def test_a_call_without_keys_goes_to_any_node(
    respool_cluster: FakeCluster, client: RedisCluster[bytes]
) -> None:
    describe(respool_cluster, 0, 0, 0, b"movablekeys")
    respool_cluster.faults.on("COMMAND", "GETKEYS").reply_error("ERR The command has no key arguments")
    respool_cluster.faults.on("MOD.DO").reply_with(OK)
    assert await client.execute_command("MOD.DO") == OK


async def test_a_command_that_nobody_knows_is_the_servers_to_refuse(client: RedisCluster[bytes]) -> None:
    for _ in range(2):
        with pytest.raises(UnknownCommandError):
            await client.execute_command("NO.SUCH", "k")


async def test_where_asking_is_forbidden_any_node_is_tried(
    respool_cluster: FakeCluster, client: RedisCluster[bytes]
) -> None:
    asked = respool_cluster.faults.on("COMMAND").reply_error("NOPERM no permissions")
    respool_cluster.faults.on("MOD.DO").reply_with(OK)
    assert [await client.execute_command("MOD.DO", "k") for _ in range(2)] == [OK, OK]
    assert asked.hits == 1


async def test_a_pipeline_asks_too(respool_cluster: FakeCluster, client: RedisCluster[bytes]) -> None:
    describe(respool_cluster, 1, 1, 1)
    serve(respool_cluster, "k")
    pipe = client.pipeline(transaction=False)
    pipe.execute_command("MOD.DO", "k")
    pipe.set("b", 1)
    assert await pipe.execute() == [OK, True]


async def test_a_pipeline_keeps_its_order_while_it_asks(
    respool_cluster: FakeCluster, client: RedisCluster[bytes]
) -> None:
    describe(respool_cluster, 1, 1, 1)
    server, before = respool_cluster.owner_of("k").server, []

    def note(_: Exchange) -> ReplyWith:
        before.append(server.log[-1].name)
        return ReplyWith(OK)

    server.faults.on("MOD.DO").intercept(note)
    pipe = client.pipeline(transaction=False)
    pipe.append("k", "v")
    pipe.execute_command("MOD.DO", "k")
    pipe.strlen("k")
    assert await pipe.execute() == [1, OK, 1]
    assert before == ["APPEND"]


async def test_a_pipeline_refuses_what_lies_in_several_slots_alone(
    respool_cluster: FakeCluster, client: RedisCluster[bytes]
) -> None:
    describe(respool_cluster, 1, -1, 1)
    pipe = client.pipeline(transaction=False)
    pipe.execute_command(bytearray(b"mod.do"), "a", "b")
    pipe.set("b", 1)
    refused, done = await pipe.execute(raise_on_error=False)
    assert isinstance(refused, RedisClusterError)
    assert done is True


async def test_a_transaction_goes_where_unknown_commands_lead(
    respool_cluster: FakeCluster, client: RedisCluster[bytes]
) -> None:
    described = describe(respool_cluster, 1, 1, 1)
    pipe = client.pipeline()
    pipe.execute_command("MOD.DO", "a")
    pipe.get("b")
    with pytest.raises(RedisClusterError, match="these keys lie in slots"):
        await pipe.execute()
    assert described.hits == 1


async def test_a_cancelled_question_leaves_the_others_theirs(
    respool_cluster: FakeCluster, client: RedisCluster[bytes]
) -> None:
    describe(respool_cluster, 1, 1, 1)
    serve(respool_cluster, "k")
    gone, kept = client.execute_command("MOD.DO", "k"), client.execute_command("MOD.DO", "k")
    gone.cancel()
    assert await kept == OK


async def test_who_closes_the_client_ends_the_questions(respool_cluster: FakeCluster) -> None:
    client = RedisCluster([Node(respool_cluster.nodes[0].host, respool_cluster.nodes[0].port)])
    reply = client.execute_command("MOD.DO", "k")
    await asyncio.wait([reply], timeout=0)
    await client.aclose()
    with pytest.raises(ConnectionError, match="closed"):
        await reply
