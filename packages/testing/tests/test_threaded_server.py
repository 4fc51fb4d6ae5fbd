"""A fake server elsewhere: in a thread of its own, for synchronous tests and clients, or on another kind of loop."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import pytest

from respool_testing import FakeCluster, FakeSentinel, FakeServer, RawConnection
from respool_testing._certificate import Certificate
from respool_testing.raw import pack
from respool_testing.replies import PONG


@pytest.fixture
def server() -> Iterator[FakeServer]:
    """Offer a server in a thread."""
    with FakeServer() as running:
        yield running


def ask(server: FakeServer, *words: str | int) -> bytes:
    """Ask over a connection of its own."""
    with socket.create_connection((server.host, server.port), timeout=5) as connection:
        connection.sendall(pack(*words))
        return connection.recv(1000)


def test_a_blocking_client_is_served(server: FakeServer) -> None:
    assert ask(server, "SET", "k", "v") == b"+OK\r\n"
    assert server.db[0]["k"] == b"v"
    server.log.assert_called("SET", "k", times=1)


def test_a_synchronous_client_of_another_make_works(server: FakeServer) -> None:
    redis = pytest.importorskip("redis")
    with redis.Redis(host=server.host, port=server.port) as client:
        client.set("k", "v", ex=60)
        server.clock.freeze()
        server.clock.advance(61)
        assert client.get("k") is None
        assert [each.blocked for each in server.connections] == [False]


def test_the_clock_wakes_a_client_that_blocks(server: FakeServer) -> None:
    server.clock.freeze()
    with socket.create_connection((server.host, server.port), timeout=5) as client:
        client.sendall(pack("BLPOP", "q", 5))
        server.wait_until(lambda: any(each.blocked for each in server.connections))
        server.clock.advance(5)
        assert client.recv(100) == b"*-1\r\n"


def test_a_written_key_wakes_a_client_that_blocks(server: FakeServer) -> None:
    with socket.create_connection((server.host, server.port), timeout=5) as client:
        client.sendall(pack("BLPOP", "q", 0))
        server.wait_until(lambda: any(each.blocked for each in server.connections))
        server.db[0]["q"] = ["job"]
        assert client.recv(100) == b"*2\r\n$1\r\nq\r\n$3\r\njob\r\n"


def test_faults_are_armed_from_the_test(server: FakeServer) -> None:
    with server.faults.on("PING").drop_connection():
        assert ask(server, "PING") == b""
    assert ask(server, "PING") == b"+PONG\r\n"


def test_coroutines_run_there(server: FakeServer) -> None:
    port = server.port
    server.db[0]["k"] = "v"
    server.run(server.restart())
    assert (server.port, "k" in server.db[0]) == (port, False)
    assert ask(server, "PING") == b"+PONG\r\n"


def test_waiting_has_an_end(server: FakeServer) -> None:
    with pytest.raises(TimeoutError, match=r"after 0.01 seconds"):
        server.wait_until(lambda: False, timeout=0.01)


async def test_clients_on_any_loop_are_served() -> None:
    with FakeServer() as server:
        async with RawConnection(server.host, server.port) as client:
            assert await client.call("PING") == PONG
            await server.until(lambda: len(server.log) == 1)


async def test_without_a_thread_there_is_nothing_to_run_in() -> None:
    async with FakeServer() as server:
        with pytest.raises(RuntimeError, match="for `with`"):
            server.run(server.restart())


def test_the_thread_ends_with_the_block() -> None:
    before = threading.active_count()
    with FakeServer():
        assert threading.active_count() == before + 1
    assert threading.active_count() == before


def test_a_server_that_cannot_start_leaves_no_thread() -> None:
    before = threading.active_count()
    with FakeServer() as first, pytest.raises(OSError, match="in use"), FakeServer(port=first.port):
        pass
    assert threading.active_count() == before


def test_an_error_on_the_other_side_is_raised_on_this_one(server: FakeServer) -> None:
    with pytest.raises(KeyError):
        server.db[0]["missing"]


def test_a_cluster_fails_over_in_a_thread(respool_cluster: FakeCluster) -> None:
    primary = respool_cluster.owner_of("k")
    assert ask(primary.server, "SET", "k", "v") == b"+OK\r\n"
    promoted = respool_cluster.run(respool_cluster.failover(primary))
    assert ask(promoted.server, "GET", "k") == b"$1\r\nv\r\n"
    assert respool_cluster.call(lambda: respool_cluster.owner_of("k")) is promoted


def test_faults_of_a_cluster_are_armed_on_all_nodes(respool_cluster: FakeCluster) -> None:
    with respool_cluster.faults.on("PING").loading() as fault:
        for node in respool_cluster.nodes:
            assert ask(node.server, "PING").startswith(b"-LOADING")
    assert fault.hits == 6


def test_sentinels_answer_in_a_thread(respool_sentinel: FakeSentinel) -> None:
    promoted = respool_sentinel.run(respool_sentinel.failover())
    asked = ask(respool_sentinel.sentinels[0], "SENTINEL", "GET-MASTER-ADDR-BY-NAME", "mymaster")
    assert str(promoted.port).encode() in asked


def test_a_server_runs_on_loops_of_other_make(respool_certificate: Certificate | None) -> None:
    uvloop = pytest.importorskip("uvloop")
    if respool_certificate is None:
        pytest.skip("needs trustme")
    trust = respool_certificate.trust

    async def main() -> None:
        async with FakeServer(tls=respool_certificate.served, tls_port=0) as server:
            slow = server.faults.on_handshake().delay(0.01)
            async with RawConnection(server.host, server.tls_port or 0, tls=trust) as client:
                assert await client.call("PING") == PONG
            assert slow.hits == 1
            async with RawConnection(server.host, server.port) as client, server.refusing_connections():
                assert await client.call("PING") == PONG

    uvloop.run(main())
