"""The pools and the client on a real cluster, a hung primary included."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from packages.cluster.tests.real_cluster import real_binary, running_cluster
from respool import Connection
from respool_cluster import BlockingClusterConnectionPool, ClusterConnectionPool, Node
from respool_cluster._slot import key_slot
from respool_testing import ServerProcess

FIRST, SECOND = "b", "a"  # keys of the first primary and of the second


@pytest.fixture(scope="module")
def nodes() -> Iterator[list[ServerProcess]]:
    """Run a cluster for the tests that leave it as it was."""
    with running_cluster(real_binary()) as nodes:
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


async def test_real_nodes_are_described(nodes: list[ServerProcess]) -> None:
    async with ClusterConnectionPool(seed_of(nodes)) as pool:
        await pool.warm_up()
        roles = {node.port: node.server_type for node in pool.nodes.nodes.values()}
        assert roles == {nodes[0].port: "primary", nodes[1].port: "primary", nodes[2].port: "replica"}
        assert pool.nodes.nodes[f"127.0.0.1:{nodes[1].port}"].node_id == _id_of(nodes[1])


def _id_of(node: ServerProcess) -> str:
    return node.call("CLUSTER", "MYID")[5:-2].decode()
