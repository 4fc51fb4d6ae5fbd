"""What a server wants done, gathered while a command runs: bytes for clients, and clients to hang up on.

The engine fills it, the shell empties it. Nothing is sent from here.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from respool_testing.replies import Reply

from .encoding import encode
from .messages import Published
from .parser import Request
from .replication import Change
from .session import ReplyMode, Session


@dataclass(frozen=True, slots=True)
class Delivery:
    """Bytes for one client, and what they say; `is_reply` tells an answer from a message nobody asked for."""

    session: Session
    data: bytes
    is_reply: bool
    said: Reply


@dataclass(slots=True)
class Effects:
    """Everything one step of the engine asks the shell to do, each kind in order."""

    deliveries: list[Delivery] = field(default_factory=list)
    hangups: list[Session] = field(default_factory=list)
    executed: list[tuple[Session, Request]] = field(default_factory=list)
    released: list[Session] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    published: list[Published] = field(default_factory=list)


class Outbox:
    """Gathers effects; `take` hands them over."""

    def __init__(self) -> None:
        self._effects = Effects()

    def reply(self, session: Session, reply: Reply) -> None:
        """Answer a client, in the protocol it speaks now, unless it asked for silence."""
        if session.reply_mode not in (ReplyMode.OFF, ReplyMode.SKIP):
            self._deliver(session, reply, is_reply=True)

    def push(self, session: Session, message: Reply) -> None:
        """Send a client a message that answers nothing; CLIENT REPLY does not silence it."""
        self._deliver(session, message, is_reply=False)

    def hang_up(self, session: Session) -> None:
        """Close a client's connection once what was said before has been sent."""
        session.closing = True
        self._effects.hangups.append(session)

    def executed(self, session: Session, request: Request) -> None:
        """Note that a command really ran."""
        self._effects.executed.append((session, request))

    def release(self, session: Session) -> None:
        """Note that a client is no longer blocked: what it sent meanwhile can be served."""
        self._effects.released.append(session)

    def replicate(self, changes: list[Change]) -> None:
        """Pass on to the replicas what has changed."""
        self._effects.changes += changes

    def broadcast(self, published: Published) -> None:
        """Pass a message on to servers whose clients should hear it too."""
        self._effects.published.append(published)

    def take(self) -> Effects:
        """Return what has been gathered, and start afresh."""
        effects, self._effects = self._effects, Effects()
        return effects

    def _deliver(self, session: Session, reply: Reply, *, is_reply: bool) -> None:
        data = encode(reply, session.protocol)
        if data:
            self._effects.deliveries.append(Delivery(session, data, is_reply, reply))
