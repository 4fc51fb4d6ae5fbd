"""How nodes are reached: under other addresses than their own, by name, by several connections at once."""

from __future__ import annotations

import pytest

from respool_cluster import ClusterConnectionPool, Node, RedisCluster
from respool_cluster._map.slot import key_slot
from respool_testing import FakeCluster
from respool_testing.simulation import Simulation, simulate


async def test_a_node_is_reached_where_the_caller_says(respool_cluster: FakeCluster) -> None:
    ports = {7000 + number: node.port for number, node in enumerate(respool_cluster.nodes)}

    def remap(node: Node) -> Node:
        return Node("127.0.0.1", ports.get(node.port, node.port))

    async with ClusterConnectionPool([Node("inside", 7000)], address_remap=remap) as pool:
        connection = await pool.get_connection(b"SET", "k")
        assert await (await connection.create_request(b"SET", "k", "v")) == b"OK"
        pool.release(connection)


async def test_so_it_is_by_the_client(respool_cluster: FakeCluster) -> None:
    ports = {7000 + number: node.port for number, node in enumerate(respool_cluster.nodes)}
    seed = Node("inside", 7000)
    client = RedisCluster(
        [seed], address_remap=lambda node: Node("127.0.0.1", ports.get(node.port, node.port))
    )
    async with client:
        assert [await client.set(key, "v") for key in ("a", "b", "k")] == [True] * 3


async def test_a_url_may_come_with_any_option_of_the_client(respool_cluster: FakeCluster) -> None:
    client = RedisCluster.from_url(
        respool_cluster.url, read_from_replicas=True, address_remap=lambda node: node
    )
    async with client:
        await client.set("k", "v")
        assert await client.get("k") == b"v"


async def test_commands_take_turns_on_the_connections_they_share(respool_cluster: FakeCluster) -> None:
    seed = Node(respool_cluster.nodes[0].host, respool_cluster.nodes[0].port)
    async with RedisCluster([seed], shared_connections=2) as client:
        for _ in range(10):
            await client.set("k", "v")
    entries = respool_cluster.owner_of("k").server.log
    assert len({entry.client_id for entry in entries if entry.name == "SET"}) == 2


@pytest.mark.parametrize("endpoint_type", ["ip", "hostname", "unknown"])
async def test_nodes_are_reached_however_they_are_called(endpoint_type: str) -> None:
    async with FakeCluster(endpoint_type=endpoint_type) as cluster:  # type: ignore[arg-type]
        seed = Node("127.0.0.1", cluster.nodes[0].port)
        async with ClusterConnectionPool(
            [seed], address_remap=lambda node: Node("127.0.0.1", node.port)
        ) as pool:
            for key in ("a", "b", "k"):
                connection = await pool.get_connection(b"SET", key)
                assert await (await connection.create_request(b"SET", key, "v")) == b"OK"
                pool.release(connection)


@pytest.mark.parametrize("endpoint_type", ["hostname", "unknown"])
async def test_a_slot_is_followed_to_a_node_without_a_name(endpoint_type: str) -> None:
    async with (
        FakeCluster(endpoint_type=endpoint_type) as cluster,  # type: ignore[arg-type]
        RedisCluster([Node("127.0.0.1", cluster.nodes[0].port)]) as client,
    ):
        await client.set("k", "v")
        target = next(node for node in cluster.primaries if node is not cluster.owner_of("k"))
        await cluster.migrate_slots([key_slot(b"k")], to=target)
        assert await client.get("k") == b"v"
        assert {node.host for node in await client.nodes()} == {"127.0.0.1"}


def test_a_seed_is_looked_up_anew_when_all_nodes_are_gone() -> None:
    """Behind its name there is another cluster by then, as when one was replaced whole."""

    async def main(simulation: Simulation) -> None:
        names = simulation.network.names
        async with (
            FakeCluster(port=7000, host="127.0.0.1") as first,
            FakeCluster(port=7000, host="127.0.0.2") as second,
        ):
            names["cluster"] = "127.0.0.1"
            async with RedisCluster([Node("cluster", 7000)]) as client:
                await client.set("k", "first")
                for node in first.nodes:
                    await first.kill(node)
                names["cluster"] = "127.0.0.2"
                assert await client.get("k") is None
                assert await client.set("k", "second")
                assert second.owner_of("k").server.log[-1].name == "SET"

    simulate(main)
