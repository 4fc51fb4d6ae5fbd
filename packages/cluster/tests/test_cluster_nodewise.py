"""What is asked of nodes by name, and scripts, which each node keeps by itself."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from respool.errors import ConnectionError, DataError, MovedError, NoScriptError, ResponseError
from respool_cluster import Node, RedisCluster
from respool_testing import FakeCluster

KEYS = [f"k{number}" for number in range(30)]


@pytest_asyncio.fixture
async def client(respool_cluster: FakeCluster) -> AsyncIterator[RedisCluster[str]]:
    async with RedisCluster([node_of(respool_cluster)], decode_responses=True) as client:
        yield client


def node_of(cluster: FakeCluster, place: int = 0) -> Node:
    return Node(cluster.nodes[place].host, cluster.nodes[place].port)


async def test_nodes_are_told_by_role(respool_cluster: FakeCluster, client: RedisCluster[str]) -> None:
    ports = {node.port for node in respool_cluster.nodes}
    primaries = {node.port for node in respool_cluster.primaries}
    assert {node.port for node in await client.nodes()} == ports
    assert {node.port for node in await client.nodes("primaries")} == primaries
    assert {node.port for node in await client.nodes("replicas")} == ports - primaries
    assert {node.port for node in await client.nodes("random")} < primaries


async def test_one_node_has_every_method(respool_cluster: FakeCluster, client: RedisCluster[str]) -> None:
    await client.mset(dict.fromkeys(KEYS, "v"))
    counts = [await client.on(node).dbsize() for node in await client.nodes("primaries")]
    assert sum(counts) == len(KEYS)
    assert 0 not in counts


async def test_a_node_does_not_answer_for_others(
    respool_cluster: FakeCluster, client: RedisCluster[str]
) -> None:
    owner = respool_cluster.owner_of("k")
    other = next(node for node in await client.nodes("primaries") if node.port != owner.port)
    with pytest.raises(MovedError):
        await client.on(other).get("k")


async def test_something_done_on_each_comes_by_node(client: RedisCluster[str]) -> None:
    await client.mset(dict.fromkeys(KEYS, "v"))
    counts = await client.for_each(lambda node: node.dbsize())
    assert list(counts) == await client.nodes("primaries")
    assert sum(counts.values()) == len(KEYS)


async def test_what_fails_on_one_fails_when_all_are_done(
    respool_cluster: FakeCluster, client: RedisCluster[str]
) -> None:
    respool_cluster.primaries[0].server.faults.on("DBSIZE").reply_error("ERR not today")
    with pytest.raises(ResponseError, match="not today"):
        await client.for_each(lambda node: node.dbsize())


async def test_any_command_goes_to_one_node_or_several(
    respool_cluster: FakeCluster, client: RedisCluster[str]
) -> None:
    node = node_of(respool_cluster, 1)
    assert await client.execute_command("ECHO", "ü", node=node) == "ü"
    assert await client.execute_command("ECHO", "ü", nodes=[node]) == {node: "ü"}
    everywhere = await client.execute_command("PING", nodes="all")
    assert everywhere == dict.fromkeys(await client.nodes(), "PONG")


async def test_no_nodes_are_no_replies(client: RedisCluster[str]) -> None:
    assert await client.execute_command("PING", nodes=[]) == {}


async def test_what_is_no_node_is_refused(client: RedisCluster[str]) -> None:
    with pytest.raises(DataError, match="not 'everyone'"):
        await client.execute_command("PING", nodes="everyone")  # type: ignore[arg-type]
    with pytest.raises(DataError, match="a ManagedNode"):
        client.on("127.0.0.1:7000")  # type: ignore[arg-type]


async def test_a_client_of_a_node_ends_with_that_of_the_cluster(respool_cluster: FakeCluster) -> None:
    async with RedisCluster([node_of(respool_cluster)]) as client:
        alone = client.on(node_of(respool_cluster))
        await alone.ping()
    with pytest.raises(ConnectionError, match="was closed"):
        await alone.ping()
    with pytest.raises(ConnectionError, match="was closed"):
        client.on(node_of(respool_cluster))


async def test_a_script_reaches_every_node_that_lacks_it(client: RedisCluster[str]) -> None:
    script = client.register_script("return redis.call('INCR', KEYS[1])")
    assert [await script([key]) for key in KEYS] == [1] * len(KEYS)
    assert [await script([key]) for key in KEYS] == [2] * len(KEYS)


async def test_a_script_that_only_its_digest_is_known_of_is_missed(client: RedisCluster[str]) -> None:
    with pytest.raises(NoScriptError):
        await client.evalsha("0" * 40, 1, "k")


@pytest.mark.parametrize("transaction", [True, False])
async def test_a_script_in_a_pipeline_is_sent_with_its_source_where_need_be(
    client: RedisCluster[str], transaction: bool
) -> None:
    script = client.register_script("return redis.call('INCR', KEYS[1])")
    keys = ["{t}a", "{t}b"] if transaction else ["a", "b", "k"]
    pipe = client.pipeline(transaction=transaction)
    for key in keys:
        script([key], client=pipe)
    assert await pipe.execute() == [1] * len(keys)
