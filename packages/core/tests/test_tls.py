"""TLS: from keywords to a context, what is verified, and what an error advises to do."""

from __future__ import annotations

import datetime
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import trustme
from cryptography.hazmat.primitives import serialization

from respool import Connection, ConnectionPool, Redis
from respool._connection.tls import TLS, tls_of
from respool._connection.tls_advice import explained
from respool.errors import ConnectionError, DataError
from respool_testing import FakeServer, RealServer
from respool_testing.real import ServerFailed, ServerNotFound, TLSFiles


@dataclass(frozen=True)
class Papers:
    """An authority and a certificate of its, as files."""

    authority: trustme.CA
    ca: str
    cert: str
    key: str

    def server_context(
        self, *names: str, since: datetime.datetime | None = None, until: datetime.datetime | None = None
    ) -> ssl.SSLContext:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        names = names or ("127.0.0.1", "localhost")
        self.authority.issue_cert(*names, not_before=since, not_after=until).configure_cert(context)
        return context


@pytest.fixture(scope="module")
def papers(tmp_path_factory: pytest.TempPathFactory) -> Papers:
    folder = tmp_path_factory.mktemp("papers")
    authority = trustme.CA()
    issued = authority.issue_cert("127.0.0.1", "localhost")
    authority.cert_pem.write_to_path(folder / "ca.pem")
    issued.cert_chain_pems[0].write_to_path(folder / "cert.pem")
    issued.private_key_pem.write_to_path(folder / "key.pem")
    return Papers(authority, *(str(folder / f"{name}.pem") for name in ("ca", "cert", "key")))


@asynccontextmanager
async def open_connection(connection: Connection) -> AsyncIterator[Connection]:
    try:
        await connection.connect()
        yield connection
    finally:
        connection.disconnect()
        await connection.wait_closed()


async def refusal_of(connection: Connection) -> ConnectionError:
    with pytest.raises(ConnectionError) as refused:
        async with open_connection(connection):
            pass
    assert connection.describe() in str(refused.value)
    return refused.value


def context_of(**options: object) -> ssl.SSLContext:
    tls = tls_of(None, options)  # type: ignore[arg-type]
    assert tls is not None
    return tls.context


# ---- from keywords to a context


def test_nothing_said_is_a_plain_connection() -> None:
    assert tls_of(None, {}) is None
    assert tls_of(None, {"ssl": False}) is None
    assert tls_of(None, {"ssl_certfile": None, "ssl_cert_reqs": None}) is None


@pytest.mark.parametrize(
    "options", [{"ssl": True}, {"ssl_cert_reqs": "required"}, {"ssl_server_hostname": "redis.example"}]
)
def test_any_part_asks_for_tls_and_everything_is_verified(options: dict[str, object]) -> None:
    context = context_of(**options)
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname


@pytest.mark.parametrize(
    ("given", "mode", "checked"),
    [
        ("none", ssl.CERT_NONE, False),
        ("Optional", ssl.CERT_OPTIONAL, True),
        (ssl.CERT_REQUIRED, ssl.CERT_REQUIRED, True),
        (ssl.CERT_NONE, ssl.CERT_NONE, False),
    ],
)
def test_how_much_is_verified_can_be_said(given: object, mode: ssl.VerifyMode, checked: bool) -> None:
    context = context_of(ssl_cert_reqs=given)
    assert (context.verify_mode, context.check_hostname) == (mode, checked)


def test_the_name_can_be_left_unchecked_alone() -> None:
    context = context_of(ssl_check_hostname=False)
    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, False)


def test_a_context_is_taken_as_it_is() -> None:
    context = ssl.create_default_context()
    assert tls_of(context, {}) == tls_of(context, {"ssl": True}) == TLS(context)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"ssl": False, "ssl_ca_certs": "ca.pem"}, "ssl=False"),
        ({"ssl_cert_reqs": "maybe"}, "none, optional or required"),
        ({"ssl_cert_reqs": "none", "ssl_check_hostname": True}, "ssl_check_hostname"),
        ({"ssl_keyfile": "key.pem"}, "ssl_certfile"),
        ({"ssl_ca_certs": "/nowhere/ca.pem"}, "/nowhere/ca.pem.*No such file"),
        ({"ssl_certfile": "/nowhere/cert.pem"}, "/nowhere/cert.pem.*No such file"),
    ],
)
def test_what_cannot_be_meant_is_refused_at_once(options: dict[str, object], told: str) -> None:
    with pytest.raises(DataError, match=told):
        Connection(**options)  # type: ignore[arg-type]


def test_a_context_and_parts_contradict_each_other() -> None:
    with pytest.raises(DataError, match="leave out ssl_ca_certs, ssl_cert_reqs"):
        tls_of(ssl.create_default_context(), {"ssl_ca_certs": "ca.pem", "ssl_cert_reqs": "none"})
    with pytest.raises(DataError, match="ssl=False"):
        tls_of(ssl.create_default_context(), {"ssl": False})


def test_what_is_no_context_is_refused() -> None:
    with pytest.raises(DataError, match="not a bool"):
        Connection(ssl_context=True)  # type: ignore[arg-type]


def test_files_that_hold_something_else_are_named(papers: Papers) -> None:
    with pytest.raises(DataError, match=r"ssl_ca_certs='.*key\.pem'"):
        context_of(ssl_ca_certs=papers.key)
    with pytest.raises(DataError, match=r"ssl_certfile='.*ca\.pem', ssl_keyfile='.*key\.pem'"):
        context_of(ssl_certfile=papers.ca, ssl_keyfile=papers.key)


@pytest.fixture
def locked_key(papers: Papers, tmp_path: Path) -> str:
    key = serialization.load_pem_private_key(Path(papers.key).read_bytes(), None)
    locked = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(b"s3cret"),
    )
    (tmp_path / "locked.pem").write_bytes(locked)
    return str(tmp_path / "locked.pem")


def test_an_encrypted_key_needs_its_password(papers: Papers, locked_key: str) -> None:
    context_of(ssl_certfile=papers.cert, ssl_keyfile=locked_key, ssl_password="s3cret")
    with pytest.raises(DataError, match="give ssl_password"):
        context_of(ssl_certfile=papers.cert, ssl_keyfile=locked_key)


def test_a_wrong_password_is_told_without_showing_it(papers: Papers, locked_key: str) -> None:
    with pytest.raises(DataError, match=r"locked\.pem") as refused:
        context_of(ssl_certfile=papers.cert, ssl_keyfile=locked_key, ssl_password="wr0ng")
    assert "wr0ng" not in str(refused.value)


def test_a_context_is_made_once_for_all_connections_of_a_pool(papers: Papers) -> None:
    pool = ConnectionPool(ssl_ca_certs=papers.ca)
    contexts = {id(context_of(**pool.connection_kwargs)) for _ in range(3)}
    assert len(contexts) == 1


def test_a_renewed_file_makes_a_new_context(papers: Papers, tmp_path: Path) -> None:
    ca = tmp_path / "ca.pem"
    ca.write_bytes(Path(papers.ca).read_bytes())
    before = context_of(ssl_ca_certs=ca)
    trustme.CA().cert_pem.write_to_path(tmp_path / "renewed.pem")
    (tmp_path / "renewed.pem").replace(ca)
    assert context_of(ssl_ca_certs=ca) is not before


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("redis.example", "redis.example"),
        ("redis.example.", "redis.example"),
        ("10.0.0.1", "10.0.0.1"),
        ("fe80::1%eth0", "fe80::1"),
    ],
)
def test_the_certificate_must_be_for_the_host(host: str, name: str) -> None:
    assert TLS(ssl.create_default_context()).name_of(host) == name


def test_or_for_the_name_that_was_said() -> None:
    assert TLS(ssl.create_default_context(), "redis.example").name_of("127.0.0.1") == "redis.example"


# ---- connections

Client = Callable[[str, int, Papers], Connection]
CLIENTS: dict[str, Client] = {
    "parts": lambda host, port, papers: Connection(host, port, ssl_ca_certs=papers.ca),
    "path": lambda host, port, papers: Connection(host, port, ssl_ca_certs=Path(papers.ca)),
    "context": lambda host, port, papers: Connection(
        host, port, ssl_context=ssl.create_default_context(cafile=papers.ca)
    ),
    "unverified": lambda host, port, _: Connection(host, port, ssl_cert_reqs="none"),
    "other name": lambda host, port, papers: Connection(
        host, port, ssl_ca_certs=papers.ca, ssl_server_hostname="localhost"
    ),
}


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
async def test_a_connection_speaks_tls(papers: Papers, client: str, host: str) -> None:
    async with (
        FakeServer(tls=papers.server_context()) as server,
        open_connection(CLIENTS[client](host, server.port, papers)) as connection,
    ):
        assert await (await connection.create_request(b"PING")) == b"PONG"


@pytest.mark.parametrize(
    ("host", "options", "seen"),
    [
        ("localhost", {}, "localhost"),
        ("127.0.0.1", {}, None),
        ("127.0.0.1", {"ssl_server_hostname": "localhost"}, "localhost"),
    ],
)
async def test_the_server_is_told_a_name_but_no_address(
    papers: Papers, host: str, options: dict[str, str], seen: str | None
) -> None:
    names: list[str | None] = []
    context = papers.server_context()
    context.sni_callback = lambda _, name, __: names.append(name)
    async with FakeServer(tls=context) as server:
        connection = Connection(host, server.port, ssl_ca_certs=papers.ca, **options)  # type: ignore[arg-type]
        async with open_connection(connection):
            assert names == [seen]


async def test_a_server_that_wants_our_certificate_gets_it(papers: Papers) -> None:
    context = papers.server_context()
    context.verify_mode = ssl.CERT_REQUIRED
    papers.authority.configure_trust(context)
    async with FakeServer(tls=context) as server:
        connection = Connection(
            "127.0.0.1",
            server.port,
            ssl_ca_certs=papers.ca,
            ssl_certfile=papers.cert,
            ssl_keyfile=papers.key,
        )
        async with open_connection(connection):
            assert await (await connection.create_request(b"PING")) == b"PONG"


YEARS = {
    year: datetime.datetime(year, 1, 1, tzinfo=datetime.timezone.utc) for year in (2019, 2020, 2090, 2091)
}


@pytest.mark.parametrize(
    ("names", "dates", "advice"),
    [
        (["127.0.0.1"], {"since": YEARS[2019], "until": YEARS[2020]}, "has expired"),
        (["127.0.0.1"], {"since": YEARS[2090], "until": YEARS[2091]}, "not valid yet"),
        (["10.0.0.1"], {}, "ssl_server_hostname"),
        (["redis.example"], {}, "ssl_server_hostname"),
    ],
)
async def test_a_bad_certificate_is_refused_with_advice(
    papers: Papers, names: list[str], dates: dict[str, datetime.datetime], advice: str
) -> None:
    async with FakeServer(tls=papers.server_context(*names, **dates)) as server:
        error = await refusal_of(Connection("127.0.0.1", server.port, ssl_ca_certs=papers.ca))
    assert advice in str(error)
    assert isinstance(error.__cause__, ssl.SSLCertVerificationError)
    assert not error.maybe_executed


async def test_another_name_is_refused_with_advice(papers: Papers) -> None:
    async with FakeServer(tls=papers.server_context("redis.example")) as server:
        error = await refusal_of(Connection("localhost", server.port, ssl_ca_certs=papers.ca))
    assert "for other names" in str(error)


async def test_an_unknown_authority_is_refused_with_advice(papers: Papers) -> None:
    async with FakeServer(tls=papers.server_context()) as server:
        error = await refusal_of(Connection("127.0.0.1", server.port, ssl=True))
    assert "name the authority's certificate in ssl_ca_certs" in str(error)


async def test_a_server_without_tls_is_told_apart(papers: Papers) -> None:
    async with FakeServer() as server:
        error = await refusal_of(Connection("127.0.0.1", server.port, ssl=True))
    assert "does not speak TLS on this port" in str(error)


async def test_a_server_that_hangs_up_in_the_handshake_says_what_may_be_missing(papers: Papers) -> None:
    context = papers.server_context()
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.verify_mode = ssl.CERT_REQUIRED
    papers.authority.configure_trust(context)
    async with FakeServer(tls=context) as server:
        error = await refusal_of(Connection("127.0.0.1", server.port, ssl_ca_certs=papers.ca))
    assert "ssl_certfile" in str(error)


async def test_an_error_that_has_nothing_to_do_with_tls_stays_as_it_is() -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        error = await refusal_of(Connection("127.0.0.1", nobody.getsockname()[1], ssl=True))
    assert "Connection refused" in str(error)
    assert isinstance(error.__cause__, ConnectionRefusedError)
    assert error.__cause__.__cause__ is not error.__cause__


def test_a_tls_error_without_advice_is_told_in_its_own_words() -> None:
    assert "odd" in str(explained(ssl.SSLError(1, "odd"), "here"))


async def test_a_client_takes_the_parts_as_well(papers: Papers) -> None:
    async with (
        FakeServer(tls=papers.server_context()) as server,
        Redis(server.host, server.port, ssl_ca_certs=papers.ca) as redis,
    ):
        assert await redis.set("k", "v")
        assert await redis.get("k") == b"v"


# ---- a real server


@asynccontextmanager
async def real_server_with(papers: Papers) -> AsyncIterator[RealServer]:
    async with AsyncExitStack() as stack:
        try:
            files = TLSFiles(papers.cert, papers.key, papers.ca)
            server = await stack.enter_async_context(RealServer(tls=files))
        except (ServerNotFound, ServerFailed) as missing:
            pytest.skip(str(missing))  # not there, or built without TLS
        yield server


async def test_a_real_server_speaks_tls_with_us(papers: Papers) -> None:
    async with real_server_with(papers) as server:
        connection = Connection(
            "localhost",
            server.port,
            ssl_ca_certs=papers.ca,
            ssl_certfile=papers.cert,
            ssl_keyfile=papers.key,
        )
        async with open_connection(connection):
            value = b"x" * 1_000_000
            await (await connection.create_request(b"SET", b"k", value))
            assert await (await connection.create_request(b"GET", b"k")) == value


def test_an_alert_that_refuses_us_says_what_it_may_want() -> None:
    alert = ssl.SSLError(1, "[SSL: SSLV3_ALERT_HANDSHAKE_FAILURE] sslv3 alert handshake failure")
    alert.reason = "SSLV3_ALERT_HANDSHAKE_FAILURE"
    assert "ssl_certfile" in str(explained(alert, "here"))
