"""`redis+sentinel://`: the sentinels, a service, and what else is said of its servers. Text in, settings out.

`redis+sentinel://[user:password@]host[:port][,host[:port]...]/service[/db][?option=value]`, with `rediss+sentinel://`
over TLS. User and password are the servers'; the sentinels' are `sentinel_username` and `sentinel_password`, as
any option with `sentinel_` in front is one of the connections to them.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import SplitResult, parse_qsl, unquote, urlencode, urlsplit, urlunsplit

from respool import ConnectionPool
from respool.errors import DataError
from respool_sentinel._views import Address

SCHEMES = ("redis+sentinel", "rediss+sentinel")
SENTINEL_PORT = 26379
_PREFIX = "sentinel_"


@dataclass(frozen=True)
class Place:
    """What such a URL says. `options` are the servers' and the pool's."""

    sentinels: list[Address]
    service: str
    sentinel_options: dict[str, object]
    options: dict[str, object]


def is_sentinel_url(url: str) -> bool:
    """Tell whether a URL names sentinels."""
    return url.partition("://")[0].lower() in SCHEMES


def parse_sentinel_url(url: str, db: int | None = None, decode_components: bool = False) -> Place:
    """Read a URL. Its messages quote none of it, for it may hold a password. Raises `DataError`."""
    if not is_sentinel_url(url):
        raise DataError(f"a URL of sentinels begins with {SCHEMES[0]}:// or {SCHEMES[1]}://")
    try:
        parts = urlsplit(url)
    except ValueError:
        raise DataError("this is no URL: if it has an IPv6 address, that stands in brackets") from None
    credentials, at, hosts = parts.netloc.rpartition("@")
    service, _, database = parts.path.strip("/").partition("/")
    if not service:
        raise DataError("a URL of sentinels names a service: redis+sentinel://host:26379/mymaster")
    query = parse_qsl(parts.query, keep_blank_values=True)
    servers = [(name, text) for name, text in query if not name.startswith(_PREFIX)]
    own = [(name.removeprefix(_PREFIX), text) for name, text in query if name.startswith(_PREFIX)]
    scheme = parts.scheme.partition("+")[0]
    return Place(
        [_address(host) for host in hosts.split(",")],
        unquote(service) if decode_components else service,
        _options(SplitResult(_scheme_for(own), "", "", urlencode(own), ""), None, decode_components),
        _options(
            SplitResult(scheme, credentials + at, f"/{database}", urlencode(servers), ""),
            db,
            decode_components,
        ),
    )


def _scheme_for(own: list[tuple[str, str]]) -> str:
    return "rediss" if any(name.startswith("ssl") for name, _ in own) else "redis"


def _address(text: str) -> Address:
    try:
        parts = urlsplit(f"//{text}")
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port = None, None
    if not host:
        raise DataError("a URL of sentinels names each as host or host:port, with commas between")
    return host, SENTINEL_PORT if port is None else port


class _Options(ConnectionPool):
    """What a URL would make a pool from, and no pool."""

    def __init__(self, **options: object) -> None:
        self.options = options


def _options(parts: SplitResult, db: int | None, decode_components: bool) -> dict[str, object]:
    url = urlunsplit(parts) if parts.netloc else f"{parts.scheme}://{parts.path}?{parts.query}"
    return _Options.from_url(url, db, decode_components).options
