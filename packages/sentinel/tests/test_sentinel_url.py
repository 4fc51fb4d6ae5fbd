"""The URL that names sentinels: literal text in, settings out; and clients made from it."""

from __future__ import annotations

import pytest

from respool.errors import DataError
from respool_sentinel import Sentinel, SentinelConnectionPool
from respool_sentinel._url import parse_sentinel_url
from respool_testing import FakeSentinel


def test_all_parts_are_read() -> None:
    place = parse_sentinel_url(
        "redis+sentinel://me:pw@a:1,b,[::1]:3/mymaster/2?client_name=x&sentinel_password=s"
    )
    assert place.sentinels == [("a", 1), ("b", 26379), ("::1", 3)]
    assert place.service == "mymaster"
    assert place.sentinel_options == {"password": "s"}
    assert place.options == {"username": "me", "password": "pw", "db": 2, "client_name": "x"}


def test_over_tls_the_servers_are_too() -> None:
    place = parse_sentinel_url("rediss+sentinel://a/m?ssl_ca_certs=ca")
    assert place.options == {"ssl": True, "ssl_ca_certs": "ca"}


def test_options_of_the_sentinels_are_read_as_what_they_are() -> None:
    place = parse_sentinel_url("redis+sentinel://a/m?sentinel_stream_timeout=0.5&sentinel_username=u")
    assert place.sentinel_options == {"stream_timeout": 0.5, "username": "u"}


def test_escapes_are_read_where_that_is_asked_for() -> None:
    url = "redis+sentinel://u:p%40w@a/my%20m"
    place = parse_sentinel_url(url, decode_components=True)
    assert (place.service, place.options["password"]) == ("my m", "p@w")
    assert parse_sentinel_url(url).options["password"] == "p%40w"


@pytest.mark.parametrize(
    "url",
    [
        "redis://a/m",
        "redis+sentinel://a",
        "redis+sentinel:///m",
        "redis+sentinel://a,/m",
        "redis+sentinel://a:x/m",
        "redis+sentinel://[::1/m",
        "redis+sentinel://a/m/second",
    ],
)
def test_what_is_no_such_url_is_refused_and_not_quoted(url: str) -> None:
    with pytest.raises(DataError) as raised:
        parse_sentinel_url(url.replace("://", "://u:secret@"))
    assert "secret" not in str(raised.value)


def url_of(deployment: FakeSentinel, rest: str = "") -> str:
    hosts = ",".join(f"{host}:{port}" for host, port in deployment.sentinel_addresses)
    return f"redis+sentinel://{hosts}/mymaster{rest}"


async def test_clients_need_no_name_of_a_service_the_url_named(respool_sentinel: FakeSentinel) -> None:
    url = url_of(respool_sentinel, "/3?client_name=me")
    async with Sentinel.from_url(url, decode_responses=True) as sentinel:
        await sentinel.primary_for().set("k", "v")
        assert await sentinel.primary_for().get("k") == "v"
        (client,) = respool_sentinel.primary.connections
        assert (client.database, client.name) == (3, "me")


async def test_without_any_name_of_a_service_there_is_no_client(respool_sentinel: FakeSentinel) -> None:
    async with Sentinel(respool_sentinel.sentinel_addresses) as sentinel:
        with pytest.raises(DataError, match="which service"):
            sentinel.primary_for()


async def test_a_pool_from_a_url_closes_what_asks_the_sentinels(respool_sentinel: FakeSentinel) -> None:
    async with (
        SentinelConnectionPool.from_url(url_of(respool_sentinel)) as pool,
        pool.connection() as connection,
    ):
        assert "primary of 'mymaster'" in connection.describe()
    for each in respool_sentinel.sentinels:
        await each.until(lambda each=each: not each.connections)  # type: ignore[misc]
