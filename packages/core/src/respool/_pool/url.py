"""The URL form of a pool's settings. Only text in, keyword arguments out; opens nothing, reads no file.

A URL may hold a password, whatever is wrong with it: no message here quotes more of it than the value of an option
that is a number or a word.
"""

from __future__ import annotations

import math
import sys
import warnings
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeAlias

from respool._connection.tls import CERT_REQS
from respool.errors import DataError

if TYPE_CHECKING:
    from urllib.parse import SplitResult

Value: TypeAlias = "int | float | bool | str | None"
Parser: TypeAlias = Callable[..., Value]

_SCHEMES = ("redis", "rediss", "unix")
_FALSE = frozenset({"0", "f", "false", "n", "no", "off"})


def parse_bool(text: str) -> bool:
    """Return False for 0, f, false, n, no and off in any case; True for anything else."""
    return text.strip().lower() not in _FALSE


def _parse_patience(text: str) -> float | None:
    """Seconds to wait; "none" for as long as it takes."""
    return None if text.strip().lower() == "none" else float(text)


def _parse_count(text: str) -> int:
    number = int(text)
    if number < 0:
        raise ValueError(f"{number} is below 0")
    return number


def _parse_cert_reqs(text: str) -> str:
    word = text.strip().lower()
    if word not in CERT_REQS:
        raise ValueError(f"one of {', '.join(CERT_REQS)}")
    return word


_FURTHER_PARSERS: Mapping[str, Parser] = MappingProxyType(
    {
        "db": _parse_count,
        "decode_responses": bool,
        "max_connection_lifetime": float,
        "min_connections": _parse_count,
        "port": _parse_count,
        "socket_keepalive": bool,
        "ssl": bool,
        "ssl_cert_reqs": _parse_cert_reqs,
        "ssl_check_hostname": bool,
        "tcp_user_timeout": float,
        "timeout": _parse_patience,
    }
)
"""What we know beyond the public mapping of a pool, which goes before this one."""


def parse_url(
    url: str, db: int | None, decode_components: bool, parsers: Mapping[str, Parser]
) -> tuple[bool, dict[str, object]]:
    """Return whether `url` names a unix socket, and the options it holds.

    The query string beats everything else in the URL, which beats `db`. A bad value of a known option warns, where
    the first caller outside of this family can see it, and is dropped; an unknown option is passed on as text. Raises
    `DataError` for what is no Redis URL.
    """
    from urllib.parse import parse_qsl, unquote  # late: not everybody has a URL, and it takes milliseconds

    parts = _split(url)
    clean: Callable[[str], str] = unquote if decode_components else str
    options: dict[str, object] = {} if db is None else {"db": db}
    options.update(_credentials(parts, clean))
    options.update(_path(parts, clean) if parts.scheme == "unix" else _address(parts, clean))
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    options.update(_parsed(query, parsers))
    options.update(_security(parts.scheme, query))
    return parts.scheme == "unix", options


def _split(url: str) -> SplitResult:
    from urllib.parse import urlsplit

    try:
        parts = urlsplit(url)
    except ValueError:  # its message quotes the URL, so it is not passed on
        raise DataError("this is no URL: if it has an IPv6 address, that stands in brackets") from None
    if parts.scheme not in _SCHEMES:
        # What stands before anything but "://" may be the beginning of a password.
        shown = (
            f"{parts.scheme}://" if f"{parts.scheme}://" in url.lower() and parts.scheme else "something else"
        )
        raise DataError(f"a Redis URL begins with redis://, rediss:// or unix://, and this one with {shown}")
    return parts


def _credentials(parts: SplitResult, clean: Callable[[str], str]) -> dict[str, object]:
    """User name and password, as far as they are said. An empty password is one only where a user has it."""
    options: dict[str, object] = {}
    if parts.username:
        options["username"] = clean(parts.username)
    if parts.password or (parts.username and parts.password is not None):
        options["password"] = clean(parts.password)
    return options


def _path(parts: SplitResult, clean: Callable[[str], str]) -> dict[str, object]:
    if parts.netloc.rpartition("@")[2] or not parts.path:
        raise DataError(
            "a unix:// URL has the whole path after its credentials: unix:///path, unix://user:pw@/path"
        )
    return {"path": clean(parts.path)}


def _address(parts: SplitResult, clean: Callable[[str], str]) -> dict[str, object]:
    """Host, port and database, as far as they are said."""
    try:
        port = parts.port
    except (
        ValueError
    ):  # its message quotes what stands there, which is a password with a raw / in it as a rule
        port = 0
    if port == 0:
        raise DataError(
            "the URL's port is no port: what belongs to a password, like : / ? # @, is written as %XX"
        )
    options: dict[str, object] = {"host": clean(parts.hostname)} if parts.hostname else {}
    if parts.hostname or port:
        options["port"] = port or 6379
    path = clean(parts.path).strip("/")
    if path:
        if not (path.isascii() and path.isdecimal()):
            raise DataError("the path of a redis:// URL is the number of a database, and nothing else")
        options["db"] = int(path)
    return options


def _parsed(query: Mapping[str, str], parsers: Mapping[str, Parser]) -> dict[str, object]:
    options: dict[str, object] = {}
    for name, text in query.items():
        if not name.isidentifier():
            raise DataError(
                "the query names what can be no option: what belongs to a password is written as %XX"
            )
        try:
            options[name] = _value(parsers.get(name) or _FURTHER_PARSERS.get(name, str), text)
        except ValueError:
            message = f"URL option {name}={text!r} is not a valid value and is left out"
            warnings.warn(message, stacklevel=_levels_to_caller())
    return options


def _value(parser: Parser, text: str) -> Value:
    value = parse_bool(text) if parser is bool else parser(text)
    if isinstance(value, float) and math.isnan(value):
        raise ValueError("not a number")
    return value


def _security(scheme: str, query: Mapping[str, str]) -> dict[str, object]:
    """Hold the scheme against the options for TLS: neither silently wins."""
    named = sorted(name for name in query if name.startswith("ssl"))
    wanted = parse_bool(query["ssl"]) if "ssl" in query else scheme == "rediss"
    if scheme == "rediss" and not wanted:
        raise DataError("rediss:// is over TLS, but its option ssl says no: redis:// is without")
    if scheme == "unix" and wanted:
        raise DataError("a unix socket has no TLS: leave the option ssl out")
    if not wanted and named and named != ["ssl"]:
        raise DataError(f"the options {', '.join(named)} are for rediss://, which is over TLS")
    return {"ssl": True} if wanted else {}


def _levels_to_caller() -> int:
    """How far above our caller the first frame outside of this family is, as `warnings.warn` counts."""
    frame, levels = sys._getframe(1), 1
    while frame.f_back is not None and str(frame.f_globals.get("__name__")).startswith("respool"):
        frame, levels = frame.f_back, levels + 1
    return levels
