"""What a connection holds on the server beside its socket, as a table: which command sets it, which clears it.

What is held here dies with the socket. Whoever holds it must be told, and a connection that still holds some
of it may not be handed to the next one.
"""

from __future__ import annotations

from enum import Flag, auto

from respool._wire.encoding import upper_word
from respool._wire.values import ValueT
from respool.errors import ConnectionError


class Held(Flag):
    """State of one session on the server."""

    NOTHING = 0
    TRANSACTION = auto()
    WATCH = auto()
    SUBSCRIPTION = auto()
    """For good: UNSUBSCRIBE is confirmed by messages, and until the last came there is no telling who is meant."""

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


class Session:
    """What one connection holds on its server now, and what it held when its socket was lost."""

    __slots__ = ("held", "lost")

    def __init__(self) -> None:
        self.held = Held.NOTHING
        self.lost = Held.NOTHING

    def end(self) -> None:
        """Take note that the socket is gone, and everything with it."""
        self.lost, self.held = self.held, Held.NOTHING

    def begin_afresh(self) -> None:
        """Take note that the holder knows."""
        self.lost = Held.NOTHING

    def check(self, where: str) -> None:
        """Raise `ConnectionError` where the holder relies on what is no more, and has not been told."""
        if self.lost:
            lost = self.lost.name or self.lost
            raise ConnectionError(
                f"{where}: the connection was lost, and its {lost} with it; connect() begins afresh"
            )


def command_name(args: tuple[ValueT, ...]) -> bytes:
    """Return the name of a command in upper case, with its subcommand where the table needs it."""
    name = upper_word(args[0])
    return b"%b %b" % (name, upper_word(args[1])) if name == b"CLIENT" and len(args) > 1 else name


def is_stateful(held: Held, name: bytes) -> bool:
    """Tell whether the command `name` must reach the server even when nobody waits for its reply any more."""
    return Held.TRANSACTION in held or name in _SETS or name in _CLEARS


def after(held: Held, name: bytes) -> Held:
    """Return what is held once the command `name` was sent."""
    return (held | _SETS.get(name, Held.NOTHING)) & ~_CLEARS.get(name, Held.NOTHING)
