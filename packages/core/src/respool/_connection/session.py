"""What a connection holds on the server beside its socket, as a table: which command sets it, which clears it.

What is held here dies with the socket. Whoever holds it must be told, and a connection that still holds some
of it may not be handed to the next one.
"""

from __future__ import annotations

from enum import Flag, auto

from respool._wire.values import ValueT


class Held(Flag):
    """State of one session on the server."""

    NOTHING = 0
    TRANSACTION = auto()
    WATCH = auto()
    SUBSCRIPTION = auto()
    MONITOR = auto()
    SETTINGS = auto()
    """Database, user, reply mode, tracking ...: nothing takes them back but a new socket."""


_SETS: dict[bytes, Held] = {
    b"MULTI": Held.TRANSACTION,
    b"WATCH": Held.WATCH,
    b"MONITOR": Held.MONITOR,
    **dict.fromkeys((b"SUBSCRIBE", b"PSUBSCRIBE", b"SSUBSCRIBE"), Held.SUBSCRIPTION),
    **dict.fromkeys((b"SELECT", b"AUTH", b"HELLO", b"RESET", b"READONLY", b"READWRITE"), Held.SETTINGS),
    **dict.fromkeys(
        (b"CLIENT REPLY", b"CLIENT TRACKING", b"CLIENT NO-EVICT", b"CLIENT NO-TOUCH", b"CLIENT CAPA"),
        Held.SETTINGS,
    ),
}

_CLEARS: dict[bytes, Held] = {
    b"EXEC": Held.TRANSACTION | Held.WATCH,
    b"DISCARD": Held.TRANSACTION | Held.WATCH,
    b"UNWATCH": Held.WATCH,
}

SUBSCRIBING = frozenset(
    (b"SUBSCRIBE", b"PSUBSCRIBE", b"SSUBSCRIBE", b"UNSUBSCRIBE", b"PUNSUBSCRIBE", b"SUNSUBSCRIBE")
)
"""Commands that are answered by messages, not by a reply."""


def command_name(args: tuple[ValueT, ...]) -> bytes:
    """Return the name of a command in upper case, with its subcommand where the table needs it."""
    name = _upper(args[0])
    return b"%b %b" % (name, _upper(args[1])) if name == b"CLIENT" and len(args) > 1 else name


def after(held: Held, name: bytes) -> Held:
    """Return what is held once the command `name` was sent."""
    return (held | _SETS.get(name, Held.NOTHING)) & ~_CLEARS.get(name, Held.NOTHING)


def _upper(word: ValueT) -> bytes:
    return (word if isinstance(word, bytes) else str(word).encode()).upper()
