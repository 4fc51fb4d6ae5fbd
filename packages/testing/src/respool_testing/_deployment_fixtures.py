"""The part of the pytest plugin that offers fake clusters and sentinel deployments, one for a test or for many.

A test has one of its own on its own loop, or in a thread where it has none; those that tests share are in a
thread, and put back into their first state for each. Imported in every pytest run, so it imports the kit only
when a test asks for it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Iterator
from typing import TYPE_CHECKING, Any, TypeVar

import pytest

from ._async_fixtures import async_fixture, runs_on_own_loop
from ._watching import checks_leaks, options_of, watch

if TYPE_CHECKING:
    from .cluster import FakeCluster
    from .sentinel import FakeSentinel
    from .server import FakeServer

Deployment = TypeVar("Deployment", "FakeCluster", "FakeSentinel")


# --- clusters


@pytest.fixture
def respool_cluster(request: pytest.FixtureRequest) -> FakeCluster:
    """Offer a fresh fake cluster of three primaries with a replica each, running; in a thread as `respool_server`."""
    on_loop = runs_on_own_loop(request.node)
    cluster: FakeCluster = request.getfixturevalue(f"_respool_{'loop' if on_loop else 'thread'}_cluster")
    return cluster


@async_fixture
async def _respool_loop_cluster(request: pytest.FixtureRequest) -> AsyncIterator[FakeCluster]:
    async with _new_cluster(**options_of(request.node, "respool_cluster")) as cluster:
        watch(request.node, _servers(cluster))
        yield cluster
        if checks_leaks(request.node):
            await cluster.assert_nothing_open()


@pytest.fixture
def _respool_thread_cluster(request: pytest.FixtureRequest) -> Iterator[FakeCluster]:
    with _new_cluster(**options_of(request.node, "respool_cluster")) as cluster:
        yield from _looked_after(request.node, cluster)


@pytest.fixture(scope="module")
def _respool_module_cluster_thread() -> Iterator[FakeCluster]:
    with _new_cluster() as cluster:
        yield cluster


@pytest.fixture(scope="session")
def _respool_session_cluster_thread() -> Iterator[FakeCluster]:
    with _new_cluster() as cluster:
        yield cluster


@pytest.fixture
def respool_module_cluster(
    request: pytest.FixtureRequest, _respool_module_cluster_thread: FakeCluster
) -> Iterator[FakeCluster]:
    """Offer a cluster that all tests of a module share, in a thread; fresh for each."""
    yield from _shared(request.node, _respool_module_cluster_thread)


@pytest.fixture
def respool_session_cluster(
    request: pytest.FixtureRequest, _respool_session_cluster_thread: FakeCluster
) -> Iterator[FakeCluster]:
    """Offer a cluster that all tests share, in a thread; fresh for each."""
    yield from _shared(request.node, _respool_session_cluster_thread)


# --- sentinels


@pytest.fixture
def respool_sentinel(request: pytest.FixtureRequest) -> FakeSentinel:
    """Offer a fresh primary with two replicas, watched as `mymaster` by three sentinels, running."""
    on_loop = runs_on_own_loop(request.node)
    deployment: FakeSentinel = request.getfixturevalue(f"_respool_{'loop' if on_loop else 'thread'}_sentinel")
    return deployment


@async_fixture
async def _respool_loop_sentinel(request: pytest.FixtureRequest) -> AsyncIterator[FakeSentinel]:
    async with _new_sentinel(**options_of(request.node, "respool_sentinel")) as deployment:
        watch(request.node, _servers(deployment))
        yield deployment
        if checks_leaks(request.node):
            await deployment.assert_nothing_open()


@pytest.fixture
def _respool_thread_sentinel(request: pytest.FixtureRequest) -> Iterator[FakeSentinel]:
    with _new_sentinel(**options_of(request.node, "respool_sentinel")) as deployment:
        yield from _looked_after(request.node, deployment)


@pytest.fixture(scope="module")
def _respool_module_sentinel_thread() -> Iterator[FakeSentinel]:
    with _new_sentinel() as deployment:
        yield deployment


@pytest.fixture(scope="session")
def _respool_session_sentinel_thread() -> Iterator[FakeSentinel]:
    with _new_sentinel() as deployment:
        yield deployment


@pytest.fixture
def respool_module_sentinel(
    request: pytest.FixtureRequest, _respool_module_sentinel_thread: FakeSentinel
) -> Iterator[FakeSentinel]:
    """Offer a sentinel deployment that all tests of a module share, in a thread; fresh for each."""
    yield from _shared(request.node, _respool_module_sentinel_thread)


@pytest.fixture
def respool_session_sentinel(
    request: pytest.FixtureRequest, _respool_session_sentinel_thread: FakeSentinel
) -> Iterator[FakeSentinel]:
    """Offer a sentinel deployment that all tests share, in a thread; fresh for each."""
    yield from _shared(request.node, _respool_session_sentinel_thread)


# --- both


def _new_cluster(**options: Any) -> FakeCluster:
    from .cluster import FakeCluster

    return FakeCluster(**{"primaries": 3, "replicas": 1, **options})


def _new_sentinel(**options: Any) -> FakeSentinel:
    from .sentinel import FakeSentinel

    return FakeSentinel(**{"replicas": 2, "sentinels": 3, **options})


def _servers(deployment: FakeCluster | FakeSentinel) -> Iterable[FakeServer]:
    from .cluster import FakeCluster

    if isinstance(deployment, FakeCluster):
        return [node.server for node in deployment.nodes]
    return [deployment.primary, *deployment.replicas, *deployment.sentinels]


def _shared(item: pytest.Item, deployment: Deployment) -> Iterator[Deployment]:
    """Put back into its first state what an earlier test may have used."""
    deployment.run(deployment.reset())
    yield from _looked_after(item, deployment)


def _looked_after(item: pytest.Item, deployment: Deployment) -> Iterator[Deployment]:
    watch(item, _servers(deployment))
    yield deployment
    if checks_leaks(item):
        deployment.run(deployment.assert_nothing_open())
