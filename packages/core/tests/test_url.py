"""The URL form of a pool's settings."""

from __future__ import annotations

import ssl
import string
import warnings
from urllib.parse import quote, urlencode

import pytest
import trustme
from hypothesis import given
from hypothesis import strategies as st

from respool import (
    BlockingConnectionPool,
    Connection,
    ConnectionPool,
    DataError,
    Redis,
    UnixDomainSocketConnection,
)
from respool._pool.url import parse_bool, parse_url
from respool_testing import FakeServer

PARSERS = ConnectionPool.URL_QUERY_ARGUMENT_PARSERS


def options_of(url: str, db: int | None = None, *, decoded: bool = True) -> dict[str, object]:
    return parse_url(url, db, decoded, PARSERS)[1]


# ---- the parts


def test_a_url_gives_address_credentials_and_database() -> None:
    assert ConnectionPool.from_url("redis://user:secret@example.org:7000/3").connection_kwargs == {
        "host": "example.org",
        "port": 7000,
        "username": "user",
        "password": "secret",
        "db": 3,
    }


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("redis://example.org", ("example.org", 6379)),
        ("redis://example.org:", ("example.org", 6379)),
        ("redis://EXAMPLE.org:1", ("example.org", 1)),
        ("redis://[::1]", ("::1", 6379)),
        ("redis://[::1]:7000", ("::1", 7000)),
        ("redis://u:p@[2001:db8::1]:7000/2", ("2001:db8::1", 7000)),
        ("redis://h:1?port=2&host=other", ("other", 2)),
    ],
)
def test_an_address_is_found(url: str, address: tuple[str, int]) -> None:
    options = options_of(url)
    assert (options["host"], options["port"]) == address


def test_an_ipv6_scope_is_written_as_rfc_6874_has_it() -> None:
    assert options_of("redis://[fe80::1%25eth0]")["host"] == "fe80::1%eth0"


def test_what_the_url_leaves_open_is_filled_by_keywords_or_defaults() -> None:
    assert ConnectionPool.from_url("redis://", host="elsewhere").connection_kwargs == {"host": "elsewhere"}
    assert "127.0.0.1:6379" in repr(ConnectionPool.from_url("redis://"))
    assert "127.0.0.1:7000" in repr(ConnectionPool.from_url("redis://:7000"))


@pytest.mark.parametrize(
    ("userinfo", "expected"),
    [
        ("", {}),
        ("@", {}),
        (":@", {}),
        (":pw@", {"password": "pw"}),
        ("ann@", {"username": "ann"}),
        ("ann:@", {"username": "ann", "password": ""}),
        ("ann:pw@", {"username": "ann", "password": "pw"}),
        ("ann:p:w@", {"username": "ann", "password": "p:w"}),
        ("ann:p%40%2F%3A@", {"username": "ann", "password": "p@/:"}),
    ],
)
@pytest.mark.parametrize("rest", ["redis://{}h", "rediss://{}h", "unix://{}/tmp/x.sock"])
def test_credentials_are_found(rest: str, userinfo: str, expected: dict[str, str]) -> None:
    options = options_of(rest.format(userinfo))
    assert {name: options[name] for name in ("username", "password") if name in options} == expected


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("redis://h", ("ann", "keyword")),
        ("redis://:url@h", ("ann", "url")),
        ("redis://bob@h", ("bob", "keyword")),
        ("redis://bob:url@h", ("bob", "url")),
        ("redis://bob:url@h?password=query&username=eve", ("eve", "query")),
    ],
)
def test_keyword_credentials_fill_what_the_url_leaves_open(url: str, expected: tuple[str, str]) -> None:
    kwargs = ConnectionPool.from_url(url, username="ann", password="keyword").connection_kwargs
    assert (kwargs["username"], kwargs["password"]) == expected


@pytest.mark.parametrize(
    ("url", "db", "expected"),
    [
        ("redis://h/1?db=2", 3, 2),
        ("redis://h/1", 3, 1),
        ("redis://h/1/", 3, 1),
        ("redis://h/", 3, 3),
        ("redis://h", 3, 3),
        ("unix:///tmp/x.sock?db=4", 3, 4),
        ("unix:///tmp/x.sock", 3, 3),
    ],
)
def test_the_database_is_said_by_query_then_path_then_argument(
    url: str, db: int | None, expected: int
) -> None:
    assert ConnectionPool.from_url(url, db).connection_kwargs["db"] == expected


def test_components_are_unquoted_when_asked() -> None:
    url = "redis://us%40er:p%2Fw@h%2Db/%31"
    assert options_of(url) == {"username": "us@er", "password": "p/w", "host": "h-b", "port": 6379, "db": 1}
    kept = options_of("redis://us%40er:p%2Fw@h", decoded=False)
    assert (kept["username"], kept["password"]) == ("us%40er", "p%2Fw")


def test_a_unix_url_makes_unix_connections() -> None:
    pool = ConnectionPool.from_url("unix://ann:secret@/tmp/re%20dis.sock?db=1", decode_components=True)
    assert pool.connection_class is UnixDomainSocketConnection
    assert pool.connection_kwargs == {
        "path": "/tmp/re dis.sock",
        "username": "ann",
        "password": "secret",
        "db": 1,
    }
    assert "secret" not in repr(pool)


TEXT = st.text(st.characters(codec="utf-8"), min_size=1, max_size=12)
HOSTS = st.one_of(
    st.ip_addresses(v=4).map(str),
    st.ip_addresses(v=6).map(str),
    st.text(string.ascii_lowercase + string.digits, min_size=1, max_size=12),
)


@given(HOSTS, st.integers(1, 65535), TEXT, TEXT, st.integers(0, 2**31), TEXT)
def test_a_url_built_from_parts_parses_back_to_them(
    host: str, port: int, username: str, password: str, db: int, client_name: str
) -> None:
    shown = f"[{host}]" if ":" in host else host
    userinfo = f"{quote(username, safe='')}:{quote(password, safe='')}"
    url = f"redis://{userinfo}@{shown}:{port}/{db}?{urlencode({'client_name': client_name})}"
    assert options_of(url) == {
        "host": host,
        "port": port,
        "username": username,
        "password": password,
        "db": db,
        "client_name": client_name,
    }


@given(TEXT, TEXT)
def test_a_unix_path_parses_back_too(path: str, password: str) -> None:
    url = f"unix://:{quote(password, safe='')}@/{quote(path, safe='')}"
    assert parse_url(url, None, True, PARSERS) == (True, {"path": f"/{path}", "password": password})


# ---- the query


def test_every_option_of_the_query_has_its_type() -> None:
    query = {
        "client_name": ("me", "me"),
        "connect_timeout": ("1.5", 1.5),
        "idle_check_interval": ("2", 2.0),
        "max_connections": ("7", 7),
        "max_idle_time": ("3", 3.0),
        "noevict": ("yes", True),
        "noreply": ("0", False),
        "notouch": ("on", True),
        "protocol_version": ("2", 2),
        "stream_timeout": ("inf", float("inf")),
        "decode_responses": ("true", True),
        "encoding": ("latin-1", "latin-1"),
        "max_connection_lifetime": ("60.5", 60.5),
        "min_connections": ("2", 2),
        "socket_keepalive": ("no", False),
        "tcp_user_timeout": ("9.5", 9.5),
        "timeout": ("none", None),
        "unheard_of": ("1", "1"),
    }
    options = options_of("redis://h?" + urlencode({name: text for name, (text, _) in query.items()}))
    assert {name: options[name] for name in query} == {name: value for name, (_, value) in query.items()}
    assert all(type(options[name]) is type(value) for name, (_, value) in query.items())


def test_the_public_mapping_goes_before_what_we_know_besides() -> None:
    assert parse_url("redis://h?timeout=5", None, False, {"timeout": int})[1]["timeout"] == 5
    assert set(PARSERS) == {
        "client_name",
        "connect_timeout",
        "idle_check_interval",
        "max_connections",
        "max_idle_time",
        "noevict",
        "noreply",
        "notouch",
        "protocol_version",
        "stream_timeout",
    }


def test_the_query_beats_keyword_arguments() -> None:
    pool = ConnectionPool.from_url("redis://h?max_connections=7&noevict=no", max_connections=3, noevict=True)
    assert pool.max_connections == 7
    assert pool.connection_kwargs["noevict"] is False


def test_the_last_of_several_counts() -> None:
    assert options_of("redis://h?db=1&db=2")["db"] == 2


def test_a_blocking_pool_takes_a_url_too() -> None:
    pool = BlockingConnectionPool.from_url("redis://h?timeout=0.5&max_connection_lifetime=60")
    assert (pool.max_connections, pool.timeout) == (50, 0.5)
    assert BlockingConnectionPool.from_url("redis://h?timeout=None").timeout is None


@pytest.mark.parametrize("text", ["0", "f", "False", "N", "no", "OFF"])
def test_these_words_are_false(text: str) -> None:
    assert parse_bool(text) is False


@pytest.mark.parametrize("text", ["1", "t", "True", "Y", "yes", "ON", ""])
def test_any_other_is_true(text: str) -> None:
    assert parse_bool(text) is True


@pytest.mark.parametrize(
    "bad",
    [
        "max_connections=many",
        "max_connections=",
        "stream_timeout=nan",
        "connect_timeout=1s",
        "db=one",
        "db=-1",
        "port=redis",
        "timeout=never",
        "min_connections=-1",
    ],
)
def test_a_bad_value_of_a_known_option_warns_and_is_left_out(bad: str) -> None:
    name, _, value = bad.partition("=")
    with pytest.warns(UserWarning, match=f"{name}='{value}'"):
        assert options_of(f"redis://h?{bad}") == {"host": "h", "port": 6379}


def test_the_warning_points_at_who_gave_the_url() -> None:
    for make in (ConnectionPool.from_url, BlockingConnectionPool.from_url, Redis.from_url):
        with pytest.warns(UserWarning, match="max_connections") as warned:
            make("redis://h?max_connections=many")
        assert warned[0].filename == __file__


def test_a_misspelt_option_reaches_the_connection_which_tells() -> None:
    with pytest.raises(TypeError, match="strem_timeout"):
        ConnectionPool.from_url("redis://h?strem_timeout=1")


# ---- TLS


def test_tls_needs_no_more_than_the_scheme() -> None:
    assert options_of("rediss://h") == {"host": "h", "port": 6379, "ssl": True}
    assert options_of("redis://h?ssl=true")["ssl"] is True


def test_the_options_of_tls_have_their_types() -> None:
    query = "ssl_certfile=c&ssl_keyfile=k&ssl_ca_certs=a&ssl_cert_reqs=Optional&ssl_check_hostname=no"
    options = options_of(f"rediss://h?{query}")
    assert {name: value for name, value in options.items() if name.startswith("ssl")} == {
        "ssl": True,
        "ssl_certfile": "c",
        "ssl_keyfile": "k",
        "ssl_ca_certs": "a",
        "ssl_cert_reqs": "optional",
        "ssl_check_hostname": False,
    }


def test_verification_can_be_turned_off_without_a_word() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert (
            ConnectionPool.from_url("rediss://h?ssl_cert_reqs=none").connection_kwargs["ssl_cert_reqs"]
            == "none"
        )


def test_a_misspelt_requirement_leaves_verification_on() -> None:
    with pytest.warns(UserWarning, match="ssl_cert_reqs='maybe'"):
        assert "ssl_cert_reqs" not in options_of("rediss://h?ssl_cert_reqs=maybe")


@pytest.mark.parametrize(
    "url",
    [
        "redis://h?ssl_ca_certs=ca.pem",
        "redis://h?ssl=no&ssl_cert_reqs=none",
        "rediss://h?ssl=no",
        "unix:///tmp/x.sock?ssl=yes",
        "unix:///tmp/x.sock?ssl_certfile=cert.pem",
        "rediss://h?ssl_ca_certs=/nowhere/ca.pem",
    ],
)
def test_tls_that_cannot_be_meant_is_refused(url: str) -> None:
    with pytest.raises(DataError, match="ssl"):
        ConnectionPool.from_url(url)


def test_a_context_beside_a_url_is_used() -> None:
    context = ssl.create_default_context()
    kwargs = ConnectionPool.from_url("rediss://h", ssl_context=context).connection_kwargs
    assert kwargs["ssl_context"] is context
    with pytest.raises(DataError, match="ssl_cert_reqs"):
        ConnectionPool.from_url("rediss://h?ssl_cert_reqs=none", ssl_context=context)


# ---- what is no Redis URL


@pytest.mark.parametrize(
    "url",
    [
        "",
        "localhost",
        "localhost:6379",
        "http://h",
        "redis://h:port",
        "redis://h:0",
        "redis://h:99999",
        "redis://[::1",
        "redis://h/one",
        "redis://h/-1",
        "redis://h/1/2",
        "redis://h/²",
        "unix://",
        "unix://tmp/x.sock",
        "redis://h?no%20option=1",
    ],
)
def test_what_is_no_redis_url_is_refused(url: str) -> None:
    with pytest.raises(DataError):
        ConnectionPool.from_url(url)


@pytest.mark.parametrize(
    "url",
    [
        "redis://:s3cret/x@h",
        "redis://:x/s3cret@h",
        "redis://:12/s3cret@h",
        "redis://:x#s3cret@h",
        "redis://:12?s3cret@h",
        "redis://:s3cret@h:port",
        "redis://:s3cret@[h",
        "redis://:s3cret\u2100@h",
        "s3cret@h:6379",
        "s3cret:x@h",
        "unix://:x/s3cret@/p",
        "unix://s3cret/p",
        "redis://ann:s3cret@h?ssl_ca_certs=ca.pem",
        "rediss://ann:s3cret@h?ssl_ca_certs=/nowhere/ca.pem",
        "redis://ann:s3cret@h?protocol_version=4",
    ],
)
def test_no_error_shows_a_password(url: str) -> None:
    with pytest.raises(DataError) as refused:
        ConnectionPool.from_url(url)
    told: BaseException | None = refused.value
    while told is not None:
        assert "s3cret" not in str(told)
        told = told.__cause__ or (None if told.__suppress_context__ else told.__context__)


def test_no_warning_shows_a_password() -> None:
    with pytest.warns(UserWarning, match="db='x'") as warned:
        pool = ConnectionPool.from_url("redis://ann:s3cret@h?password=s3cret&db=x")
    assert "s3cret" not in str(warned[0].message) + repr(pool)


# ---- a fault that clients of this kind have had


async def test_booleans_credentials_and_tls_options_are_not_lost_in_the_url() -> None:
    authority = trustme.CA()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("localhost").configure_cert(context)
    with authority.cert_pem.tempfile() as ca:
        async with FakeServer(tls=context, users={"ann": "s/cret"}) as server:
            url = f"rediss://ann:s%2Fcret@localhost:{server.port}?ssl_ca_certs={ca}&noevict=yes&noreply=false"
            pool = ConnectionPool.from_url(url, decode_components=True, noreply=True)
            async with pool, pool.connection() as connection:
                assert isinstance(connection, Connection)
                assert await (await connection.create_request(b"PING")) == b"PONG"
                assert server.connections[0].user == "ann"
                server.log.assert_called("CLIENT", "NO-EVICT", "ON", times=1)
