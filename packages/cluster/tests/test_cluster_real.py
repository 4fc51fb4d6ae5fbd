"""The pools and the client on a real cluster, a hung primary included."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Iterator

import pytest

from packages.cluster.tests.real_cluster import id_of, real_binary, running_cluster
from respool import Connection, Pipeline, Watched
from respool.errors import RedisClusterError, WatchError
from respool_cluster import (
    BlockingClusterConnectionPool,
    ClusterConnectionPool,
    LowestLatency,
    Node,
    RedisCluster,
    ReplicaOrder,
    SameZone,
)
from respool_cluster._map.slot import key_slot
from respool_testing import ServerProcess

FIRST, SECOND = "b", "a"  # keys of the first primary and of the second

_UNDER_OTHER_NAMES = ["--rename-command", "APPEND", "mod.append", "--rename-command", "SORT", "mod.sort"]


@pytest.fixture(scope="module")
def nodes() -> Iterator[list[ServerProcess]]:
    """Run a cluster for the tests that leave it as it was."""
    with running_cluster(real_binary(), *_UNDER_OTHER_NAMES) as nodes:
        yield nodes


def seed_of(nodes: list[ServerProcess]) -> list[Node]:
    return [Node(nodes[1].host, nodes[1].port)]


@pytest.mark.parametrize("kind", [ClusterConnectionPool, BlockingClusterConnectionPool])
async def test_a_pool_leads_to_real_nodes(
    nodes: list[ServerProcess], kind: type[ClusterConnectionPool]
) -> None:
    async with kind(seed_of(nodes)) as pool:
        for key, owner in ((FIRST, nodes[0]), (SECOND, nodes[1])):
            connection = await pool.get_connection(b"SET", key)
            assert isinstance(connection, Connection)
            assert connection.port == owner.port
            assert await (await connection.create_request(b"SET", key, "v")) == b"OK"
            pool.release(connection)


async def test_a_real_replica_answers_reads(nodes: list[ServerProcess]) -> None:
    async with ClusterConnectionPool(seed_of(nodes), read_from_replicas=True) as pool:
        connection = await pool.get_connection_by_slot(key_slot(FIRST.encode()))
        assert isinstance(connection, Connection)
        assert connection.port == nodes[2].port
        await (await connection.create_request(b"GET", FIRST))
        pool.release(connection)


@pytest.mark.parametrize("order", [LowestLatency(), SameZone("here")], ids=repr)
async def test_real_replicas_are_read_in_any_order(nodes: list[ServerProcess], order: ReplicaOrder) -> None:
    nodes[2].call("CONFIG", "RESETSTAT")
    async with RedisCluster(seed_of(nodes), read_from_replicas=order) as client:
        for _ in range(3):
            await client.get(FIRST)
    assert b"cmdstat_get:calls=3," in nodes[2].call("INFO", "commandstats")


async def test_real_nodes_tell_their_epochs(nodes: list[ServerProcess]) -> None:
    async with ClusterConnectionPool(seed_of(nodes)) as pool:
        topology = await pool.nodes.initialize()
        assert sorted(topology.epochs[shard.primary] for shard in topology.shards) == [1, 2, 4]


async def test_real_nodes_are_described(nodes: list[ServerProcess]) -> None:
    async with ClusterConnectionPool(seed_of(nodes)) as pool:
        await pool.warm_up()
        roles = {node.port: node.server_type for node in pool.nodes.nodes.values()}
        replica = nodes[2].port
        assert roles == {node.port: "replica" if node.port == replica else "primary" for node in nodes}
        assert pool.nodes.nodes[f"127.0.0.1:{nodes[1].port}"].node_id == id_of(nodes[1])


async def test_a_command_that_blocks_waits_at_its_node(nodes: list[ServerProcess]) -> None:
    async with RedisCluster(seed_of(nodes)) as client:
        for key in (FIRST + "{l}", SECOND):
            await client.delete(key)
            popped = client.blpop(key, timeout=0)
            await client.rpush(key, "v")
            assert await popped == (key.encode(), b"v")


async def test_watched_keys_stop_transactions_on_real_nodes(nodes: list[ServerProcess]) -> None:
    async with RedisCluster(seed_of(nodes), decode_responses=True) as client:
        await client.set(SECOND, 1)

        async def double(watched: Watched[str], pipe: Pipeline[str]) -> None:
            value = int(await watched.get(SECOND) or 0)
            if value == 1:
                await client.set(SECOND, 2)
            pipe.set(SECOND, 2 * value)

        assert await client.transaction(double, SECOND) == [True]
        assert await client.get(SECOND) == "4"


async def test_watching_waits_for_keys_between_real_nodes(nodes: list[ServerProcess]) -> None:
    key = "{b}moving"
    slot, ids = key_slot(b"b"), {node.port: id_of(node) for node in nodes}
    async with RedisCluster(seed_of(nodes)) as client, client.watch(key) as watched:
        nodes[1].call("CLUSTER", "SETSLOT", slot, "IMPORTING", ids[nodes[0].port])
        nodes[0].call("CLUSTER", "SETSLOT", slot, "MIGRATING", ids[nodes[1].port])
        pipe = watched.pipeline()
        pipe.set(key, 1)
        with pytest.raises(WatchError, match=f"slot {slot} went"):
            await pipe.execute()
        for node in nodes[:2]:
            node.call("CLUSTER", "SETSLOT", slot, "STABLE")


async def test_a_lock_is_held_by_one_on_real_nodes(nodes: list[ServerProcess]) -> None:
    async with RedisCluster(seed_of(nodes)) as client, client.lock("job", renew=True):
        assert not await client.lock("job", blocking_timeout=0).acquire()


async def test_commands_the_table_lacks_are_asked_for(nodes: list[ServerProcess]) -> None:
    async with RedisCluster(seed_of(nodes)) as client:
        for key in (FIRST + "{new}", SECOND, FIRST):
            await client.delete(key)
            assert await client.execute_command("MOD.APPEND", key, "abc") == 3
        with pytest.raises(RedisClusterError, match="several slots"):
            await client.execute_command("MOD.SORT", "list", "STORE", "other")


async def test_a_stopped_primary_is_left_for_its_heir() -> None:
    with running_cluster(real_binary()) as nodes:
        async with RedisCluster(seed_of(nodes)) as client:
            await client.set(FIRST, "v")
            pid = nodes[0].pid
            assert pid is not None
            os.kill(pid, signal.SIGSTOP)
            try:
                # Reads are repeated; nothing comes back before the others have elected the replica.
                assert await asyncio.wait_for(client.get(FIRST), 15) == b"v"
                assert await client.set(FIRST, "w")
                assert nodes[2].call("ROLE").startswith(b"*3\r\n$6\r\nmaster")
            finally:
                os.kill(pid, signal.SIGCONT)
