"""A client in the words of CLIENT LIST: one line of fields, some flags, a type."""

from __future__ import annotations

from .pubsub import Kind
from .session import Session
from .state import ServerState


def described(server: ServerState, session: Session) -> bytes:
    """Describe a client in one line; what an engine without buffers cannot know is zero."""
    transaction = session.transaction
    fields: dict[str, object] = {
        "id": session.id,
        "addr": session.address,
        "laddr": session.local_address,
        "fd": session.id + 7,
        "name": session.name.decode("latin-1"),
        "age": (server.now - session.connected_at) // 1_000_000,
        "idle": (server.now - session.last_active) // 1_000_000,
        "flags": _flags(server, session),
        "db": session.database,
        "sub": len(server.pubsub.channels_of(session, Kind.CHANNEL)),
        "psub": len(server.pubsub.channels_of(session, Kind.PATTERN)),
        "ssub": len(server.pubsub.channels_of(session, Kind.SHARD)),
        "multi": -1 if transaction is None else len(transaction.queue),
        "watch": len(session.watched),
        "qbuf": 0,
        "qbuf-free": 0,
        "argv-mem": 0,
        "multi-mem": 0,
        "rbs": 1024,
        "rbp": 0,
        "obl": 0,
        "oll": 0,
        "omem": 0,
        "tot-mem": 0,
        "events": "r",
        "cmd": session.last_command,
        "user": session.user.decode("latin-1"),
        "redir": -1 if session.tracking is None else session.tracking.redirect,
        "resp": session.protocol,
    }
    if server.settings.version_numbers >= (7, 2, 0):
        fields["lib-name"] = session.library_name.decode("latin-1")
        fields["lib-ver"] = session.library_version.decode("latin-1")
    return " ".join(f"{name}={value}" for name, value in fields.items()).encode("latin-1") + b"\n"


def client_type(server: ServerState, session: Session) -> bytes:
    """Say what kind of client this is, in the words of CLIENT LIST TYPE."""
    return b"pubsub" if server.pubsub.is_subscribed(session) else b"normal"


def _flags(server: ServerState, session: Session) -> str:
    tracking = session.tracking
    marks = {
        "t": tracking is not None,
        "R": tracking is not None and tracking.broken,
        "B": tracking is not None and tracking.broadcast,
        "P": server.pubsub.is_subscribed(session),
        "x": session.transaction is not None,
        "b": session in server.blocked,
        "e": session.no_evict,
        "T": session.no_touch,
    }
    return "".join(mark for mark, holds in marks.items() if holds) or "N"
