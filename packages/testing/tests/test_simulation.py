"""Virtual time and the network in memory: what can happen there, and that it happens again."""

from __future__ import annotations

import asyncio
import random
import socket
import time
from collections.abc import Callable, Coroutine

import pytest

from respool import Redis
from respool.errors import ConnectionError as RedisConnectionError
from respool_testing import FakeSentinel, FakeServer, RawConnection
from respool_testing.replies import OK, PONG
from respool_testing.simulation import Simulation, SimulationStuck, simulate, simulate_many, uniform_delay


async def dialogue(simulation: Simulation) -> str:
    """Talk to a fake server for a long while; return what the network looked like."""
    async with FakeServer() as server, Redis.from_url(server.url) as redis:
        for _ in range(5):
            await asyncio.gather(*(redis.incr("n") for _ in range(20)))
            await asyncio.sleep(simulation.random.uniform(0, 60))
        assert await redis.get("n") == b"100"
    return simulation.network.fingerprint


def test_waiting_costs_nothing() -> None:
    async def main(simulation: Simulation) -> float:
        await asyncio.sleep(30_000)
        return simulation.seconds

    before = time.monotonic()
    assert simulate(main, limit=40_000) == 30_000
    assert time.monotonic() - before < 30


def test_a_seed_replays_exactly() -> None:
    assert simulate(dialogue, seed=1) == simulate(dialogue, seed=1) != simulate(dialogue, seed=2)


def test_a_failure_names_its_seed(capsys: pytest.CaptureFixture[str]) -> None:
    async def main(simulation: Simulation) -> None:
        await asyncio.sleep(2)
        assert simulation.seed != 3

    with pytest.raises(AssertionError) as failed:
        simulate_many(main, seeds=range(10))
    # Before Python 3.11 an error cannot carry notes, and it is printed.
    said = getattr(failed.value, "__notes__", capsys.readouterr().err.splitlines())
    assert said == ["simulate: failed after 2.000 virtual seconds; seed=3 replays it"]


def test_what_can_never_happen_is_not_waited_for() -> None:
    async def main(simulation: Simulation) -> None:
        await asyncio.Event().wait()

    with pytest.raises(SimulationStuck, match=r"nothing will ever happen any more(.|\n)*main"):
        simulate(main)


def test_a_simulation_has_an_end() -> None:
    async def main(simulation: Simulation) -> None:
        for _ in range(11):
            await asyncio.sleep(10)

    with pytest.raises(SimulationStuck, match=r"still running after 100 virtual seconds"):
        simulate(main, limit=100)


async def connect_real_socket() -> object:
    """Bring a real socket along."""
    with socket.socket() as real:
        return await asyncio.open_connection(sock=real)


@pytest.mark.parametrize(
    ("act", "complaint"),
    [
        (connect_real_socket, "no real sockets"),
        (lambda: asyncio.to_thread(print), "no threads"),
        (lambda: asyncio.create_subprocess_exec("true"), "no processes"),
        (lambda: asyncio.create_subprocess_shell("true"), "no processes"),
        (lambda: asyncio.get_running_loop().sock_recv(socket.socket(), 1), "no real sockets"),
        (lambda: asyncio.open_connection("127.0.0.1", 1, ssl=True), "no TLS"),
        (lambda: asyncio.start_server(print, sock=socket.socket()), "no real sockets"),
    ],
)
@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")
def test_the_world_outside_is_refused(
    act: Callable[[], Coroutine[None, None, object]], complaint: str
) -> None:
    async def main(simulation: Simulation) -> None:
        with pytest.raises(RuntimeError, match=complaint):
            await act()

    simulate(main)


def test_names_are_those_the_network_knows() -> None:
    async def main(simulation: Simulation) -> None:
        simulation.network.names["redis.internal"] = "127.0.0.1"
        async with FakeServer() as server:
            async with Redis(host="redis.internal", port=server.port) as redis:
                assert await redis.ping()
            with pytest.raises(OSError, match="knows no host"):
                await asyncio.open_connection("example.org", server.port)

    simulate(main)


def test_nobody_listens_where_no_server_is() -> None:
    async def main(simulation: Simulation) -> None:
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", 1)
        async with FakeServer(port=6379):
            with pytest.raises(OSError, match="in use"):
                await FakeServer(port=6379).start()

    simulate(main)


def test_paths_are_addresses_too() -> None:
    async def main(simulation: Simulation) -> None:
        path = "/there/is/no/such/folder"
        async with FakeServer(unixsocket=path), RawConnection(path=path) as client:
            assert await client.call("PING") == PONG

    simulate(main)


def test_what_is_cut_off_arrives_once_the_way_is_free() -> None:
    async def main(simulation: Simulation) -> None:
        async with FakeServer() as server, RawConnection(server.host, server.port, timeout=100) as client:
            simulation.network.cut(f"*:{server.port}")
            client.send("SET", "k", "v")
            await asyncio.sleep(20)
            assert "k" not in server.db[0]
            simulation.network.heal()
            assert await client.reply() == OK
            assert 20 < simulation.seconds < 20.1

    simulate(main)


def test_one_way_may_be_cut_alone() -> None:
    async def main(simulation: Simulation) -> None:
        async with FakeServer() as server, RawConnection(server.host, server.port, timeout=5) as client:
            simulation.network.cut_one_way(f"*:{server.port}", "*")
            client.send("SET", "k", "v")
            with pytest.raises(TimeoutError):
                await client.reply()
            assert server.db[0]["k"] == b"v"

    simulate(main)


def test_connecting_waits_while_the_way_is_cut() -> None:
    async def main(simulation: Simulation) -> None:
        async with FakeServer() as server:
            simulation.network.cut("app:*")
            asyncio.get_running_loop().call_later(5, simulation.network.heal)
            with simulation.network.host("app"):
                async with RawConnection(server.host, server.port) as client:
                    assert await client.call("PING") == PONG
                    assert server.connections[0].address.startswith("app:")
            assert 5 < simulation.seconds < 5.1

    simulate(main)


def test_connections_can_be_reset() -> None:
    async def main(simulation: Simulation) -> None:
        async with FakeServer() as server:
            reader, writer = await asyncio.open_connection(server.host, server.port)
            assert simulation.network.reset(f"*:{server.port}") == 1
            with pytest.raises(ConnectionResetError):
                await reader.read()
            writer.close()

    simulate(main)


def test_delays_are_as_long_as_they_are_said_to_be() -> None:
    async def main(simulation: Simulation) -> float:
        async with FakeServer() as server, RawConnection(server.host, server.port) as client:
            before = simulation.seconds
            await client.call("PING")
            return simulation.seconds - before

    assert 2 <= simulate(main, delay=uniform_delay(1, 2)) <= 4


def test_a_writer_nobody_reads_from_is_paused() -> None:
    async def main(simulation: Simulation) -> None:
        async with FakeServer() as server:
            reader, writer = await asyncio.open_connection(server.host, server.port, limit=2**26)
            writer.transport.pause_reading()  # type: ignore[attr-defined]
            writer.write(b"*2\r\n$4\r\nECHO\r\n$1000\r\n%b\r\n" % bytes(1000) * 5000)
            await asyncio.sleep(10)
            assert len(server.log) < 5000
            writer.transport.resume_reading()  # type: ignore[attr-defined]
            await reader.readexactly(1009 * 5000)
            writer.close()

    simulate(main)


def test_time_of_servers_is_virtual_too() -> None:
    async def main(simulation: Simulation) -> None:
        async with FakeServer() as server, Redis.from_url(server.url) as redis:
            await redis.set("k", "v", ex=60)
            assert await redis.blpop(["q"], timeout=30) is None
            assert 30 < simulation.seconds < 31
            await asyncio.sleep(30)
            assert await redis.get("k") is None
            assert round(server.clock.now()) == 1_700_000_060

    simulate(main)


def test_chance_outside_is_left_as_it_was() -> None:
    random.seed(1)
    expected = random.random()
    random.seed(1)
    simulate(dialogue, seed=5)
    assert random.random() == expected


def test_a_client_reconnects_after_a_failure() -> None:
    async def main(simulation: Simulation) -> None:
        async with FakeServer() as server, Redis.from_url(server.url) as redis:
            await redis.set("k", "v")
            simulation.network.reset("*")
            await asyncio.sleep(1)
            assert await redis.get("k") == b"v"
            await server.stop()
            with pytest.raises(RedisConnectionError):
                await redis.set("k", "w")

    simulate_many(main, seeds=range(20))


def test_deployments_replay_too() -> None:
    async def main(simulation: Simulation) -> str:
        async with FakeSentinel("mymaster", replicas=2, sentinels=3) as deployment:
            async with RawConnection(*deployment.sentinel_addresses[0]) as client:
                await client.call("SENTINEL", "MASTERS")
            await deployment.failover()
        return simulation.network.fingerprint

    assert simulate(main, seed=1) == simulate(main, seed=1) != simulate(main, seed=2)
