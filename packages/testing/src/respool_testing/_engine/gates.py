"""Whether a known command may run here and now: one function per reason to refuse, in a server's order."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeAlias

from .errors import CommandError
from .parser import Request
from .registry import Command
from .session import Session
from .state import ServerState

Gate: TypeAlias = Callable[[ServerState, Session, Command, Request], None]


def authenticated(server: ServerState, session: Session, command: Command, request: Request) -> None:
    """Let a stranger do nothing but introduce itself."""
    if not session.authenticated and "no_auth" not in command.flags:
        raise CommandError("NOAUTH Authentication required.")


def allowed_in_transaction(server: ServerState, session: Session, command: Command, request: Request) -> None:
    """Refuse to queue what cannot work inside MULTI."""
    if session.transaction is not None and "no_multi" in command.flags:
        raise CommandError("ERR Command not allowed inside a transaction")


GATES: Final[tuple[Gate, ...]] = (authenticated, allowed_in_transaction)


def check(server: ServerState, session: Session, command: Command, request: Request) -> None:
    """Raise what a server says if the command may not run now."""
    for gate in GATES:
        gate(server, session, command, request)
