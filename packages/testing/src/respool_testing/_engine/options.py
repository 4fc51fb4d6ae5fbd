"""What CONFIG GET and SET know: options and their defaults. Few of them change what this server does."""

from __future__ import annotations

from typing import Final

from .state import ServerState

DEFAULTS: Final[dict[str, str]] = {
    "appendonly": "no",
    "cluster-allow-reads-when-down": "no",
    "cluster-node-timeout": "15000",
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
    return dict(sorted({**DEFAULTS, **fixed, **server.options}.items()))


def set_option(server: ServerState, name: str, value: str) -> None:
    """Change one option; raise OptionError for one that is unknown, fixed or badly written."""
    if name == "requirepass":
        server.password = value or None
    elif name in _FIXED:
        raise OptionError(_failed(name, "can't set immutable config"))
    elif name not in DEFAULTS:
        raise OptionError(f"Unknown option or number of arguments for CONFIG SET - '{name}'")
    elif name in _NUMBERS and not value.isdigit():
        raise OptionError(_failed(name, "argument couldn't be parsed into an integer"))
    else:
        server.options[name] = value


def _failed(name: str, reason: str) -> str:
    return f"CONFIG SET failed (possibly related to argument '{name}') - {reason}"
