"""The URL form of a pool's settings. Only text in, keyword arguments out."""

from __future__ import annotations

import ssl
import warnings
from collections.abc import Callable, Mapping
from typing import TypeAlias
from urllib.parse import parse_qs, unquote, urlsplit

from respool.errors import DataError

Parser: TypeAlias = Callable[..., "int | float | bool | str | None"]

_FALSE = frozenset({"0", "f", "false", "n", "no", "off"})
_CERT_REQS = {"none": ssl.CERT_NONE, "optional": ssl.CERT_OPTIONAL, "required": ssl.CERT_REQUIRED}
_TLS_OPTIONS = frozenset(
    {"ssl_keyfile", "ssl_certfile", "ssl_cert_reqs", "ssl_ca_certs", "ssl_check_hostname"}
)


def parse_bool(text: str) -> bool:
    """Return False for 0, f, false, n, no and off in any case; True for anything else."""
    return text.strip().lower() not in _FALSE


def parse_url(
    url: str, db: int | None, decode_components: bool, parsers: Mapping[str, Parser]
) -> tuple[bool, dict[str, object]]:
    """Return whether `url` names a unix socket, and the options it holds.

    The query string beats everything else in the URL. A bad value of a known option warns and is dropped;
    an unknown option is passed on as text. Raises `DataError` for what is no Redis URL.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("redis", "rediss", "unix"):
        shown = f"{parts.scheme}://" if parts.scheme else "no scheme"
        raise DataError(f"a Redis URL begins with redis://, rediss:// or unix://, and this one has {shown}")
    clean: Callable[[str], str] = unquote if decode_components else str
    options: dict[str, object] = {}
    if db is not None:
        options["db"] = db
    if parts.username:
        options["username"] = clean(parts.username)
    if parts.password:
        options["password"] = clean(parts.password)
    is_unix = parts.scheme == "unix"
    if is_unix:
        options["path"] = clean(parts.path)
    else:
        options.update(_address(url, clean))
    query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    tls = {name: query.pop(name) for name in list(query) if name in _TLS_OPTIONS}
    options.update(_parsed(query, parsers))
    if parts.scheme == "rediss":
        options["ssl_context"] = tls_context(tls)
    return is_unix, options


def tls_context(options: Mapping[str, str]) -> ssl.SSLContext:
    """Make a context that verifies, unless the options say otherwise."""
    context = ssl.create_default_context(cafile=options.get("ssl_ca_certs"))
    requirement = options.get("ssl_cert_reqs", "required").lower()
    if requirement not in _CERT_REQS:
        raise DataError(f"ssl_cert_reqs is none, optional or required, not {requirement!r}")
    check = parse_bool(options.get("ssl_check_hostname", "true")) and requirement != "none"
    context.check_hostname = check
    context.verify_mode = _CERT_REQS[requirement]
    if "ssl_certfile" in options:
        context.load_cert_chain(options["ssl_certfile"], options.get("ssl_keyfile"))
    return context


def _address(url: str, clean: Callable[[str], str]) -> dict[str, object]:
    parts = urlsplit(url)
    try:
        port = parts.port or 6379
    except ValueError as exc:
        raise DataError(f"the URL has no usable port: {exc}") from exc
    options: dict[str, object] = {"host": clean(parts.hostname or "127.0.0.1"), "port": port}
    path = parts.path.strip("/")
    if path:
        if not path.isdigit():
            raise DataError(f"the path of a redis:// URL is the number of a database, not {path!r}")
        options["db"] = int(path)
    return options


def _parsed(query: Mapping[str, str], parsers: Mapping[str, Parser]) -> dict[str, object]:
    options: dict[str, object] = {}
    for name, text in query.items():
        parser = int if name == "db" else parsers.get(name, str)
        try:
            options[name] = parse_bool(text) if parser is bool else parser(text)
        except ValueError:
            warnings.warn(f"URL option {name}={text!r} is not a valid value and is left out", stacklevel=4)
    return options
