"""From a host and a port to a transport: order, race, and nothing left open whatever is cancelled at whichever step."""

from __future__ import annotations

import asyncio
import errno
import socket
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
import trustme
from pytest_asyncio import fixture as async_fixture

from packages.core.tests.stepping import interrupt, nothing_left_behind
from respool._connection.addresses import Address, literal_address, take_turns
from respool._connection.dialing import connect_socket, dial, race, resolve
from respool_testing import FakeServer

V4, V6 = socket.AF_INET, socket.AF_INET6


def address(host: str, port: int = 1) -> Address:
    found = literal_address(host, port)
    assert found is not None
    return found


# ---- addresses


@pytest.mark.parametrize(
    ("host", "family", "target"),
    [
        ("127.0.0.1", V4, ("127.0.0.1", 7)),
        ("::1", V6, ("::1", 7, 0, 0)),
        ("fe80::1%1", V6, ("fe80::1", 7, 0, 1)),
        (f"fe80::1%{socket.if_indextoname(1)}", V6, ("fe80::1", 7, 0, 1)),
    ],
)
def test_a_literal_address_needs_no_resolver(host: str, family: int, target: tuple[object, ...]) -> None:
    assert literal_address(host, 7) == Address(family, target)  # type: ignore[arg-type]


@pytest.mark.parametrize("host", ["localhost", "example.org", "127.1", "300.0.0.1", ""])
def test_a_name_is_no_literal_address(host: str) -> None:
    assert literal_address(host, 7) is None


def test_the_scope_of_an_interface_that_is_not_there_is_an_error() -> None:
    with pytest.raises(OSError, match="no interface"):
        literal_address("fe80::1%nowhere0", 7)


def test_families_take_turns_beginning_with_the_resolvers_first() -> None:
    found = [address(host) for host in ("::1", "::2", "::3", "10.0.0.1", "10.0.0.2")]
    assert [str(each) for each in take_turns(found)] == ["::1", "10.0.0.1", "::2", "10.0.0.2", "::3"]


def test_no_addresses_have_no_order() -> None:
    assert take_turns([]) == []


# ---- a network on paper: what becomes of an attempt is said by the test


@dataclass
class Network:
    """Stands in for the loop's connecting: addresses answer, refuse, or wait for the test. Counts sockets."""

    refused: set[str] = field(default_factory=set)
    silent: set[str] = field(default_factory=set)
    tried: list[str] = field(default_factory=list)
    sockets: list[socket.socket] = field(default_factory=list)
    asked: asyncio.Event = field(default_factory=asyncio.Event)

    async def connect(self, sock: socket.socket, target: tuple[str, int]) -> None:
        self.sockets.append(sock)
        self.tried.append(target[0])
        self.asked.set()
        for _ in range(2):
            await asyncio.sleep(0)
        if target[0] in self.silent:
            await asyncio.get_running_loop().create_future()
        if target[0] in self.refused:
            raise OSError(errno.ECONNREFUSED, f"Connect call failed {target}")

    @property
    def open(self) -> list[socket.socket]:
        return [sock for sock in self.sockets if sock.fileno() != -1]

    async def settle(self) -> None:
        """Let the loop finish what it has begun: no more than a few ticks."""
        for _ in range(5):
            await asyncio.sleep(0)


@async_fixture
async def network(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Network]:
    paper = Network()
    monkeypatch.setattr(asyncio.get_running_loop(), "sock_connect", paper.connect)
    yield paper
    await paper.settle()
    for sock in paper.open:
        sock.close()


FIRST, SECOND, THIRD = (f"10.0.0.{n}" for n in (1, 2, 3))
ALL = [address(host) for host in (FIRST, SECOND, THIRD)]


async def test_the_first_address_wins_where_it_answers(network: Network) -> None:
    sock = await race(ALL)
    assert network.tried == [FIRST]
    assert network.open == [sock]
    assert not sock.getblocking()


async def test_a_refusal_brings_the_next_one_at_once(network: Network) -> None:
    network.refused = {FIRST, SECOND}
    sock = await race(ALL, head_start=3600)
    await network.settle()
    assert network.tried == [FIRST, SECOND, THIRD]
    assert network.open == [sock]


async def test_silence_brings_the_next_one_after_a_head_start(network: Network) -> None:
    network.silent = {FIRST, SECOND}
    sock = await race(ALL, head_start=0.001)
    await network.settle()
    assert network.tried == [FIRST, SECOND, THIRD]
    assert network.open == [sock]


async def test_the_next_one_waits_for_the_head_start(network: Network) -> None:
    network.silent = {FIRST}
    racing = asyncio.create_task(race(ALL, head_start=3600))
    await network.asked.wait()
    await network.settle()
    assert network.tried == [FIRST]
    racing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await racing


async def test_of_two_that_answer_together_one_is_closed(network: Network) -> None:
    sock = await race(ALL, head_start=0)
    await network.settle()
    assert network.open == [sock]


async def test_when_all_refuse_the_error_names_each_and_why(network: Network) -> None:
    network.refused = {FIRST, SECOND, THIRD}
    with pytest.raises(ConnectionRefusedError) as refused:
        await race(ALL)
    assert refused.value.strerror == "; ".join(
        f"{host}: Connection refused" for host in (FIRST, SECOND, THIRD)
    )
    assert isinstance(refused.value.__cause__, OSError)
    await network.settle()
    assert not network.open


async def test_different_reasons_are_told_apart(network: Network) -> None:
    network.refused = {FIRST}
    nowhere = Address(99, ("nowhere", 1))
    with pytest.raises(OSError, match=rf"{FIRST}: Connection refused; nowhere: .*not supported") as failed:
        await race([ALL[0], nowhere])
    assert type(failed.value) is OSError


async def test_a_name_without_addresses_says_so(network: Network) -> None:
    with pytest.raises(OSError, match="no address"):
        await race([])


async def test_a_name_is_resolved_anew_each_time(network: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = iter([FIRST, SECOND])

    async def look_up(host: str, port: int, **_: object) -> list[tuple[object, ...]]:
        return [(V4, socket.SOCK_STREAM, 6, "", (next(answers), port))]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", look_up)
    for _ in range(2):
        await connect_socket("moving.example", 6379)
    assert network.tried == [FIRST, SECOND]


async def test_a_literal_address_is_never_looked_up(
    network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", lambda *_, **__: pytest.fail("looked up"))
    await connect_socket(FIRST, 6379)
    assert network.tried == [FIRST]


async def test_localhost_is_found() -> None:
    found = await resolve("localhost", 6379)
    assert {str(each) for each in found} <= {"127.0.0.1", "::1"}
    assert found


async def test_what_cannot_be_a_name_is_an_os_error() -> None:
    with pytest.raises(OSError, match="cannot be the name"):
        await resolve("x" * 64 + ".invalid", 6379)


# ---- cancelled at every step

RACES: list[tuple[set[str], set[str]]] = [
    (set(), set()),
    ({FIRST}, set()),
    (set(), {FIRST}),
    ({SECOND}, {FIRST}),
    ({FIRST, SECOND, THIRD}, set()),
]


@pytest.mark.parametrize("head_start", [0, 0.0001])
@pytest.mark.parametrize(("refused", "silent"), RACES)
async def test_cancelled_at_any_step_a_race_leaves_no_socket(
    network: Network, refused: set[str], silent: set[str], head_start: float
) -> None:
    network.refused, network.silent = refused, silent
    with nothing_left_behind():
        step, outcome = 0, await interrupt(race(ALL, head_start), 0, asyncio.Task.cancel)
        while outcome.reached:
            await network.settle()
            assert not network.open
            step += 1
            outcome = await interrupt(race(ALL, head_start), step, asyncio.Task.cancel)
        await network.settle()
        assert step > 5
        assert len(network.open) == (0 if outcome.error else 1)


# ---- real sockets


class Trust:
    """TLS as dialing sees it, and the server's side of it."""

    def __init__(self) -> None:
        authority = trustme.CA()
        self.server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        authority.issue_cert("127.0.0.1", "localhost").configure_cert(self.server)
        self.context = ssl.create_default_context()
        authority.configure_trust(self.context)

    def name_of(self, host: str) -> str:
        return host


@pytest.fixture(scope="module")
def trust() -> Trust:
    return Trust()


@async_fixture
async def made(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[list[socket.socket]]:
    """Offer the list of the sockets that are made from here on. In the end they are all closed."""
    sockets: list[socket.socket] = []

    class Noted(socket.socket):
        def __init__(self, *args: int, **kwargs: int) -> None:
            super().__init__(*args, **kwargs)
            if "fileno" not in kwargs:  # it is not one that a server accepted
                sockets.append(self)

    monkeypatch.setattr(socket, "socket", Noted)
    yield sockets
    await until_closed(sockets)


async def until_closed(sockets: list[socket.socket]) -> None:
    """Let the loop finish what it has begun; a few ticks are enough, for the network is not asked."""
    for _ in range(20):
        await asyncio.sleep(0)
    assert all(sock.fileno() == -1 for sock in sockets)


def hang_up(transport: asyncio.BaseTransport) -> None:
    assert isinstance(transport, asyncio.Transport)
    transport.abort()


@async_fixture
async def plain_server() -> AsyncIterator[FakeServer]:
    async with FakeServer() as server:
        yield server


@async_fixture
async def tls_server(trust: Trust) -> AsyncIterator[FakeServer]:
    async with FakeServer(tls=trust.server) as server:
        yield server


def leading_to(monkeypatch: pytest.MonkeyPatch, *hosts: str) -> None:
    """Let every name mean these addresses."""

    async def look_up(_: str, port: int, **__: object) -> list[tuple[object, ...]]:
        return [(each.family, 1, 6, "", each.target) for each in (address(host, port) for host in hosts)]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", look_up)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
async def test_a_server_is_reached_by_address_and_by_name(plain_server: FakeServer, host: str) -> None:
    transport = await dial(asyncio.Protocol, host, plain_server.port)
    await plain_server.until(lambda: len(plain_server.connections) == 1)
    hang_up(transport)
    await plain_server.until(lambda: not plain_server.connections)


async def test_of_two_families_the_one_that_listens_is_reached(
    plain_server: FakeServer, monkeypatch: pytest.MonkeyPatch, made: list[socket.socket]
) -> None:
    leading_to(monkeypatch, "::1", "127.0.0.1")
    transport = await dial(asyncio.Protocol, "both.example", plain_server.port)
    assert transport.get_extra_info("peername")[0] == "127.0.0.1"
    assert len(made) == 2
    hang_up(transport)
    await plain_server.until(lambda: not plain_server.connections)


async def test_a_scoped_address_is_reached() -> None:
    scoped = f"::1%{socket.if_indextoname(1)}"
    try:
        server = await asyncio.start_server(lambda _, writer: writer.close(), "::1", 0)
    except OSError:
        pytest.skip("this machine has no IPv6")
    async with server:
        transport = await dial(asyncio.Protocol, scoped, server.sockets[0].getsockname()[1])
        hang_up(transport)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
async def test_a_refusal_says_no_more_than_is_known(host: str) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        with pytest.raises(ConnectionRefusedError, match="Connection refused") as refused:
            await dial(asyncio.Protocol, host, nobody.getsockname()[1])
    assert "Connect call failed" not in str(refused.value)


async def test_tls_is_spoken_under_the_name_that_was_dialled(tls_server: FakeServer, trust: Trust) -> None:
    transport = await dial(asyncio.Protocol, "localhost", tls_server.port, trust)
    assert transport.get_extra_info("ssl_object").server_hostname == "localhost"
    hang_up(transport)
    await tls_server.until(lambda: not tls_server.connections)


async def test_a_failed_tls_handshake_leaves_no_socket(
    plain_server: FakeServer, trust: Trust, made: list[socket.socket]
) -> None:
    with pytest.raises(ssl.SSLError):
        await dial(asyncio.Protocol, "127.0.0.1", plain_server.port, trust)
    assert made


async def test_a_protocol_that_cannot_be_made_costs_no_socket(made: list[socket.socket]) -> None:
    def fail() -> asyncio.Protocol:
        raise ValueError("no protocol today")

    with pytest.raises(ValueError, match="no protocol today"):
        await dial(fail, "127.0.0.1", 1)
    assert not made


class Hasty(asyncio.Protocol):
    """Hangs up on whatever it is connected to: nobody is there who could."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        hang_up(transport)


class Guest(asyncio.Protocol):
    """A server's end that waits for its client to leave. Nothing of the kit, whose own steps would be stepped too."""

    def __init__(self, present: list[asyncio.Future[None]]) -> None:
        self._gone: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._present = present

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._present.append(self._gone)

    def connection_lost(self, exc: Exception | None) -> None:
        self._gone.set_result(None)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
@pytest.mark.parametrize("secure", [False, True])
async def test_cancelled_at_any_step_dialing_leaves_nothing(
    trust: Trust, made: list[socket.socket], host: str, secure: bool
) -> None:
    guests: list[asyncio.Future[None]] = []
    context, security = (trust.server, trust) if secure else (None, None)
    loop = asyncio.get_running_loop()
    async with await loop.create_server(lambda: Guest(guests), "127.0.0.1", 0, ssl=context) as server:
        port, ours = server.sockets[0].getsockname()[1], len(made)
        step, outcome = 0, await interrupt(dial(Hasty, host, port, security), 0, asyncio.Task.cancel)
        while outcome.reached:
            await until_closed(made[ours:])
            step += 1
            outcome = await interrupt(dial(Hasty, host, port, security), step, asyncio.Task.cancel)
        assert step > 5
        assert outcome.error is None
        await asyncio.gather(*guests)


@pytest.mark.parametrize("step", range(16))
async def test_a_cancelled_tls_handshake_is_not_gone_through_with(
    trust: Trust, made: list[socket.socket], step: int
) -> None:
    async def be_silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(-1)
        writer.close()

    async with await asyncio.start_server(be_silent, "127.0.0.1", 0) as server:
        port, before = server.sockets[0].getsockname()[1], len(made)
        outcome = await interrupt(dial(Hasty, "127.0.0.1", port, trust), step, asyncio.Task.cancel)
        assert outcome.task.cancelled()
        await until_closed(made[before:])
