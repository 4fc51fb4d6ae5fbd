"""The contract of `from_url`: every scheme, every option, and who wins when several say the same thing.

On every server and transport; that an option arrives is asked of the server where the server can know it.
"""

from __future__ import annotations

from typing import TypeAlias

import pytest

from packages.core.tests.contract import ask, seen
from respool import BlockingConnectionPool, Connection, ConnectionPool, DataError, UnixDomainSocketConnection
from respool.errors import AuthenticationFailureError, TimeoutError
from respool_testing import Endpoint, RawConnection

Kind: TypeAlias = type[ConnectionPool]

both_pools = pytest.mark.parametrize("kind", [ConnectionPool, BlockingConnectionPool])


async def asked(pool: ConnectionPool, witness: RawConnection) -> dict[str, str]:
    """Return what the server tells of a connection of the pool, and close the pool."""
    async with pool, pool.connection() as connection:
        return await seen(witness, connection)


@both_pools
async def test_every_scheme_leads_to_its_server(any_endpoint: Endpoint, kind: Kind) -> None:
    pool = kind.from_url(any_endpoint.url)
    assert type(pool) is kind
    is_unix = any_endpoint.transport == "unix"
    assert pool.connection_class is (UnixDomainSocketConnection if is_unix else Connection)
    async with pool, pool.connection() as connection:
        assert await ask(connection, b"PING") == b"PONG"


@pytest.mark.parametrize("kept", [True, False])
async def test_credentials_in_the_url_are_used(
    any_endpoint: Endpoint, any_witness: RawConnection, kept: bool
) -> None:
    any_endpoint.add_user("ann", "s%2Fcret" if kept else "s/cret")
    url = any_endpoint.url_of("ann:s%2Fcret")
    told = await asked(ConnectionPool.from_url(url, decode_components=not kept), any_witness)
    assert told["user"] == "ann"


async def test_credentials_beside_the_url_are_used_when_it_has_none(
    any_endpoint: Endpoint, any_witness: RawConnection
) -> None:
    any_endpoint.add_user("ann", "secret")
    pool = ConnectionPool.from_url(any_endpoint.url, username="ann", password="secret")
    assert (await asked(pool, any_witness))["user"] == "ann"


async def test_wrong_credentials_are_not_in_the_error(any_endpoint: Endpoint) -> None:
    any_endpoint.add_user("ann", "right")
    async with ConnectionPool.from_url(any_endpoint.url_of("ann:wrong-secret")) as pool:
        with pytest.raises(AuthenticationFailureError) as refused:
            await pool.get_connection()
        assert "wrong-secret" not in str(refused.value) + repr(pool)


async def test_the_path_names_the_database(any_endpoint: Endpoint, any_witness: RawConnection) -> None:
    if any_endpoint.transport == "unix":
        pytest.skip("the path of a unix:// URL is the socket's")
    before, mark, query = any_endpoint.url.partition("?")
    pool = ConnectionPool.from_url(f"{before}/3{mark}{query}", db=2)
    assert (await asked(pool, any_witness))["db"] == "3"


@both_pools
async def test_the_query_beats_everything(
    any_endpoint: Endpoint, any_witness: RawConnection, kind: Kind
) -> None:
    url = any_endpoint.url_of(db=4, client_name="query", max_connections=7)
    pool = kind.from_url(url, db=2, client_name="argument", max_connections=8)
    assert pool.max_connections == 7
    told = await asked(pool, any_witness)
    assert (told["db"], told["name"]) == ("4", "query")


async def test_the_argument_counts_where_the_url_says_nothing(
    any_endpoint: Endpoint, any_witness: RawConnection
) -> None:
    assert (await asked(ConnectionPool.from_url(any_endpoint.url, db=2), any_witness))["db"] == "2"
    assert (await asked(ConnectionPool.from_url(any_endpoint.url), any_witness))["db"] == "0"


@pytest.mark.parametrize("protocol", [2, 3])
async def test_the_protocol_is_the_one_of_the_query(any_endpoint: Endpoint, protocol: int) -> None:
    pool = ConnectionPool.from_url(any_endpoint.url_of(protocol_version=protocol))
    async with pool, pool.connection() as connection:
        assert connection.protocol_version == protocol
        assert isinstance(await ask(connection, b"HGETALL", "none"), {2: list, 3: dict}[protocol])


@pytest.mark.parametrize("text", ["1", "true", "True", "yes", "on"])
async def test_what_is_true_turns_an_option_on(any_endpoint: Endpoint, text: str) -> None:
    async with ConnectionPool.from_url(any_endpoint.url_of(noreply=text)) as pool, pool.connection() as quiet:
        assert await ask(quiet, b"PING") is None


@pytest.mark.parametrize("text", ["0", "false", "F", "no", "N", "Off"])
async def test_what_is_false_turns_an_option_off(any_endpoint: Endpoint, text: str) -> None:
    url = any_endpoint.url_of(noreply=text, noevict=text, notouch=text)
    async with ConnectionPool.from_url(url, noreply=True) as pool, pool.connection() as loud:
        assert await ask(loud, b"PING") == b"PONG"


@pytest.mark.parametrize(
    ("option", "since", "mark"),
    [("noevict", (7, 0), "e"), ("notouch", (7, 2), "T")],
    ids=["noevict", "notouch"],
)
async def test_wishes_for_eviction_reach_the_server(
    any_endpoint: Endpoint, any_witness: RawConnection, option: str, since: tuple[int, ...], mark: str
) -> None:
    if any_endpoint.version < since:
        pytest.skip(f"servers know it from {since} on; that it is refused before is told elsewhere")
    pool = ConnectionPool.from_url(any_endpoint.url_of(**{option: "yes"}))
    assert mark in (await asked(pool, any_witness))["flags"]


async def test_stream_timeout_is_in_seconds(any_endpoint: Endpoint) -> None:
    pool = ConnectionPool.from_url(any_endpoint.url_of(stream_timeout="0.02"))
    async with pool, pool.connection() as connection:
        slow = await connection.create_request(b"BLPOP", "list", 0, timeout=10)
        with pytest.raises(TimeoutError):
            await ask(connection, b"PING")
        slow.cancel()


@both_pools
async def test_the_pools_own_options_are_numbers(any_endpoint: Endpoint, kind: Kind) -> None:
    pool = kind.from_url(any_endpoint.url_of(max_idle_time=5, idle_check_interval=2, max_connections=9))
    assert (pool.max_idle_time, pool.idle_check_interval, pool.max_connections) == (5, 2, 9)


async def test_an_option_without_a_parser_reaches_the_connection_as_text(any_endpoint: Endpoint) -> None:
    pool = ConnectionPool.from_url(any_endpoint.url_of(encoding="latin-1"))
    async with pool, pool.connection() as connection:
        assert await ask(connection, b"ECHO", "é") == b"\xe9"


async def test_a_bad_value_warns_and_is_dropped(any_endpoint: Endpoint) -> None:
    with pytest.warns(UserWarning, match="max_connections"):
        pool = ConnectionPool.from_url(any_endpoint.url_of(max_connections="many"), max_connections=3)
    assert pool.max_connections == 3


@pytest.mark.parametrize("url", ["http://localhost", "localhost:6379", "", "redis+tls://localhost"])
def test_what_is_no_such_url_is_refused(url: str) -> None:
    with pytest.raises(DataError):
        ConnectionPool.from_url(url)
