"""Which settings the connections to sentinels have: their own, and those of the servers' that hold for both."""

from __future__ import annotations

from collections.abc import Mapping

DISCOVERY_SECONDS = 2.0
"""Seconds in which the sentinels have to answer, where nobody said otherwise."""

_INHERITED = frozenset({"socket_keepalive", "socket_keepalive_options", "tcp_user_timeout"})
_TLS = "ssl"


def sentinel_options(own: Mapping[str, object], servers: Mapping[str, object]) -> dict[str, object]:
    """Return the options of connections to sentinels.

    TLS is inherited whole or not at all; timeouts are, as far as they are shorter than a discovery may take.
    Credentials never are: a password goes only to whom it was meant for.
    """
    inherited = {name: servers[name] for name in _INHERITED & servers.keys()}
    if not any(name.startswith(_TLS) for name in own):
        inherited |= {name: value for name, value in servers.items() if name.startswith(_TLS)}
    for name in ("stream_timeout", "connect_timeout"):
        inherited[name] = _shorter(servers.get(name))
    return {**inherited, **{name: value for name, value in own.items() if value is not None}}


def _shorter(seconds: object) -> float:
    return min(float(seconds), DISCOVERY_SECONDS) if isinstance(seconds, (int, float)) else DISCOVERY_SECONDS
