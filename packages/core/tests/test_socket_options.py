"""Which options a TCP socket gets, and that bad ones are told where they were given."""

from __future__ import annotations

import math
import socket

import pytest

from respool import Connection
from respool._connection.socket_options import (
    KEEPALIVE_IDLE_SECONDS,
    SILENCE_SECONDS,
    keepalive_options,
    user_timeout_options,
)
from respool.errors import ConnectionError, DataError
from respool_testing import FakeServer

on_linux = pytest.mark.skipif(not hasattr(socket, "TCP_USER_TIMEOUT"), reason="Linux knows all the options")
TCP = socket.IPPROTO_TCP


async def options_of(connection: Connection, *numbers: tuple[int, int]) -> list[int]:
    """Connect, ask the socket, close."""
    try:
        await connection.connect()
        transport = connection.start().transport
        assert transport is not None
        return [transport.get_extra_info("socket").getsockopt(*number) for number in numbers]
    finally:
        connection.disconnect()
        await connection.wait_closed()


@on_linux
async def test_a_connection_sets_them_all(respool_server: FakeServer) -> None:
    found = await options_of(
        Connection(respool_server.host, respool_server.port),
        (TCP, socket.TCP_NODELAY),
        (socket.SOL_SOCKET, socket.SO_KEEPALIVE),
        (TCP, socket.TCP_KEEPIDLE),
        (TCP, socket.TCP_USER_TIMEOUT),
    )
    assert found == [1, 1, KEEPALIVE_IDLE_SECONDS, SILENCE_SECONDS * 1000]


@pytest.mark.parametrize(("asked", "is_on"), [(None, True), (True, True), (False, False)])
async def test_keepalive_is_on_unless_refused(
    respool_server: FakeServer, asked: bool | None, is_on: bool
) -> None:
    connection = Connection(respool_server.host, respool_server.port, socket_keepalive=asked)
    found = await options_of(connection, (socket.SOL_SOCKET, socket.SO_KEEPALIVE))
    assert bool(found[0]) is is_on


@on_linux
async def test_what_the_caller_gives_goes_before_our_choice(respool_server: FakeServer) -> None:
    given: dict[int, int | bytes] = {socket.TCP_KEEPCNT: 4, socket.TCP_KEEPIDLE: (60).to_bytes(4, "little")}
    connection = Connection(respool_server.host, respool_server.port, socket_keepalive_options=given)
    found = await options_of(connection, (TCP, socket.TCP_KEEPCNT), (TCP, socket.TCP_KEEPIDLE))
    assert found[0] == 4
    assert found[1] in (60, int.from_bytes((60).to_bytes(4, "little"), "big"))


@on_linux
@pytest.mark.parametrize(
    ("asked", "stream_timeout", "milliseconds"),
    [
        (None, 5, SILENCE_SECONDS * 1000),
        (None, 120, 120_000),
        (0.0001, 5, 1),
        (7.5, 5, 7500),
        (1e12, 5, 2**31 - 1),
    ],
)
def test_sent_data_may_stay_unacknowledged_for_so_long(
    asked: float | None, stream_timeout: float, milliseconds: int
) -> None:
    assert user_timeout_options(asked, stream_timeout) == ((TCP, socket.TCP_USER_TIMEOUT, milliseconds),)


@pytest.mark.parametrize(("asked", "stream_timeout"), [(math.inf, 5), (None, math.inf)])
def test_without_a_limit_it_is_left_to_the_system(asked: float | None, stream_timeout: float) -> None:
    assert user_timeout_options(asked, stream_timeout) == ()


def test_a_system_without_them_gets_what_it_knows(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("TCP_KEEPIDLE", "TCP_KEEPINTVL", "TCP_KEEPCNT", "TCP_KEEPALIVE", "TCP_USER_TIMEOUT"):
        monkeypatch.delattr(socket, name, raising=False)
    assert keepalive_options(None, None) == ((socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),)
    assert user_timeout_options(5, 5) == ()


@pytest.mark.parametrize("bad", [0, -1, math.nan, "soon"])
def test_a_user_timeout_that_is_none_is_refused(bad: float) -> None:
    with pytest.raises(DataError, match="tcp_user_timeout"):
        Connection(tcp_user_timeout=bad)


@pytest.mark.parametrize("bad", [{12345: 1}, {socket.TCP_NODELAY: "1"}, {1: [2]}, {"x": 1}, {1: 2**70}, "30"])
def test_a_keepalive_option_that_cannot_be_set_is_refused(bad: dict[int, int | bytes]) -> None:
    with pytest.raises(DataError, match="option"):
        Connection(socket_keepalive_options=bad)


@pytest.mark.parametrize("bad", ["", "redis", -1, 65536, None])
def test_a_port_that_is_none_is_refused(bad: int) -> None:
    with pytest.raises(DataError, match="port"):
        Connection("127.0.0.1", bad)


def test_a_misspelt_option_is_told() -> None:
    with pytest.raises(TypeError, match=r"Connection\(\) takes no option ssl_cafile"):
        Connection(ssl_cafile="ca.pem")  # type: ignore[call-arg]


async def test_a_socket_that_takes_no_options_any_more_is_closed(
    respool_server: FakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OSError(22, "Invalid argument")

    monkeypatch.setattr("respool._connection.tcp.set_options", fail)
    connection = Connection(respool_server.host, respool_server.port)
    with pytest.raises(ConnectionError, match="cannot connect"):
        await connection.connect()
    await connection.wait_closed()
    await respool_server.until(lambda: not respool_server.connections)
