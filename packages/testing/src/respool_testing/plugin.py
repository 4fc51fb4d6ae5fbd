"""The pytest plugin: fake and real servers as fixtures.

Loaded in every pytest run of whoever has the kit installed, so it imports the kit only inside the fixtures.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import TYPE_CHECKING

import pytest

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

try:
    from pytest_asyncio import fixture as async_fixture
except ImportError:  # another plugin, or none, looks after asynchronous fixtures
    async_fixture = pytest.fixture  # type: ignore[assignment]

if TYPE_CHECKING:
    from .clock import Clock
    from .cluster import FakeCluster
    from .faults import Faults
    from .raw import RawConnection
    from .sentinel import FakeSentinel
    from .server import FakeServer


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
