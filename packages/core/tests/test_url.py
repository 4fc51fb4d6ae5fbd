"""The URL form of a pool's settings."""

from __future__ import annotations

import ssl

import pytest

from respool import BlockingConnectionPool, ConnectionPool, UnixDomainSocketConnection
from respool._pool.url import parse_bool, tls_context
from respool.errors import DataError


def test_a_url_gives_address_credentials_and_database() -> None:
    kwargs = ConnectionPool.from_url("redis://user:secret@example.org:7000/3").connection_kwargs
    assert kwargs == {
        "host": "example.org",
        "port": 7000,
        "username": "user",
        "password": "secret",
        "db": 3,
    }


@pytest.mark.parametrize(
    ("url", "db", "expected"),
    [
        ("redis://h/1?db=2", 3, 2),
        ("redis://h/1", 3, 1),
        ("redis://h", 3, 3),
        ("unix:///tmp/x.sock?db=4", None, 4),
    ],
)
def test_the_database_is_said_by_query_then_path_then_argument(
    url: str, db: int | None, expected: int
) -> None:
    assert ConnectionPool.from_url(url, db).connection_kwargs["db"] == expected


def test_the_query_beats_keyword_arguments() -> None:
    pool = ConnectionPool.from_url(
        "redis://h?max_connections=7&noevict=no&stream_timeout=1.5", max_connections=3
    )
    assert pool.max_connections == 7
    assert pool.connection_kwargs["noevict"] is False
    assert pool.connection_kwargs["stream_timeout"] == 1.5


def test_keyword_arguments_fill_what_the_url_leaves_open() -> None:
    kwargs = ConnectionPool.from_url("redis://h", password="secret").connection_kwargs
    assert kwargs["password"] == "secret"


def test_a_bad_value_of_a_known_option_warns_and_is_left_out() -> None:
    with pytest.warns(UserWarning, match="max_connections='many'"):
        pool = ConnectionPool.from_url("redis://h?max_connections=many")
    assert pool.max_connections is None


def test_components_are_unquoted_when_asked() -> None:
    url = "redis://us%40er:p%2Fw@h"
    assert ConnectionPool.from_url(url, decode_components=True).connection_kwargs["password"] == "p/w"
    assert ConnectionPool.from_url(url).connection_kwargs["password"] == "p%2Fw"


def test_a_unix_url_makes_unix_connections() -> None:
    pool = ConnectionPool.from_url("unix://:secret@/tmp/redis.sock")
    assert pool.connection_class is UnixDomainSocketConnection
    assert pool.connection_kwargs["path"] == "/tmp/redis.sock"
    assert "secret" not in repr(pool)


@pytest.mark.parametrize("url", ["", "localhost:6379", "http://h", "redis://h:port", "redis://h/one"])
def test_what_is_no_redis_url_is_refused(url: str) -> None:
    with pytest.raises(DataError):
        ConnectionPool.from_url(url)


@pytest.mark.parametrize("text", ["0", "f", "False", "N", "no", "OFF"])
def test_these_words_are_false(text: str) -> None:
    assert parse_bool(text) is False


def test_tls_verifies_by_default() -> None:
    context = tls_context({})
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname


def test_tls_verification_can_be_turned_off_by_name_only() -> None:
    assert tls_context({"ssl_cert_reqs": "none"}).verify_mode is ssl.CERT_NONE
    with pytest.raises(DataError, match="ssl_cert_reqs"):
        tls_context({"ssl_cert_reqs": "maybe"})


def test_a_blocking_pool_takes_a_url_too() -> None:
    assert BlockingConnectionPool.from_url("redis://h").max_connections == 50
