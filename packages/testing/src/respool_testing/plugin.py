"""The pytest plugin: fake and real servers as fixtures.

Loaded in every pytest run of whoever has the kit installed, so it imports the kit only inside the fixtures.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator
from typing import TYPE_CHECKING

import pytest

try:
    from pytest_asyncio import fixture as async_fixture
except ImportError:  # another plugin, or none, looks after asynchronous fixtures
    async_fixture = pytest.fixture  # type: ignore[assignment]

if TYPE_CHECKING:
    from .clock import Clock
    from .cluster import FakeCluster
    from .faults import Faults
    from .raw import RawConnection
    from .real import ServerProcess
    from .sentinel import FakeSentinel
    from .server import FakeServer

REQUIRE_REAL_VARIABLE = "RESPOOL_REQUIRE_REAL"


@async_fixture
async def respool_server() -> AsyncIterator[FakeServer]:
    """Offer a fresh fake server, running."""
    from .server import FakeServer

    async with FakeServer() as server:
        yield server


@pytest.fixture
def respool_clock(respool_server: FakeServer) -> Clock:
    """Offer the clock of `respool_server`."""
    return respool_server.clock


@pytest.fixture
def respool_faults(respool_server: FakeServer) -> Iterator[Faults]:
    """Offer the faults of `respool_server`; a fault that never struck fails the test."""
    yield respool_server.faults
    respool_server.faults.assert_all_fired()


@async_fixture
async def respool_raw(respool_server: FakeServer) -> AsyncIterator[RawConnection]:
    """Offer a raw connection to `respool_server`."""
    from .raw import RawConnection

    async with RawConnection(respool_server.host, respool_server.port) as client:
        yield client


@async_fixture
async def respool_cluster() -> AsyncIterator[FakeCluster]:
    """Offer a fresh fake cluster of three primaries with a replica each, running."""
    from .cluster import FakeCluster

    async with FakeCluster(primaries=3, replicas=1) as cluster:
        yield cluster


@async_fixture
async def respool_sentinel() -> AsyncIterator[FakeSentinel]:
    """Offer a fresh primary with two replicas, watched as `mymaster` by three sentinels, running."""
    from .sentinel import FakeSentinel

    async with FakeSentinel("mymaster", replicas=2, sentinels=3) as deployment:
        yield deployment


@pytest.fixture(scope="session")
def _respool_real_process() -> Iterator[ServerProcess | str]:
    """Run one real server for the whole session; without one, offer the sentence that says how to get it."""
    from .real import ServerNotFound, ServerProcess

    try:
        server = ServerProcess()
    except ServerNotFound as missing:
        yield str(missing)
        return
    server.start_process()
    yield server
    server.stop_process()


@pytest.fixture
def real_server(_respool_real_process: ServerProcess | str) -> ServerProcess:
    """Offer a real server, emptied; skip where there is none, or fail if RESPOOL_REQUIRE_REAL=1."""
    if isinstance(_respool_real_process, str):
        if os.environ.get(REQUIRE_REAL_VARIABLE) == "1":
            pytest.fail(_respool_real_process)
        pytest.skip(_respool_real_process)
    _respool_real_process.call("FLUSHALL")
    return _respool_real_process


@pytest.fixture(params=["fake", "real"])
def any_server(request: pytest.FixtureRequest) -> FakeServer | ServerProcess:
    """Run the test on a fake and on a real server; both have `host`, `port` and `url`."""
    server: FakeServer | ServerProcess = request.getfixturevalue(
        "respool_server" if request.param == "fake" else "real_server"
    )
    return server


@async_fixture
async def any_client(any_server: FakeServer | ServerProcess) -> AsyncIterator[RawConnection]:
    """Offer a raw connection to `any_server`: a dialogue told with it is proven on a fake and on a real server."""
    from .raw import RawConnection

    async with RawConnection(any_server.host, any_server.port) as client:
        yield client
