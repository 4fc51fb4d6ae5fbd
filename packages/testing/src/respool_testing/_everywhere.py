"""The part of the pytest plugin that runs one test on every server at hand, fake and real.

A test that asks for `real_server` runs on each real server, one for `any_server` on a fake one too, and one
for `any_endpoint` on all of them over TCP, a unix socket and TLS. The real ones are those that
RESPOOL_SERVER_BINARIES lists, or else the ones on PATH. Imported in every pytest run, so it imports the kit
only when a test asks for it.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

import pytest

try:
    from pytest_asyncio import fixture as async_fixture
except ImportError:  # another plugin, or none, looks after asynchronous fixtures
    async_fixture = pytest.fixture  # type: ignore[assignment]

if TYPE_CHECKING:
    from respool import BaseConnection

    from ._certificate import Certificate
    from ._fleet import Fleet, Running
    from .endpoints import Endpoint, Transport
    from .raw import RawConnection
    from .real import ServerProcess
    from .server import FakeServer

REQUIRE_REAL_VARIABLE: Final = "RESPOOL_REQUIRE_REAL"
FAKE: Final = "fake"
# Stands for "a real server, if only there were one": the test that gets it skips and says so.
NONE_AT_HAND: Final = ""


# --- on which servers a test runs


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test once for every server, or way to reach one, that its fixtures promise."""
    chosen = {name for mark in metafunc.definition.iter_markers("parametrize") for name in _names(mark)}
    for fixture, list_params in _PARAMS.items():
        if fixture in metafunc.fixturenames and fixture not in chosen:
            params = list_params()
            metafunc.parametrize(fixture, list(params), ids=list(map(_spell, params)), indirect=True)


def _names(mark: pytest.Mark) -> list[str]:
    names = mark.args[0] if mark.args else ()
    return [name.strip() for name in names.split(",")] if isinstance(names, str) else list(names)


def _real_binaries() -> list[str]:
    from .real import find_binaries

    return find_binaries() or [NONE_AT_HAND]


def _any_binaries() -> list[str]:
    return [FAKE, *_real_binaries()]


def _any_ways() -> list[tuple[str, Transport]]:
    from .endpoints import TRANSPORTS

    return [(binary, transport) for binary in _any_binaries() for transport in TRANSPORTS]


_PARAMS: Final[dict[str, Callable[[], list[str] | list[tuple[str, Transport]]]]] = {
    "real_server": _real_binaries,
    "any_server": _any_binaries,
    "any_endpoint": _any_ways,
}


def _spell(param: str | tuple[str, Transport]) -> str:
    if isinstance(param, tuple):
        return "-".join([_spell(param[0]), param[1]])
    if param in (FAKE, NONE_AT_HAND):
        return param or "real"
    from .real import ServerFailed, brand_of

    try:
        return str(brand_of(param))
    except ServerFailed:  # the test itself will say what is wrong
        return Path(param).name


# --- real servers


@pytest.fixture(scope="session")
def respool_certificate() -> Iterator[Certificate | None]:
    """Offer a certificate for loopback, and who trusts it; None where trustme is not installed."""
    from ._certificate import certificate

    try:
        with certificate() as made:
            yield made
    except ImportError:
        yield None


@pytest.fixture(scope="session")
def respool_fleet(respool_certificate: Certificate | None) -> Iterator[Fleet]:
    """Offer the real servers of this session, which start when they are asked for."""
    from ._fleet import Fleet

    fleet = Fleet(None if respool_certificate is None else respool_certificate.files)
    yield fleet
    fleet.close()


def _running(fleet: Fleet, binary: str) -> Running:
    """Return a real server in its first state; skip where there is none, or fail if RESPOOL_REQUIRE_REAL=1."""
    from .real import ServerNotFound, find_binary

    try:
        return fleet.get(binary or find_binary())
    except ServerNotFound as missing:
        if os.environ.get(REQUIRE_REAL_VARIABLE) == "1":
            pytest.fail(str(missing))
        pytest.skip(str(missing))


@pytest.fixture
def real_server(request: pytest.FixtureRequest, respool_fleet: Fleet) -> ServerProcess:
    """Offer a real server in its first state; skip where there is none, or fail if RESPOOL_REQUIRE_REAL=1."""
    return _running(respool_fleet, getattr(request, "param", NONE_AT_HAND)).server


# --- fake and real ones


@pytest.fixture
def any_server(request: pytest.FixtureRequest) -> FakeServer | ServerProcess:
    """Run the test on a fake server and on real ones; both have `host`, `port` and `url`."""
    if request.param == FAKE:
        fake: FakeServer = request.getfixturevalue("respool_server")
        return fake
    return _running(request.getfixturevalue("respool_fleet"), request.param).server


@async_fixture
async def any_client(any_server: FakeServer | ServerProcess) -> AsyncIterator[RawConnection]:
    """Offer a raw connection to `any_server`: a dialogue told with it is proven on a fake and on a real server."""
    from .raw import RawConnection

    async with RawConnection(any_server.host, any_server.port) as client:
        yield client


# --- over every transport and protocol


@async_fixture
async def any_endpoint(
    request: pytest.FixtureRequest, respool_certificate: Certificate | None, respool_fleet: Fleet
) -> AsyncIterator[Endpoint]:
    """Run the test on a fake server and on real ones, over TCP, a unix socket and TLS each."""
    from .endpoints import fake_endpoint, real_endpoint

    binary, transport = request.param
    if transport == "tls" and respool_certificate is None:
        pytest.skip("TLS needs a certificate, which trustme makes: pip install respool-testing[tls]")
    if binary == FAKE:
        async with fake_endpoint(transport, respool_certificate) as endpoint:
            yield endpoint
        return
    running = _running(respool_fleet, binary)
    if transport == "tls" and not running.tls_port:
        pytest.skip(f"{running.brand} was built without TLS ({running.server.binary})")
    yield real_endpoint(running, transport, respool_certificate)


@pytest.fixture(params=[2, 3], ids=["RESP2", "RESP3"])
def any_protocol(request: pytest.FixtureRequest) -> Literal[2, 3]:
    """Run the test in both protocols."""
    protocol: Literal[2, 3] = request.param
    return protocol


@async_fixture
async def any_connect(
    any_endpoint: Endpoint, any_protocol: Literal[2, 3]
) -> AsyncIterator[Callable[..., BaseConnection]]:
    """Offer a function that makes respool's connections to `any_endpoint`, not yet open.

    It takes the constructor's options, `protocol_version` being `any_protocol` unless given. They are closed
    after the test.
    """
    kind = any_endpoint.connection_class
    made: list[BaseConnection] = []

    def connect(**options: object) -> BaseConnection:
        chosen = {"protocol_version": any_protocol, **any_endpoint.options, **options}
        made.append(kind(**chosen))  # type: ignore[arg-type]  # the caller's own
        return made[-1]

    yield connect
    for connection in made:
        connection.disconnect()
        await connection.wait_closed()


@async_fixture
async def any_witness(any_endpoint: Endpoint) -> AsyncIterator[RawConnection]:
    """Offer a raw connection to `any_endpoint`, to see and do there what others see and do."""
    async with any_endpoint.raw() as witness:
        yield witness
