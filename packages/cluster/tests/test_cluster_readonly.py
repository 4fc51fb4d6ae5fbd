"""READONLY: said in front of everything, waited for by nobody, and no reason to throw a connection away."""

from __future__ import annotations

import pytest

from respool.errors import ResponseError
from respool_cluster import ClusterConnection, ClusterConnectionPool, Node
from respool_testing import FakeCluster, FakeServer


async def test_a_lease_that_reads_from_a_replica_is_used_again(respool_cluster: FakeCluster) -> None:
    seed = Node(respool_cluster.nodes[0].host, respool_cluster.nodes[0].port)
    async with ClusterConnectionPool([seed], read_from_replicas=True) as pool:
        first = await pool.get_connection(b"GET", "k")
        await (await first.create_request(b"GET", "k"))
        pool.release(first)
        assert await pool.get_connection(b"GET", "k") is first
        pool.release(first)


async def test_it_is_said_in_front_of_everything(respool_cluster: FakeCluster) -> None:
    replica = respool_cluster.replicas[0]
    connection = ClusterConnection(replica.host, replica.port, read_from_replicas=True)
    await connection.connect()
    assert connection.requests_pending == 1
    await (await connection.create_request(b"PING"))
    names = [entry.name for entry in replica.server.log]
    assert names[-2:] == ["READONLY", "PING"]
    connection.disconnect()
    await connection.wait_closed()


async def test_a_server_that_knows_no_replicas_is_left(respool_server: FakeServer) -> None:
    connection = ClusterConnection(respool_server.host, respool_server.port, read_from_replicas=True)
    with pytest.raises(ResponseError, match="cluster support disabled"):
        await (await connection.create_request(b"BLPOP", "k", 0))
    await connection.wait_closed()
    assert not connection.is_connected
