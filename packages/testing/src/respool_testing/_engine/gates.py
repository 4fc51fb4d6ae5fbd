"""Whether a known command may run here and now: one function per reason to refuse, in a server's order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, TypeAlias

from .command import Command
from .errors import CommandError
from .parser import Request
from .routing import Asked, route
from .session import Session
from .state import ServerState

_WHILE_LISTENING: Final = frozenset(
    {prefix + verb for prefix in ("", "p", "s") for verb in ("subscribe", "unsubscribe")}
    | {"ping", "quit", "reset"}
)
_SHARD_CHANNELS: Final = frozenset({"ssubscribe", "sunsubscribe", "spublish"})

Gate: TypeAlias = Callable[[ServerState, Session, Command, Request], None]


def authenticated(server: ServerState, session: Session, command: Command, request: Request) -> None:
    """Let a stranger do nothing but introduce itself."""
    if not session.authenticated and "no_auth" not in command.flags:
        raise CommandError("NOAUTH Authentication required.")


def allowed_in_transaction(server: ServerState, session: Session, command: Command, request: Request) -> None:
    """Refuse to queue what cannot work inside MULTI."""
    if session.transaction is not None and "no_multi" in command.flags:
        raise CommandError("ERR Command not allowed inside a transaction")


def on_its_node(server: ServerState, session: Session, command: Command, request: Request) -> None:
    """Send a request to the cluster node its keys belong to."""
    if server.cluster is None:
        return
    asked = Asked(
        keys=_keys(session, command, request),
        writes=_some(session, command, "write"),
        asking=session.asking,
        replica_reads=session.replica_reads,
        channels=command.name in _SHARD_CHANNELS,
        here=command.name == "migrate",
    )
    route(server.cluster, server.keyspace[session.database], asked)


def enough_replicas(server: ServerState, session: Session, command: Command, request: Request) -> None:
    """Take no writes while fewer replicas listen than the server was told to have."""
    wanted = int(server.options.get("min-replicas-to-write", "0"))
    leads = server.replication.primary is None and _some(session, command, "write")
    if leads and len(server.replication.replicas) < wanted:
        raise CommandError("NOREPLICAS Not enough good replicas to write.")


def writable(server: ServerState, session: Session, command: Command, request: Request) -> None:
    """Keep clients from writing to a replica."""
    if server.replication.primary is not None and _some(session, command, "write"):
        raise CommandError("READONLY You can't write against a read only replica.")


def not_stale(server: ServerState, session: Session, command: Command, request: Request) -> None:
    """Let a replica that lost its primary serve no data, where it is told not to."""
    replication = server.replication
    if replication.primary is None or replication.link_up or "stale" in command.flags:
        return
    if server.options.get("replica-serve-stale-data") == "no":
        raise CommandError("MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.")


def not_listening(server: ServerState, session: Session, command: Command, request: Request) -> None:
    """Keep a RESP2 client that subscribed to anything from mixing replies with messages."""
    if session.protocol < 3 and command.name not in _WHILE_LISTENING and server.pubsub.is_subscribed(session):
        allowed = "(P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET"
        raise CommandError(f"ERR Can't execute '{command.name}': only {allowed} are allowed in this context")


GATES: Final[tuple[Gate, ...]] = (
    authenticated,
    allowed_in_transaction,
    on_its_node,
    enough_replicas,
    writable,
    not_listening,
    not_stale,
)


def check(server: ServerState, session: Session, command: Command, request: Request) -> None:
    """Raise what a server says if the command may not run now."""
    for gate in GATES:
        gate(server, session, command, request)


def _keys(session: Session, command: Command, request: Request) -> Sequence[bytes]:
    """Return the keys a request is about; EXEC is about those of everything queued."""
    if command.name == "exec" and session.transaction is not None:
        return [key for queued in session.transaction.queue for key in queued.command.keys_of(queued.request)]
    return command.keys_of(request)


def _some(session: Session, command: Command, flag: str) -> bool:
    """Tell whether the command, or for EXEC something queued, has a flag."""
    if command.name == "exec" and session.transaction is not None:
        return any(flag in queued.command.flags for queued in session.transaction.queue)
    return flag in command.flags
