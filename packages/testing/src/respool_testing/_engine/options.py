"""What CONFIG GET and SET know: options and their defaults. Few of them change what this server does."""

from __future__ import annotations

import re
from typing import Final

from .state import ServerState

DEFAULTS: Final[dict[str, str]] = {
    "appendonly": "no",
    "cluster-allow-reads-when-down": "no",
    "cluster-node-timeout": "15000",
    "cluster-preferred-endpoint-type": "ip",
    "cluster-replica-no-failover": "no",
    "cluster-require-full-coverage": "yes",
    "hz": "10",
    "latency-tracking": "yes",
    "lazyfree-lazy-user-del": "no",
    "maxclients": "10000",
    "maxmemory": "0",
    "maxmemory-policy": "noeviction",
    "min-replicas-to-write": "0",
    "notify-keyspace-events": "",
    "proto-max-bulk-len": "536870912",
    "replica-read-only": "yes",
    "replica-serve-stale-data": "yes",
    "save": "",
    "slowlog-log-slower-than": "10000",
    "tcp-keepalive": "300",
    "timeout": "0",
    "tracking-table-max-keys": "1000000",
}
_FIXED: Final = frozenset({"bind", "cluster-enabled", "databases", "port", "unixsocket"})
_NUMBERS: Final = frozenset(name for name, default in DEFAULTS.items() if default.isdigit())
_CHOICES: Final = {"cluster-preferred-endpoint-type": ("ip", "hostname", "unknown-endpoint")}
_ANNOUNCED: Final = {
    "cluster-announce-hostname": "hostname",
    "cluster-announce-ip": "announced_host",
    "cluster-announce-port": "announced_port",
}
_HOST_NAME: Final = re.compile(r"[A-Za-z0-9.-]*")


class OptionError(Exception):
    """An option cannot be set; the text is the server's, without its code."""


def current_options(server: ServerState) -> dict[str, str]:
    """Return every option with its present value, in the order of their names."""
    fixed = {
        "bind": "127.0.0.1",
        "cluster-enabled": "yes" if server.settings.mode == "cluster" else "no",
        "databases": str(server.settings.databases),
        "port": str(server.port),
        "requirepass": server.password or "",
    }
    return dict(sorted({**DEFAULTS, **fixed, **_announced(server), **server.options}.items()))


def set_option(server: ServerState, name: str, value: str) -> None:
    """Change one option; raise OptionError for one that is unknown, fixed or badly written."""
    if name == "requirepass":
        server.password = value or None
    elif name in _FIXED:
        raise OptionError(_failed(name, "can't set immutable config"))
    elif name in _ANNOUNCED:
        _announce(server, name, value)
    elif name not in DEFAULTS:
        raise OptionError(f"Unknown option or number of arguments for CONFIG SET - '{name}'")
    elif name in _NUMBERS and not value.isdigit():
        raise OptionError(_failed(name, "argument couldn't be parsed into an integer"))
    elif value not in _CHOICES.get(name, (value,)):
        known = ", ".join(_CHOICES[name])
        raise OptionError(_failed(name, f"argument(s) must be one of the following: {known}"))
    else:
        server.options[name] = value


def _announced(server: ServerState) -> dict[str, str]:
    """Return by what other address the server is known, as far as it is in a cluster."""
    place = None if server.cluster is None else server.cluster.me.place
    if place is None:
        return {"cluster-announce-hostname": "", "cluster-announce-ip": "", "cluster-announce-port": "0"}
    return {name: str(getattr(place, attribute)) for name, attribute in _ANNOUNCED.items()}


def _announce(server: ServerState, name: str, value: str) -> None:
    """Let a node of a cluster be known by another address; other servers only check what they are told."""
    if name == "cluster-announce-port" and not (value.isdigit() and int(value) < 65536):
        raise OptionError(_failed(name, "argument couldn't be parsed into an integer"))
    if name == "cluster-announce-hostname" and not _HOST_NAME.fullmatch(value):
        raise OptionError(
            _failed(name, "Hostnames may only contain alphanumeric characters, hyphens or dots")
        )
    if server.cluster is not None:
        place, known = server.cluster.me.place, int(value) if name == "cluster-announce-port" else value
        setattr(place, _ANNOUNCED[name], known)


def _failed(name: str, reason: str) -> str:
    return f"CONFIG SET failed (possibly related to argument '{name}') - {reason}"
