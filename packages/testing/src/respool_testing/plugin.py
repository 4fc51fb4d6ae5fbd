"""The pytest plugin: fake and real servers as fixtures.

Loaded in every pytest run of whoever has the kit installed, so it imports the kit only inside the fixtures.
"""

from __future__ import annotations

import functools
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from typing import TYPE_CHECKING, TypeAlias

import pytest

from ._async_fixtures import async_fixture, runs_on_own_loop

# What runs one test on many servers lives apart; pytest finds it here.
from ._everywhere import any_client as any_client
from ._everywhere import any_connect as any_connect
from ._everywhere import any_endpoint as any_endpoint
from ._everywhere import any_protocol as any_protocol
from ._everywhere import any_server as any_server
from ._everywhere import any_witness as any_witness
from ._everywhere import pytest_generate_tests as pytest_generate_tests
from ._everywhere import real_server as real_server
from ._everywhere import respool_certificate as respool_certificate
from ._everywhere import respool_fleet as respool_fleet
from ._watching import check_leaks, checks_leaks, options_of, watch
from ._watching import pytest_runtest_call as pytest_runtest_call
from ._watching import pytest_runtest_makereport as pytest_runtest_makereport

if TYPE_CHECKING:
    from respool import Redis

    from ._given import GivenServer
    from .clock import Clock
    from .faults import Faults
    from .raw import RawConnection
    from .server import FakeServer
    from .simulation import Simulation

# Clusters and sentinels have a plugin of their own.
pytest_plugins = ["respool_testing._deployment_fixtures"]

Main: TypeAlias = "Callable[[Simulation], Coroutine[None, None, object]]"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add what can be said on the command line and in the project's settings."""
    group = parser.getgroup("respool")
    group.addoption("--respool-server", metavar="URL", help="run tests of respool_server on this real server")
    group.addoption("--respool-flush", action="store_true", help="allow to empty that server")
    group.addoption("--respool-seed", type=int, metavar="SEED", help="run simulations with this seed alone")
    group.addoption(
        "--respool-seeds",
        type=int,
        default=100,
        metavar="N",
        help="run simulations with N seeds (default 100)",
    )
    parser.addini("respool_server", "run tests of respool_server on this real server (a URL)", default="")
    parser.addini("respool_leak_check", "fail tests that leave connections open", "bool", default=False)


def pytest_configure(config: pytest.Config) -> None:
    """Make the marks known."""
    for name in ("respool_server", "respool_cluster", "respool_sentinel"):
        config.addinivalue_line("markers", f"{name}(**options): make the test's {name} with these options")


# --- one server for one test


@pytest.fixture
def respool_server(request: pytest.FixtureRequest) -> FakeServer:
    """Offer a fresh server, running: to an asyncio test on its own loop, to any other in a thread."""
    if _given_url(request.config):
        name = "_respool_given_server"
    else:
        name = "_respool_loop_server" if runs_on_own_loop(request.node) else "_respool_thread_server"
    server: FakeServer = request.getfixturevalue(name)
    return server


@async_fixture
async def _respool_loop_server(request: pytest.FixtureRequest) -> AsyncIterator[FakeServer]:
    from .server import FakeServer

    async with FakeServer(**options_of(request.node, "respool_server")) as server:
        watch(request.node, [server])
        yield server
        if checks_leaks(request.node):
            await server.assert_nothing_open()


@pytest.fixture
def _respool_thread_server(request: pytest.FixtureRequest) -> Iterator[FakeServer]:
    from .server import FakeServer

    with FakeServer(**options_of(request.node, "respool_server")) as server:
        watch(request.node, [server])
        yield server
        if checks_leaks(request.node):
            server.run(server.assert_nothing_open())


@pytest.fixture(scope="session")
def _respool_given_address(request: pytest.FixtureRequest) -> GivenServer:
    from ._given import GivenServer

    server = GivenServer(_given_url(request.config))
    if not request.config.getoption("--respool-flush"):
        server.check_empty()
    return server


@pytest.fixture
def _respool_given_server(_respool_given_address: GivenServer) -> GivenServer:
    _respool_given_address.clear()
    return _respool_given_address


# --- one server for many tests, as good as new for each


@pytest.fixture(scope="module")
def _respool_module_process() -> Iterator[FakeServer]:
    from .server import FakeServer

    with FakeServer() as server:
        yield server


@pytest.fixture(scope="session")
def _respool_session_process() -> Iterator[FakeServer]:
    from .server import FakeServer

    with FakeServer() as server:
        yield server


@pytest.fixture
def respool_module_server(request: pytest.FixtureRequest) -> Iterator[FakeServer]:
    """Offer a server that all tests of a module share, in a thread; fresh for each."""
    yield from _shared(request, "_respool_module_process")


@pytest.fixture
def respool_session_server(request: pytest.FixtureRequest) -> Iterator[FakeServer]:
    """Offer a server that all tests share, in a thread; fresh for each."""
    yield from _shared(request, "_respool_session_process")


def _shared(request: pytest.FixtureRequest, name: str) -> Iterator[FakeServer]:
    if _given_url(request.config):
        yield request.getfixturevalue("_respool_given_server")
        return
    server: FakeServer = request.getfixturevalue(name)
    server.reset()
    watch(request.node, [server])
    yield server
    if checks_leaks(request.node):
        server.run(server.assert_nothing_open())


# --- what belongs to a server


@pytest.fixture
def respool_clock(respool_server: FakeServer) -> Clock:
    """Offer the clock of `respool_server`."""
    return respool_server.clock


@pytest.fixture
def respool_faults(respool_server: FakeServer) -> Faults:
    """Offer the faults of `respool_server`; one that is armed and never strikes fails the test."""
    return respool_server.faults


@pytest.fixture
def respool_leak_check(request: pytest.FixtureRequest) -> None:
    """Fail the test if it leaves connections to its server open; `respool_leak_check = true` does so for all."""
    check_leaks(request.node)


@async_fixture
async def respool_raw(respool_server: FakeServer) -> AsyncIterator[RawConnection]:
    """Offer a raw connection to `respool_server`."""
    from .raw import RawConnection

    async with RawConnection(respool_server.host, respool_server.port) as client:
        yield client


@pytest.fixture
def respool_redis(request: pytest.FixtureRequest) -> Redis[bytes]:
    """Offer a client of `respool_server`, to tests of pytest-asyncio and of anyio on asyncio."""
    by_anyio = request.node.get_closest_marker("anyio") is not None
    client: Redis[bytes] = request.getfixturevalue(
        "_respool_anyio_redis" if by_anyio else "_respool_loop_redis"
    )
    return client


@async_fixture
async def _respool_loop_redis(respool_server: FakeServer) -> AsyncIterator[Redis[bytes]]:
    from respool import Redis

    async with Redis.from_url(respool_server.url) as client:
        yield client


@pytest.fixture
async def _respool_anyio_redis(respool_server: FakeServer) -> AsyncIterator[Redis[bytes]]:
    from respool import Redis

    async with Redis.from_url(respool_server.url) as client:
        yield client


# --- simulation


@pytest.fixture
def respool_simulate(request: pytest.FixtureRequest) -> Callable[[Main], None]:
    """Offer a function that runs a coroutine function in simulations, with as many seeds as `--respool-seeds` says.

    `--respool-seed` runs one that failed again.
    """
    from .simulation import simulate_many

    seed = request.config.getoption("--respool-seed")
    seeds = range(request.config.getoption("--respool-seeds")) if seed is None else [seed]
    return functools.partial(simulate_many, seeds=seeds)


def _given_url(config: pytest.Config) -> str:
    url: str = config.getoption("--respool-server") or config.getini("respool_server")
    return url
