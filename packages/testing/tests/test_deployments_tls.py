"""Fake clusters and sentinel deployments that speak TLS."""

from __future__ import annotations

import pytest

from respool_testing import FakeCluster, FakeSentinel, FakeServer, RawConnection
from respool_testing._certificate import Certificate
from respool_testing.replies import OK, PONG, Error, Reply


async def ask(server: FakeServer, certificate: Certificate, *words: str) -> Reply:
    """Ask a server something over TLS."""
    async with RawConnection(server.host, server.port, tls=certificate.trust) as client:
        return await client.call(*words)


async def test_every_node_of_a_cluster_speaks_tls(respool_certificate: Certificate | None) -> None:
    if respool_certificate is None:
        pytest.skip("needs trustme")
    async with FakeCluster(primaries=2, replicas=1, tls=respool_certificate.served) as cluster:
        assert cluster.url.startswith("rediss://")
        owner = cluster.owner_of("k")
        other = next(node for node in cluster.primaries if node is not owner)
        assert await ask(owner.server, respool_certificate, "SET", "k", "v") == OK
        moved = Error.of(f"MOVED 7629 {owner.name}")
        assert await ask(other.server, respool_certificate, "GET", "k") == moved
        assert await ask(cluster.replicas[0].server, respool_certificate, "PING") == PONG


async def test_sentinels_and_their_servers_speak_tls(respool_certificate: Certificate | None) -> None:
    if respool_certificate is None:
        pytest.skip("needs trustme")
    async with FakeSentinel(tls=respool_certificate.served) as deployment:
        named = await ask(
            deployment.sentinels[0], respool_certificate, "SENTINEL", "GET-MASTER-ADDR-BY-NAME", "mymaster"
        )
        assert named == [b"127.0.0.1", b"%d" % deployment.primary.port]
        assert await ask(deployment.primary, respool_certificate, "PING") == PONG
        assert await ask(deployment.replicas[0], respool_certificate, "PING") == PONG
